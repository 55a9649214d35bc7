"""What a merchant does at the console, in Chromium. Elements are found as people find them: by their words."""

import re
from dataclasses import dataclass, field
from typing import Any

from chromium import Watched, watched_context
from console_world import ConsoleWorld
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

EMAIL, PASSWORD = re.compile("メールアドレス|E-mail"), re.compile("パスワード|Password")
LOG_IN, LOG_OUT = re.compile("ログイン|Log in"), re.compile("ログアウト|Log out")


@dataclass
class Merchant:
    """One person of one shop, with a window of their own."""

    world: ConsoleWorld
    shop: str
    context: BrowserContext
    page: Page
    watched: Watched
    others: list[BrowserContext] = field(default_factory=list)

    async def log_in(self, page: Page | None = None) -> None:
        page = page or self.page
        await page.goto(f"{self.world.url}/login?next=/help")
        await self.enter_login(page)

    async def enter_login(self, page: Page | None = None) -> None:
        page, login = page or self.page, await self.world.login(self.shop)
        await page.get_by_label(EMAIL).fill(login.email)
        await page.get_by_label(PASSWORD).fill(login.password)
        await page.get_by_role("main").get_by_role("button", name=LOG_IN).click()
        await expect(page.get_by_role("button", name=LOG_OUT)).to_be_visible()

    async def open(self, path: str, page: Page | None = None) -> None:
        await (page or self.page).goto(f"{self.world.url}{path}")

    async def menu(self, name: str) -> None:
        await self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()

    def main(self) -> Locator:
        return self.page.get_by_role("main")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def second_window(self, browser: Browser, **options: Any) -> Page:
        """The same merchant in another browser, logged in."""
        context = await watched_context(browser, self.watched, **options)
        self.others.append(context)
        page = await context.new_page()
        await self.log_in(page)
        return page

    async def fill_required_attributes(self) -> None:
        """The first choice of each, in the form that is shown."""
        for attribute in await self.page.locator(".attribute:has(.tag.pending:text('必須'))").all():
            choices = attribute.get_by_role("combobox")
            boxes = attribute.get_by_role("checkbox")
            if await choices.count():
                await choices.select_option(index=1)
            elif await boxes.count():
                await boxes.first.check()
            else:
                await attribute.get_by_role("textbox").first.fill("1")

"""Debian's Chromium, driven by Playwright; pages whose faults are collected; axe-core for accessibility."""

import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from shopsync_testkit import npm
from shopsync_testkit.backends import Unavailable

PROGRAM = "/usr/bin/chromium"
PATIENCE_MS = 60_000
AXE = Path(__file__).parents[1] / "browser" / "axe"
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
_VIOLATION = (
    "document.addEventListener('securitypolicyviolation', e => sawViolation(e.violatedDirective + ' ' + e.blockedURI))"
)


def program() -> str:
    """Where Chromium is. Raises Unavailable."""
    found = PROGRAM if Path(PROGRAM).exists() else shutil.which("chromium")
    if found is None:
        raise Unavailable("there is no chromium: apt-get install chromium fonts-noto-cjk")
    return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """One browser. Raises Unavailable."""
    executable = program()
    environment: dict[str, str | float | bool] = {**os.environ}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, headless=True, args=list(_OPTIONS), env=environment
        )
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Watched:
    """What went wrong in the pages of a test that nobody expected."""

    faults: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def expect_status(self, *statuses: int) -> None:
        """Chromium writes an answer that is an error into the console."""
        self.allowed += [f"responded with a status of {status}" for status in statuses]

    def expect_cuts(self) -> None:
        """Connections end: that of the stream, or all of them."""
        self.allowed += [
            "net::ERR_",
            "error: [object Event]",
            "error: htmx:",
            "responded with a status of 503",
        ]

    def unexpected(self) -> list[str]:
        return [fault for fault in self.faults if not any(one in fault for one in self.allowed)]


async def watched_context(browser: Browser, watched: Watched, **options: Any) -> BrowserContext:
    """A browser window of its own: no cookie, no cache. Japanese, in Japan."""
    context = await browser.new_context(
        locale="ja-JP", timezone_id="Asia/Tokyo", **{"viewport": {"width": 1100, "height": 800}, **options}
    )
    context.set_default_timeout(PATIENCE_MS)
    context.set_default_navigation_timeout(PATIENCE_MS)
    if options.get("java_script_enabled", True):
        await context.expose_function("sawViolation", lambda what: watched.faults.append(f"policy violation: {what}"))
        await context.add_init_script(_VIOLATION)
    context.on("page", _watching(watched))
    return context


def _watching(watched: Watched) -> Callable[[Page], None]:
    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            watched.faults.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def watch(page: Page) -> None:
        page.on("console", note)
        page.on("pageerror", lambda error: watched.faults.append(f"page error: {error}"))

    return watch


def axe_source() -> str:
    """axe-core as its lock pins it. Raises Unavailable."""
    return (npm.installed(AXE) / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


async def violations(page: Page, source: str) -> list[str]:
    """What axe-core finds wrong: rule, element and what to do, one each."""
    found = await page.evaluate(f"() => {{ {source}\n }}")
    found = await page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {json.dumps(node['target'], ensure_ascii=False)}"
        f" {node['html'][:160]} {'; '.join(each['message'] for each in node['any'] + node['all'] + node['none'])[:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


async def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


expect.set_options(timeout=PATIENCE_MS)

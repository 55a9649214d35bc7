"""The console in Chromium, on a whole system of processes. Each test has a shop and a window of its own."""

import asyncio
import contextlib
import io
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from chromium import Watched, axe_source, chromium, watched_context
from console_world import ConsoleWorld
from merchant import Merchant
from PIL import Image
from playwright.async_api import Browser, Page
from pymongo import AsyncMongoClient

from shopsync_rehearsals.bus import connected
from shopsync_rehearsals.demo.stack import SHOP, Plan, running_on
from shopsync_rehearsals.installation import Installation
from shopsync_testkit.backends import Unavailable
from shopsync_testkit.polling import eventually
from shopsync_testkit.pytest_plugin import delete_topics

SHOPS = 60

SCREENSHOTS = "--screenshots"
# While htmx settles a part, that has the classes of the one before it: a good end would look like waiting.
_IS_QUIET = """[...document.images].every(one => one.complete || one.loading === 'lazy')
    && !document.querySelector('.htmx-request, .htmx-swapping, .htmx-added, .htmx-settling')"""

Opens = Callable[..., Awaitable[Merchant]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(SCREENSHOTS, metavar="FOLDER", help="put pictures of the whole way there, of one shop's system")


def is_pictured(config: pytest.Config) -> bool:
    """Whether pictures are taken: the whole system is then one shop's, as a new user finds it."""
    return bool(config.getoption(SCREENSHOTS, None))


def keep_picture(picture: bytes, path: Path) -> None:
    """In 256 colours: a page of text needs no more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


@pytest.fixture
def shot(pytestconfig: pytest.Config) -> Callable[[Page, str], Awaitable[None]]:
    """`await shot(page, "01-login")`: a picture of the window, where `--screenshots` asks for them."""
    folder = Path(pytestconfig.getoption(SCREENSHOTS, None) or "")

    async def take(page: Page, name: str) -> None:
        if is_pictured(pytestconfig):
            # Playwright's own wait would have the page evaluate it again and again, which its policy forbids.
            await eventually(lambda: page.evaluate(_IS_QUIET), what="the page to be quiet")
            picture = await page.screenshot(animations="disabled", caret="hide")
            await asyncio.to_thread(keep_picture, picture, folder / f"{name}.png")

    return take


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with contextlib.AsyncExitStack() as resources:
        try:
            one = await resources.enter_async_context(chromium())
        except Unavailable as missing:
            pytest.skip(f"no browser: {missing}")
        yield one


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(
    browser: Browser,
    kafka_bootstrap: str,
    mongo_uri: str,
    mongo_client: AsyncMongoClient[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> AsyncIterator[ConsoleWorld]:
    """All services and both sandboxes, once per session; nothing of it starts where there is no browser."""
    name = uuid.uuid4().hex[:10]
    if is_pictured(pytestconfig):
        shops, plan = [SHOP], Plan(products=40, futureshop_rate=200.0, review_seconds=0.5)
    else:
        shops = [f"shop{number:02}" for number in range(SHOPS)]
        plan = Plan(products=10, futureshop_rate=200.0, other_shops=dict.fromkeys(shops, 1), review_seconds=0.5)
    installation = Installation(kafka_bootstrap, mongo_uri, f"b{name}", f"browser_{name}")
    try:
        async with (
            running_on(installation, plan, tmp_path_factory.mktemp("browser")) as stack,
            connected(kafka_bootstrap, installation.topic_prefix) as (bus, follower),
        ):
            yield ConsoleWorld(stack, bus, follower, shops)
    finally:
        await mongo_client.drop_database(installation.database)
        await delete_topics(kafka_bootstrap, installation.topic_prefix)


@pytest_asyncio.fixture(loop_scope="session")
async def watched() -> AsyncIterator[Watched]:
    """Errors on the console of any page, and violations of the policy, fail the test."""
    one = Watched()
    yield one
    assert one.unexpected() == []


@pytest_asyncio.fixture(loop_scope="session")
async def merchant_of(world: ConsoleWorld, browser: Browser, watched: Watched) -> AsyncIterator[Opens]:
    """`merchant = await merchant_of(shop)`: logged in, in a fresh window."""
    async with contextlib.AsyncExitStack() as resources:

        async def opened(shop: str, *, log_in: bool = True, **options: Any) -> Merchant:
            context = await watched_context(browser, watched, **options)
            resources.push_async_callback(context.close)
            merchant = Merchant(world, shop, context, await context.new_page(), watched)
            if log_in:
                await merchant.log_in()
            return merchant

        yield opened


@pytest.fixture(scope="session")
def axe() -> str:
    try:
        return axe_source()
    except Unavailable as missing:
        pytest.skip(f"axe-core is not there: {missing}")


@pytest_asyncio.fixture(loop_scope="session")
async def ready(world: ConsoleWorld, merchant_of: Opens) -> Callable[[Mapping[str, str]], Awaitable[Merchant]]:
    """`merchant = await ready({"A1": "靴下"})`: an authorised shop with these products, and its merchant logged in."""

    async def made(names: Mapping[str, str], *, options: Mapping[str, Any] | None = None, **members: Any) -> Merchant:
        return await merchant_of(await world.ready_shop(names, **members), **(options or {}))

    return made


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "world" in getattr(item, "fixturenames", ()):
            item.add_marker("e2e")

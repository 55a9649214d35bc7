"""Failed log-ins wait, by account and by address; nobody is kept out indefinitely."""

import asyncio
from datetime import timedelta

import pytest

from console.app import build
from console.metrics import LOGINS
from console.settings import ConsoleSettings
from console.store import LoginThrottle
from shopsync_accounts import Accounts
from shopsync_runtime.runtime import Runtime

PASSWORD = "correct horse battery"
WAIT = timedelta(minutes=15)


@pytest.fixture(autouse=True)
async def account(world):
    accounts = Accounts(world.database)
    await accounts.set_password(await accounts.reset("demo", world.now), PASSWORD, world.now)


def from_(world, address, **settings):
    """A browser at this address, at a console with other settings."""
    runtime = Runtime("console", world.common, clock=world.clock)
    build(runtime, ConsoleSettings(**(world.service_settings() | settings)))
    return world.browser(address=address, runtime=runtime)


async def log_in(world, browser, email="demo@example.jp", password="wrong", **headers):  # noqa: S107 - no secret
    if not browser.cookies.get("console_visit"):
        await browser.get("/login")
    return await world.post(browser, "/login", headers=headers, email=email, password=password)


async def test_after_five_failures_the_right_password_has_to_wait_and_then_works(world):
    for _ in range(5):
        assert (await log_in(world, world.stranger)).status_code == 401
    before = LOGINS.labels("throttled")._value.get()
    world.now += timedelta(minutes=5)
    for _ in range(10):
        waits = await log_in(world, world.stranger, password=PASSWORD)
        assert (waits.status_code, waits.headers["retry-after"]) == (429, "600")
    assert "10分ほど" in waits.text
    assert LOGINS.labels("throttled")._value.get() == before + 10
    world.now += timedelta(minutes=10)
    assert (await log_in(world, world.stranger, password=PASSWORD)).status_code == 303


async def test_an_unknown_e_mail_waits_alike(world):
    answers = {}
    for email in ("demo@example.jp", "nobody@example.jp"):
        browser = world.browser(address="192.0.2.1" if email.startswith("demo") else "192.0.2.2")
        answers[email] = [await log_in(world, browser, email=email) for _ in range(7)]
    known, unknown = answers.values()
    assert [one.status_code for one in known] == [one.status_code for one in unknown] == [401] * 5 + [429] * 2
    for one, other in zip(known, unknown, strict=True):
        assert _without_tokens(one.text, "demo") == _without_tokens(other.text, "nobody")
        assert {*one.headers} == {*other.headers}


def _without_tokens(text, name):
    lines = text.replace(f"{name}@example.jp", "").splitlines()
    return [line for line in lines if 'name="csrf"' not in line and "hx-headers" not in line]


async def test_many_at_once_are_not_more_than_allowed(world):
    await world.stranger.get("/login")
    answers = await asyncio.gather(*(log_in(world, world.stranger) for _ in range(20)))
    assert sorted(one.status_code for one in answers) == [401] * 5 + [429] * 15


async def test_another_replica_counts_on(world):
    first, second = from_(world, "192.0.2.1"), from_(world, "192.0.2.2")
    answers = [await log_in(world, browser) for browser in (first, second) * 3]
    assert [one.status_code for one in answers] == [401] * 5 + [429]


async def test_an_address_waits_whatever_accounts_it_tries_and_others_do_not(world):
    bad = world.browser(address="192.0.2.1")
    tried = [await log_in(world, bad, email=f"{n}@example.jp") for n in range(7)]
    assert [one.status_code for one in tried] == [401] * 5 + [429] * 2
    assert (await log_in(world, world.browser(address="192.0.2.2"), password=PASSWORD)).status_code == 303
    assert await world.database["sessions"].count_documents({"_id": {"$regex": "^login-account"}}) == 5


async def test_where_address_and_account_both_wait_the_longer_wait_is_named(world):
    bad, other = world.browser(address="192.0.2.1"), world.browser(address="192.0.2.2")
    for n in range(5):
        await log_in(world, bad, email=f"{n}@example.jp")
    world.now += timedelta(minutes=12)
    for _ in range(5):
        await log_in(world, other)
    waits = await log_in(world, bad)
    assert (waits.status_code, waits.headers["retry-after"]) == (429, "900")
    world.now += timedelta(minutes=15)
    assert (await log_in(world, bad, password=PASSWORD)).status_code == 303


async def test_a_try_that_waits_for_its_account_and_fills_its_address_names_the_longer_wait(world):
    bad = world.browser(address="192.0.2.1")
    for _ in range(5):
        await log_in(world, world.browser(address="192.0.2.2"))
    world.now += timedelta(minutes=12)
    for n in range(4):
        await log_in(world, bad, email=f"{n}@example.jp")
    waits = await log_in(world, bad)
    assert (waits.status_code, waits.headers["retry-after"]) == (429, "900")


async def test_a_success_clears_the_accounts_count_and_not_the_addresses(world):
    one = world.browser(address="192.0.2.1")
    for n in range(4):
        await log_in(world, one, email=f"{n}@example.jp")
    assert (await log_in(world, one, password=PASSWORD)).status_code == 303
    elsewhere = world.browser(address="192.0.2.1")
    assert (await log_in(world, elsewhere, email="5@example.jp")).status_code == 401
    assert (await log_in(world, elsewhere, email="6@example.jp")).status_code == 429

    for address in ("192.0.2.2", "192.0.2.3"):
        browser = world.browser(address=address)
        for _ in range(4):
            assert (await log_in(world, browser)).status_code == 401
        assert (await log_in(world, browser, password=PASSWORD)).status_code == 303


async def test_who_knows_the_e_mail_cannot_keep_a_known_browser_out(world):
    await log_in(world, world.stranger, password=PASSWORD)
    await world.post(world.stranger, "/logout")
    bad = world.browser(address="192.0.2.9")
    for _ in range(6):
        refused = await log_in(world, bad)
    assert refused.status_code == 429
    assert (await log_in(world, world.stranger, password=PASSWORD)).status_code == 303
    device = world.stranger.cookies["console_device"]
    await world.post(world.stranger, "/logout")
    stolen = world.browser(address="192.0.2.10")
    stolen.cookies.set("console_device", device)
    assert [(await log_in(world, stolen)).status_code for _ in range(6)] == [401] * 5 + [429]
    other = await log_in(world, stolen, email="other@example.jp")
    assert other.status_code == 401
    for cookie in ("console_session", "console_visit"):
        nobody = world.browser()
        nobody.cookies.set(cookie, device)
        assert (await nobody.get("/help")).status_code == 303


async def test_a_new_password_forgets_known_browsers_and_failures(world):
    await log_in(world, world.stranger, password=PASSWORD)
    bad = world.browser(address="192.0.2.9")
    for _ in range(6):
        await log_in(world, bad)
    link = f"/password/{await Accounts(world.database).reset('demo', world.now)}"
    fresh = world.browser(address="192.0.2.2")
    await fresh.get(link)
    await world.post(fresh, link, password="another horse battery", again="another horse battery")
    assert await world.database["sessions"].count_documents({"_id": {"$regex": "^device"}}) == 0
    assert (await log_in(world, fresh, password="another horse battery")).status_code == 303


@pytest.mark.parametrize(
    ("trusted", "forwarded", "peer", "same"),
    [
        ("", ("203.0.113.1", "203.0.113.2"), "10.0.0.1", True),
        ("10.0.0.0/8", ("203.0.113.1", "203.0.113.2"), "10.0.0.1", False),
        ("10.0.0.0/8", ("203.0.113.1", "203.0.113.2"), "192.0.2.1", True),
        ("10.0.0.0/8", ("198.51.100.1, 203.0.113.1", "198.51.100.2, 203.0.113.1"), "10.0.0.1", True),
        ("10.0.0.0/8, 192.0.2.7", ("203.0.113.1, 192.0.2.7", "203.0.113.2, 192.0.2.7"), "10.0.0.1", False),
        ("10.0.0.0/8", ("2001:db8:1:1::1", "2001:db8:1:1:ffff::2"), "10.0.0.1", True),
        ("10.0.0.0/8", ("2001:db8:1:1::1", "2001:db8:1:2::1"), "10.0.0.1", False),
        ("10.0.0.0/8", ("::ffff:203.0.113.1", "203.0.113.1:4000"), "10.0.0.1", True),
    ],
)
async def test_a_proxy_names_the_address_when_it_is_trusted(world, trusted, forwarded, peer, same):
    browser = from_(world, peer, trusted_proxies=trusted)
    for n in range(6):
        first = await log_in(world, browser, email=f"{n}@example.jp", **{"x-forwarded-for": forwarded[0]})
    assert first.status_code == 429
    second = await log_in(world, browser, email="x@example.jp", **{"x-forwarded-for": forwarded[1]})
    assert second.status_code == (429 if same else 401)


async def test_counters_end_by_themselves_and_hold_no_e_mail(world):
    for _ in range(6):
        await log_in(world, world.stranger)
    counters = await world.database["sessions"].find({"failures": {"$exists": True}}).to_list()
    assert [one["expires_at"] for one in counters] == [world.now + WAIT] * 2
    assert "demo@example.jp" not in str(counters)
    assert "127.0.0.1" not in str(counters)


async def test_a_count_that_mongodb_has_not_removed_yet_begins_anew(world):
    throttle = LoginThrottle(world.database, failures=1, wait=WAIT, clock=world.clock)
    assert [(await throttle.begin("a@b.jp", "x", "")).wait for _ in range(2)] == [None, WAIT]
    world.now += WAIT
    assert (await throttle.begin("a@b.jp", "x", "")).wait is None

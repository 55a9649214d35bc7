"""Cookies and sessions: made at the log-in, worthless after it, ended by time, by ログアウト and by a new password."""

from datetime import timedelta
from http.cookies import SimpleCookie

import httpx
import pytest
from every_route import application_of

from console.app import build
from console.settings import ConsoleSettings
from console.web import csrf
from shopsync_accounts import Accounts
from shopsync_contracts.topics import IMPORT_COMMANDS
from shopsync_runtime.http_server import make_http_app
from shopsync_runtime.runtime import Runtime

PASSWORD = "correct horse battery"
ORIGIN = "http://127.0.0.1:8085"
SECURE = "https://console.example.jp"
WHO = {"email": "demo@example.jp", "password": PASSWORD}


@pytest.fixture(autouse=True)
async def account(world):
    accounts = Accounts(world.database)
    await accounts.set_password(await accounts.reset("demo", world.now), PASSWORD, world.now)


def cookies_of(answer):
    lines = map(SimpleCookie, answer.headers.get_list("set-cookie"))
    return {name: one for line in lines for name, one in line.items()}


async def test_cookies_are_for_the_server_alone(world):
    answers = [await world.stranger.get("/login"), await world.post(world.stranger, "/login", **WHO)]
    answers += [
        await world.post(world.stranger, "/language", language="en"),
        await world.post(world.stranger, "/logout"),
    ]
    seen = {}
    for answer in answers:
        for name, one in cookies_of(answer).items():
            assert (one["httponly"], one["samesite"].lower(), one["path"], one["domain"]) == (True, "lax", "/", ""), (
                name
            )
            assert not one["secure"]
            seen[name] = one
    assert {*seen} == {"console_session", "console_visit", "console_device", "console_language"}


async def test_with_tls_cookies_are_sent_by_tls_alone_and_belong_to_the_host(world):
    runtime = Runtime("console", world.common, clock=world.clock)
    build(runtime, ConsoleSettings(**(world.service_settings() | {"public_url": SECURE})))
    app = make_http_app(livez=runtime.livez, readyz=runtime.readyz, routes=runtime.routes, is_started=lambda: True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=SECURE) as browser:
        first = await browser.get("/login")
        token = first.text.split('name="csrf" value="')[1].split('"')[0]
        inside = await browser.post("/login", data={"csrf": token, **WHO}, headers={"origin": SECURE})
        assert inside.headers["location"] == "/products"
        assert "max-age" in inside.headers["strict-transport-security"]
        page = await browser.get("/help")
        assert page.status_code == 200
        token = page.text.split('name="csrf" value="')[1].split('"')[0]
        out = await browser.post("/logout", data={"csrf": token}, headers={"origin": SECURE})
        found = {**cookies_of(first), **cookies_of(inside), **cookies_of(out)}
        assert {*found} == {"__Host-console_session", "__Host-console_visit", "__Host-console_device"}
        for name, one in found.items():
            assert (one["secure"], one["httponly"], one["path"], one["domain"]) == (True, True, "/", ""), name
        assert (await browser.get("/help")).status_code == 303
        without = await browser.get(
            "/help", headers={"cookie": f"console_session={world.client.cookies['console_session']}"}
        )
        assert without.status_code == 303


@pytest.mark.parametrize(
    ("address", "is_taken"),
    [
        ("http://console.example.jp", False),
        ("http://192.0.2.1:8085", False),
        ("http://127.0.0.1:8085", True),
        ("http://localhost:8085", True),
        ("http://[::1]:8085", True),
        ("https://console.example.jp/x", False),
        ("https://user@console.example.jp", False),
        ("https://console.example.jp:x", False),
    ],
)
def test_passwords_never_cross_a_network_in_the_clear(address, is_taken):
    if is_taken:
        assert ConsoleSettings(public_url=address).public_url == address
    else:
        with pytest.raises(ValueError, match="public_url"):
            ConsoleSettings(public_url=address)


def test_the_address_is_written_as_browsers_write_an_origin():
    assert ConsoleSettings(public_url="HTTPS://Console.Example.JP:443/").public_url == SECURE
    assert ConsoleSettings(public_url="https://console.example.jp:8443").public_url == f"{SECURE}:8443"


async def test_a_session_from_before_the_log_in_is_never_raised(world):
    planted = "planted-by-somebody-else"
    world.stranger.cookies.set("console_session", planted, domain="127.0.0.1")
    page = await world.stranger.get("/login")
    visit = world.stranger.cookies["console_visit"]
    token = page.text.split('name="csrf" value="')[1].split('"')[0]
    assert (await world.post(world.stranger, "/login", csrf=token, **WHO)).status_code == 303
    mine = world.stranger.cookies["console_session"]
    assert mine not in {planted, visit}
    for worthless in (planted, visit, ""):
        other = world.browser()
        other.cookies.set("console_session", worthless)
        assert (await other.get("/help")).status_code == 303


async def test_a_second_log_in_ends_the_first_session_of_that_browser(world):
    before = world.client.cookies["console_session"]
    page = await world.client.get("/help")
    token = page.text.split('name="csrf" value="')[1].split('"')[0]
    assert (await world.post(world.client, "/login", csrf=token, **WHO)).status_code == 303
    assert world.client.cookies["console_session"] != before
    stale = world.browser()
    stale.cookies.set("console_session", before)
    assert (await stale.get("/help")).status_code == 303


async def test_a_form_from_before_another_log_in_of_the_browser_is_shown_and_sent_by_a_press(world):
    old = csrf.token_of(world.client.cookies["console_session"])
    again = await world.log_in("demo")
    form = {"mode": "changed_only", "action_id": "11111111-1111-4111-8111-111111111111"}
    own = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
    shown = await again.post("/reimport", data={csrf.FIELD: old, **form}, headers=own)
    assert shown.status_code == 409
    assert "入力の続き" in shown.text
    assert old not in shown.text
    for told in ({"origin": ORIGIN}, {**own, "sec-fetch-site": "same-site"}, {"sec-fetch-site": "same-origin"}):
        assert (await again.post("/reimport", data={csrf.FIELD: old, **form}, headers=told)).status_code == 403
    assert not await world.events(IMPORT_COMMANDS)
    assert (await world.post(again, "/reimport", **form)).status_code == 303
    assert len(await world.events(IMPORT_COMMANDS)) == 1


async def test_a_session_lives_while_it_is_used_and_never_longer_than_a_week(world):
    began = world.now
    while world.now < began + timedelta(days=7) - timedelta(hours=11):
        world.now += timedelta(hours=11)
        assert (await world.client.get("/help")).status_code == 200
    world.now = began + timedelta(days=7)
    assert (await world.client.get("/help")).status_code == 303


async def test_a_shorter_lifetime_counts_for_sessions_that_began_before_it(world):
    world.now += timedelta(hours=2)
    runtime = Runtime("console", world.common, clock=world.clock)
    build(runtime, ConsoleSettings(**(world.service_settings() | {"session_lifetime": "1h"})))
    browser = world.browser(runtime=runtime)
    browser.cookies.set("console_session", world.client.cookies["console_session"])
    assert (await browser.get("/help")).status_code == 303


async def test_a_log_out_ends_the_session_and_not_only_the_cookie(world):
    cookie, second = world.client.cookies["console_session"], await world.log_in("demo")
    out = await world.post(world.client, "/logout")
    assert cookies_of(out)["console_session"].value == ""
    stolen = world.browser()
    stolen.cookies.set("console_session", cookie)
    assert (await stolen.get("/help")).status_code == 303
    assert (await second.get("/help")).status_code == 200
    assert "ログアウトしました" in (await world.client.get(out.headers["location"])).text


async def test_a_log_out_everywhere_ends_every_session_of_the_shop_and_no_other(world):
    second, other = await world.log_in("demo"), await world.log_in("other")
    await world.post(world.stranger, "/login", **WHO)
    assert (
        '<button name="everywhere" value="1">すべての端末からログアウト</button>'
        in (await world.client.get("/settings")).text
    )
    out = await world.post(world.client, "/logout", everywhere="1")
    assert (cookies_of(out)["console_session"].value, out.headers["location"]) == ("", "/login?said=everywhere")
    assert "すべての端末からログアウトしました" in (await world.client.get(out.headers["location"])).text
    assert [(await one.get("/help")).status_code for one in (second, world.stranger, other)] == [303, 303, 200]


async def test_neither_cookie_nor_password_is_stored(world):
    await world.stranger.get("/login")
    await world.post(world.stranger, "/login", **WHO)
    names = await world.database.list_collection_names()
    kept = str([await world.database[name].find({}).to_list() for name in names])
    assert PASSWORD not in kept
    for name in ("console_session", "console_device"):
        assert world.stranger.cookies[name] not in kept


async def test_a_web_socket_is_closed(world):
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "websocket", "path": "/stream", "root_path": "", "headers": [], "query_string": b""}
    await application_of(world.runtime)(scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]

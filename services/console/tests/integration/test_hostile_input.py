"""Input that no page of ours sends: no text, too much of it, addresses that lead away. Refused, never a traceback."""

import asyncio
import html
import json
import re
from urllib.parse import quote, urlencode, urlsplit

import pytest
import structlog
from every_route import a_form, begin, browser_at, places, published, served, stored
from played_services import PlayedServices

from console.web import csrf
from console.web.addresses import own_path
from console.web.forms import LARGEST, MOST_FIELDS
from console.web.kept import LARGEST_KEPT
from shopsync_accounts import Accounts

ORIGIN = "http://127.0.0.1:8085"
PASSWORD = "correct horse battery"
NO_TEXT = ["%00", "a%00b", "%ff", "%c0%af", "%ed%a0%80", "%f5%80%80%80", "%e3%81"]
LEADS_AWAY = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "/\r\nset-cookie: a=b",
    " //evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "http:evil.example",
    "/x\\y",
    "",
    "/" + "a" * 10_000,
]


def own(world):
    return {"origin": ORIGIN}, csrf.token_of(world.client.cookies["console_session"])


@pytest.fixture
async def account(world):
    accounts = Accounts(world.database)
    for shop in ("demo", "other"):
        await accounts.set_password(await accounts.reset(shop, world.now), PASSWORD, world.now)


@pytest.fixture(autouse=True)
async def second_shop(world):
    await (await PlayedServices.of(world)).imported("A-1")
    await world.log_in("other")


async def test_what_is_no_text_is_refused_in_path_query_and_form(world):
    headers, token = own(world)
    before = await stored(world)
    for one in places(world):
        for text in NO_TEXT:
            asked = [f"{one.path('A-1')}?q={text}", f"{one.path('A-1')}?{text}=q"]
            if "{" in one.pattern:
                asked.append(re.sub(r"\{\w+\}", text, one.pattern))
            for path in asked:
                for browser in (world.client, world.stranger):
                    form = a_form(csrf=token) if one.method == "POST" else None
                    answer = await browser.request(one.method, path, headers=headers, data=form)
                    assert answer.status_code == 400, f"{one}: {path}"
            if one.method == "POST":
                for body in (f"csrf={token}&name={text}", f"csrf={token}&{text}=x"):
                    kind = {"content-type": "application/x-www-form-urlencoded"}
                    answer = await world.client.post(one.path("A-1"), content=body, headers=headers | kind)
                    assert answer.status_code == 400, f"{one}: {body}"
    assert await stored(world) == before
    assert await published(world) == []


async def test_bytes_that_no_client_sends_are_refused(world):
    async with served(world) as url:
        parts = urlsplit(url)
        for line in (
            b"GET /products/\xff HTTP/1.1",
            b"GET /products/A-1?q=\xff\xfe HTTP/1.1",
            b"GET /../../etc/passwd HTTP/1.1",
            b"GET //evil.example/login HTTP/1.1",
            b"GET /static/../app.py HTTP/1.1",
            b"GET /static/%2e%2e/app.py HTTP/1.1",
            b"GET /static/..%5capp.py HTTP/1.1",
            b"GET http://evil.example/help HTTP/1.1",
        ):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(line + b"\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
            answer = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            status = int(answer.split(b" ", 2)[1])
            assert status in {303, 400, 404}, line
            head, _, body = answer.partition(b"\r\n\r\n")
            assert b"Traceback" not in body
            for name, value in re.findall(rb"(?mi)^(location): (.*?)\r?$", head):
                assert value.startswith(b"/login?next=%2F"), (line, name, value)


async def test_paths_and_queries_of_any_length_and_depth_have_an_answer(world):
    deep = [
        "/" + "a/" * 5_000,
        "/products/" + "x" * 20_000,
        "/products/" + "%E3%81%82" * 3_000,
        "/static/" + "x" * 5_000,
    ]
    deep += ["/password/" + "x/" * 3_000, "/products?" + "a=1&" * 12_000, "/help?" + "&" * 20_000]
    async with served(world) as url, browser_at(url, world.client) as browser:
        for path in deep:
            answer, text = await begin(browser, "GET", path)
            assert answer.status_code in {200, 404, 413}, path[:40]
            assert "Traceback" not in text


async def test_too_much_is_refused_before_it_is_read(world):
    headers, token = own(world)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    fields = "&".join(["a=1"] * (MOST_FIELDS + 1))

    async def endless():
        for _ in range(20):
            yield b"a" * (LARGEST // 10)

    for one in places(world, "POST"):
        for browser in (world.client, world.stranger):
            for body in (f"csrf={token}&name=" + "x" * LARGEST, f"csrf={token}&{fields}", endless()):
                answer = await browser.post(one.path("A-1"), content=body, headers=headers | kind)
                assert answer.status_code == 413, str(one)
                assert "多すぎます" in answer.text
        announced = {"content-length": "9" * 30} | headers | kind
        assert (await world.client.post(one.path("A-1"), content=endless(), headers=announced)).status_code == 413


async def test_the_largest_form_that_is_taken_is_taken(world):
    headers, token = own(world)
    fields = {"csrf": token, "back": "/help", **{f"f{n}": "あ" * 10 for n in range(20_000)}}
    body = urlencode(fields)
    kind = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
    assert len(body) < LARGEST
    answer = await world.client.post("/language", content=body, headers=headers | kind)
    assert (answer.status_code, answer.headers["location"]) == (303, "/help")


@pytest.mark.parametrize("address", LEADS_AWAY, ids=lambda one: repr(one[:20]))
async def test_nothing_leads_away_from_here(world, account, address):
    assert own_path(address) == "/products"
    assert (await world.client.get("/login", params={"next": address})).headers["location"] == "/products"
    page = await world.stranger.get("/login", params={"next": address})
    assert 'name="next" value="/products"' in page.text
    done = await world.post(world.client, "/language", back=address)
    assert done.headers["location"] == "/products"
    who = {"email": "demo@example.jp", "password": PASSWORD}
    inside = await world.post(world.stranger, "/login", next=address, **who)
    assert inside.headers["location"] == "/products"
    await world.post(world.stranger, "/logout")
    await world.stranger.get("/login")
    kept = json.dumps([["name", "x"]])
    resume = await world.post(world.stranger, "/login", next=address, back=address, kept=kept, **who)
    assert '<form method="post" action="/products">' in resume.text
    assert set(re.findall(r'<a href="([^"]*)">送信しないで戻る', resume.text)) == {"/products"}


@pytest.mark.parametrize("path", ["/products/%E5%95%86%E5%93%81%3F1%232?q=a%26b", "/help", "/products/a%2Fb"])
async def test_what_leads_inside_is_kept_as_it_is(world, account, path):
    asked = await world.stranger.get(path)
    page = await world.stranger.get(asked.headers["location"])
    done = await world.post(world.stranger, "/login", **log_in_form(page), email="demo@example.jp", password=PASSWORD)
    assert done.headers["location"] == path


async def kept_over(world, browser, fields, path="/products/A-1?n=1", **headers):
    """A form of a session that has ended, then the log-in form that keeps it: its fields, as a browser sends them."""
    asked = await world.post(browser, path, headers=headers, **fields)
    assert asked.status_code == 401
    return asked, log_in_form(asked)


def log_in_form(page):
    """Its hidden fields. The token is that of the visit, which follows the session that has ended."""
    form = page.text.split('<form method="post" action="/login">')[1].split("</form>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    return {name: html.unescape(value) for name, value in found}


async def test_a_kept_form_is_sent_once_more_by_a_press_alone(world, account):
    fields = {**a_form(name="<b>新しい\r\n名前\"'&"), "other": "二つ目"}
    world.now = world.now.replace(day=30)
    _, carried = await kept_over(world, world.client, fields, referer=f"{ORIGIN}/products/A-1?x=1")
    assert carried["next"] == "/products/A-1?n=1"
    wrong = await world.post(world.client, "/login", email="demo@example.jp", password="wrong", **carried)
    assert wrong.status_code == 401
    assert log_in_form(wrong) == carried
    page = await world.post(world.client, "/login", email="demo@example.jp", password=PASSWORD, **carried)
    assert page.status_code == 200
    assert await published(world) == []
    shown = dict(
        re.findall(
            r'<input type="hidden" name="(.*?)" value="(.*?)">', page.text.split('action="/products/A-1')[1], re.DOTALL
        )
    )
    assert shown.pop(csrf.FIELD) == csrf.token_of(world.client.cookies["console_session"])
    assert {html.unescape(name): html.unescape(value) for name, value in shown.items()} == fields
    assert '<a href="/products/A-1?x=1">' in page.text
    assert "店舗「demo」" in page.text


def texts_of(page):
    """The table of what is kept: names and values."""
    table = page.text.partition('<table class="kept">')[2].partition("</table>")[0]
    rows = re.findall(r'<th scope="row">(.*?)</th>\s*<td>(.*?)</td>', table, re.DOTALL)
    return {html.unescape(name).strip(): html.unescape(value).strip() for name, value in rows}


async def test_what_is_kept_is_shown_and_stays_in_the_other_language(world, account):
    await PlayedServices(world.database).imported("A-1", name="シャツ")
    page = await world.client.get("/products/A-1")
    [was] = map(html.unescape, re.findall(r'name="was" value="([^"]*)"', page.text))
    fields = a_form(
        **{"was": was, "f.name": '<b>新しい"名前', "f.price": json.loads(was)["texts"]["price"], "stock.0": "5"},
        **{"shown": "100701", "a.100701": "1007011", "f.brand_id": "7" * 400, "f.package_weight_g": ""},
    )
    shown = {
        "商品名": '<b>新しい"名前',
        "ブランド": f"{'7' * 300}…",
        "商品属性 ID 100701（名前を確認できません）": "ID 1007011",
        "在庫数": "5",
    }
    world.now = world.now.replace(day=30)
    asked, carried = await kept_over(world, world.client, fields)
    assert asked.text.count('name="kept"') == 2
    other = await world.post(world.client, "/language", language="en", **carried)
    assert (other.status_code, log_in_form(other)) == (200, carried)
    assert "What you entered is kept" in other.text
    page = await world.post(world.client, "/login", email="demo@example.jp", password=PASSWORD, **carried)
    assert "<b>新しい" not in page.text
    assert {*texts_of(page)} == {"Name", "Brand", "Attributes id 100701 (its name cannot be told now)", "Stock"}
    carried.pop(csrf.FIELD)
    page = await world.post(world.client, "/language", language="ja", **carried)
    assert "入力の続き" in page.text
    assert texts_of(page) == shown
    hidden = re.findall(r'<input type="hidden" name="(.*?)" value="(.*?)">', page.text.split('action="/products/')[1])
    assert {html.unescape(name): html.unescape(value) for name, value in hidden if name != csrf.FIELD} == fields
    assert await published(world) == []


async def test_kept_fields_of_any_form_are_named_as_their_page_names_them(world, account):
    fields = {
        "product_no": [f"A-{n}" for n in range(12)],
        "f.package_weight_g": "300",
        "f.price": "",
        "clear": "brand_id",
        "target": "on",
        "<i>x": "<script>",
        "times": ["09:00", "18:30"],
        "mode": "auto",
        "action_id": "1",
    }
    world.now = world.now.replace(day=30)
    _, carried = await kept_over(world, world.client, fields, "/bulk")
    page = await world.post(world.client, "/login", email="demo@example.jp", password=PASSWORD, **carried)
    numbers = "、".join(f"A-{n}" for n in range(10))
    assert texts_of(page) == {
        "商品番号": f"{numbers} ほか2件",
        "梱包重量": "300",
        "今の値を消去する": "ブランド",
        "連携対象": "ONにする",
        "<i>x": "<script>",
        "時刻（日本時間）": "09:00、18:30",
        "送信のタイミング": "自動連携",
    }
    assert "<script>" not in page.text.partition("<main")[2]


async def test_another_account_sees_whose_action_it_would_be_and_sends_nothing_by_logging_in(world, account):
    world.now = world.now.replace(day=30)
    _, carried = await kept_over(world, world.client, a_form(name="x"))
    page = await world.post(world.client, "/login", email="other@example.jp", password=PASSWORD, **carried)
    assert "店舗「other」の操作として送信します" in page.text
    assert await published(world) == []
    assert "actions" not in await world.database["accounts"].find_one({"_id": "other"})


async def test_what_is_too_large_to_be_kept_is_not_and_the_page_says_so(world, account):
    world.now = world.now.replace(day=30)
    large = {**a_form(), "description": "あ" * LARGEST_KEPT}
    asked, carried = await kept_over(world, world.client, large, referer=f"{ORIGIN}/products/A-1")
    assert "残せませんでした" in asked.text
    assert len(asked.text) < 10_000
    done = await world.post(world.client, "/login", email="demo@example.jp", password=PASSWORD, **carried)
    assert (done.status_code, done.headers["location"]) == (303, "/products/A-1")
    largest = {"description": "あ" * (LARGEST_KEPT - 300)}
    await world.post(world.client, "/logout")
    _, carried = await kept_over(world, world.client, largest)
    page = await world.post(world.client, "/login", email="demo@example.jp", password=PASSWORD, **carried)
    assert page.status_code == 200
    assert largest["description"] in page.text


@pytest.mark.parametrize(
    "kept",
    ["x", "{}", "[1]", '[["a"]]', '[["a", 1]]', '[["csrf", "stolen"]]', "[" * 3000, '[["a","' + "x" * LARGEST_KEPT],
)
async def test_a_kept_form_that_is_none_is_nothing(world, account, kept):
    await world.stranger.get("/login")
    with structlog.testing.capture_logs() as logs:
        page = await world.post(
            world.stranger, "/login", email="demo@example.jp", password=PASSWORD, kept=kept, next="/products/A-1"
        )
    assert page.status_code == 200
    assert "stolen" not in page.text
    assert len(re.findall(r"<input", page.text.split('action="/products/A-1"')[1])) == 1
    assert [one for one in logs if one["log_level"] == "error"] == []


async def test_an_ended_session_keeps_page_and_input_for_htmx_too(world):
    world.now = world.now.replace(day=30)
    page = {"hx-request": "true", "hx-current-url": f"{ORIGIN}/products?q=%E3%81%82"}
    part = await world.client.get("/products/A-1/state", headers=page)
    assert part.headers["hx-redirect"] == f"/login?next={quote('/products?q=%E3%81%82', safe='')}"
    foreign = await world.client.get("/help", headers=page | {"hx-current-url": "https://evil.example/x"})
    assert foreign.headers["hx-redirect"] == "/login?next=%2Fhelp"
    asked, carried = await kept_over(world, world.client, a_form(name="新しい値"), **page)
    assert (asked.headers["hx-retarget"], asked.headers["hx-reswap"]) == ("body", "innerHTML")
    assert carried["back"] == "/products?q=%E3%81%82"
    assert "新しい値" in carried["kept"]

"""What holds for every route: no session, no token, no method of its own, no other shop. New routes are found."""

from urllib.parse import quote

import pytest
from every_route import FOR_EVERYBODY, a_form, begin, browser_at, places, published, served, stored
from played_services import PlayedServices

from console.web import csrf
from console.web.guard import is_for_everybody

ORIGIN = "http://127.0.0.1:8085"
SECRET = "他店の秘密"


async def test_the_pages_for_everybody_are_those_that_are_written_down(world):
    found = {one.pattern for one in places(world) if is_for_everybody(one.path())}
    assert found == FOR_EVERYBODY
    for near in ("/login/", "/loginx", "/login/x", "/languages", "/password", "/static", "/LOGIN", "//login"):
        assert not is_for_everybody(near)
        assert (await world.stranger.get(f"{ORIGIN}{near}")).status_code == 303


async def test_without_a_session_every_page_leads_to_the_log_in_and_back(world):
    query = "?q=%E3%81%82&n=a%26b"
    for one in [*places(world, "GET"), *places(world, "HEAD")]:
        if one.is_for_everybody:
            continue
        path = f"{one.path('商品?1#2')}{query}"
        answer = await world.stranger.request(one.method, path)
        assert (answer.status_code, answer.text) == (303, ""), str(one)
        assert answer.headers["location"] == f"/login?next={quote(path, safe='')}", str(one)
        part = await world.stranger.request(
            one.method, path, headers={"hx-request": "true", "hx-current-url": f"{ORIGIN}/products?after=x"}
        )
        assert (part.status_code, part.text) == (200, "")
        assert part.headers["hx-redirect"] == "/login?next=%2Fproducts%3Fafter%3Dx"
    assert (await world.stranger.get("/nothing")).headers["location"] == "/login?next=%2Fnothing"


async def test_without_a_session_no_write_does_anything_and_what_was_entered_is_kept(world):
    await (await PlayedServices.of(world)).imported("A-1")
    before = await stored(world)
    for one in [*places(world, "GET"), *places(world, "POST")]:
        if one.is_for_everybody or one.pattern == "/logout":
            continue
        path = f"{one.path('A-1')}?n=1"
        answer = await world.post(world.stranger, path, **a_form(name="入力した値"))
        assert answer.status_code == 401, str(one)
        assert "入力した値" in answer.text
        assert f'name="next" value="{path.replace("&", "&amp;")}"' in answer.text
    assert (await world.post(world.stranger, "/logout")).headers["location"] == "/login"
    assert await stored(world) == before
    assert await published(world) == []


def forged(world, other):
    """Ways in which another site, or another session, may send a form: headers, token, and what is answered."""
    own = csrf.token_of(world.client.cookies["console_session"])
    return {
        "no token": ({"origin": ORIGIN}, None, 403),
        "an empty token": ({"origin": ORIGIN}, "", 403),
        "a token that is no ASCII": ({"origin": ORIGIN}, "あ", 403),
        "the token of another session": ({"origin": ORIGIN}, csrf.token_of(other.cookies["console_session"]), 403),
        "the token of no cookie": ({"origin": ORIGIN}, csrf.token_of(""), 403),
        "the session's cookie as its token": ({"origin": ORIGIN}, world.client.cookies["console_session"], 403),
        "another origin": ({"origin": "https://evil.example"}, own, 403),
        "another port": ({"origin": "http://127.0.0.1:8086"}, own, 403),
        "the origin of a sandboxed frame": ({"origin": "null"}, own, 403),
        "a site that sends no origin": ({"sec-fetch-site": "cross-site"}, own, 403),
        "a neighbour that sends no origin": ({"sec-fetch-site": "same-site"}, own, 403),
    }


async def test_no_other_site_and_no_other_session_can_write(world):
    await (await PlayedServices.of(world)).imported("A-1")
    ways = forged(world, await world.log_in("other"))
    before = await stored(world)
    for one in places(world, "POST"):
        for name, (headers, token, status) in ways.items():
            form = a_form() | ({} if token is None else {csrf.FIELD: token})
            answer = await world.client.post(one.path("A-1"), data=form, headers=headers)
            assert answer.status_code == status, f"{one}: {name}"
    assert await stored(world) == before
    assert await published(world) == []


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "application/xml", "multipart/form-data; boundary=x"]
)
async def test_only_forms_are_read_and_nothing_can_be_uploaded(world, kind):
    """Also with the token in a header, by which pages send what they change by themselves."""
    await (await PlayedServices.of(world)).imported("A-1")
    token = csrf.token_of(world.client.cookies["console_session"])
    file = (
        f'--x\r\nContent-Disposition: form-data; name="{csrf.FIELD}"\r\n\r\n{token}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nnumber,weight\r\n--x--\r\n'
    )
    before = await stored(world)
    for one in places(world, "POST"):
        for body in (file, f"{csrf.FIELD}={token}&name=x"):
            headers = {"origin": ORIGIN, csrf.HEADER: token, "content-type": kind}
            answer = await world.client.post(one.path("A-1"), content=body, headers=headers)
            assert answer.status_code == 415, str(one)
    assert await stored(world) == before
    assert await published(world) == []


async def test_no_page_has_a_field_for_files(world):
    async with served(world) as url, browser_at(url, world.client) as browser:
        for one in places(world, "GET"):
            _, text = await begin(browser, "GET", one.path())
            assert 'type="file"' not in text, str(one)
            assert "multipart" not in text.replace("/static/", ""), str(one)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
async def test_other_methods_do_nothing(world, method):
    before = await stored(world)
    token = csrf.token_of(world.client.cookies["console_session"])
    for one in places(world):
        for browser in (world.client, world.stranger):
            headers = {"origin": ORIGIN, csrf.HEADER: token}
            answer = await browser.request(method, one.path("A-1"), headers=headers, data=a_form(csrf=token))
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST"), str(one)
    assert await stored(world) == before


async def test_no_field_and_no_header_changes_the_method(world):
    await (await PlayedServices.of(world)).imported("A-1")
    before = await stored(world)
    headers = {"x-http-method-override": "POST", "x-method-override": "POST", "x-http-method": "POST"}
    async with served(world) as url, browser_at(url, world.client) as browser:
        for one in places(world, "GET"):
            await begin(browser, "GET", f"{one.path('A-1')}?_method=POST&on=1&step=save&name=x", headers=headers)
            await begin(browser, "HEAD", one.path("A-1"), headers=headers)
    left = await stored(world)
    assert await published(world) == []
    assert {name: left[name] for name in before} == before


@pytest.fixture
async def neighbours(world):
    """Two shops with the same product number, and what is the other one's alone. Its ids by the parameter's name."""
    played = await PlayedServices.of(world)
    await played.imported("A-1", name="自店の商品")
    await played.imported("A-1", shop_key="other", name=SECRET)
    await played.imported("B-9", shop_key="other", name=SECRET)
    other, action = await world.log_in("other"), a_form()["action_id"]
    await world.post(other, "/products/B-9/target", action_id=action, on="0", step="x")
    for run, collection in (("run-of-other", "imports"), ("sweep-of-other", "sweeps")):
        await world.database[collection].insert_one({"_id": run, "shop_key": "other", "reason": SECRET})
    return {"product_no": "B-9", "action_id": action}


async def test_scenario_78_another_shops_numbers_show_and_change_nothing(world, neighbours):
    """In the path, the query and the form; whatever is published is of the session's shop."""
    names = {
        "shop": "other",
        "shop_key": "other",
        "x-shop": "other",
        "product_no": "B-9",
        "q": "秘密",
        "after": "other/A-1",
    }
    query = "&".join(f"{name}={quote(value)}" for name, value in names.items())
    theirs = {name: docs for name, docs in (await stored(world)).items() if name not in {"accounts", "sessions"}}
    sent_before = len(await published(world))
    async with served(world) as url, browser_at(url, world.client) as browser:
        for one in places(world, "GET"):
            for path in {one.path(**neighbours), one.path("run-of-other", **neighbours), one.path("sweep-of-other")}:
                answer, text = await begin(browser, "GET", f"{path}?{query}", headers={"x-shop-key": "other"})
                assert SECRET not in text, str(one)
                if "{" in one.pattern and not one.is_for_everybody:
                    # A part about nothing may be empty, so that it goes from the page.
                    assert answer.status_code == 404 or not text, f"{one}: {path}"
        for one in places(world, "POST"):
            form = a_form(**names, product_nos="B-9", selected="B-9", number="B-9")
            answer = await world.post(world.client, f"{one.path(**neighbours)}?{query}", **form)
            assert SECRET not in answer.text, str(one)
            if "{" in one.pattern and not one.is_for_everybody:
                assert answer.status_code == 404 or not answer.text, str(one)
            if one.pattern == "/logout":
                world.client = await world.log_in("demo")
    assert {event.data.shop_key for event in (await published(world))[sent_before:]} <= {"demo"}
    now = {name: docs for name, docs in (await stored(world)).items() if name in theirs}
    assert now == theirs
    other = await world.database["accounts"].find_one({"_id": "other"})
    assert [one["id"] for one in other["actions"]] == [neighbours["action_id"]]

"""Every answer has the headers, no page has script of others, and what somebody stored stays text."""

import pytest
import structlog
from every_route import Faults, a_form, begin, browser_at, places, served
from played_services import PlayedServices
from pymongo.errors import ServerSelectionTimeoutError

from console.store import Sessions
from console.web.rendering import Pages

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><b onclick=x>{{7*7}}"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)


def lacks(answer):
    """What an answer lacks."""
    wanted = {
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    found = {name for name, value in wanted.items() if answer.headers.get(name) != value}
    if answer.headers.get("referrer-policy") not in {"same-origin", "strict-origin"}:
        found.add("referrer-policy")
    if "cache-control" not in answer.headers:
        found.add("cache-control")
    if answer.headers.get("content-type", "").startswith("text/html") and answer.headers["cache-control"] != "no-store":
        found.add("no-store")
    return found | ({"a server's name"} if "server" in answer.headers else set())


async def test_every_answer_has_the_headers(world):
    await (await PlayedServices.of(world)).imported("A-1")
    seen = set()
    async with (
        served(world) as url,
        browser_at(url, world.client) as inside,
        browser_at(url, world.stranger) as outside,
    ):
        for browser in (inside, outside):
            asked = [(place.method, place.path("A-1")) for place in places(world)]
            asked += [("GET", "/nothing"), ("GET", "/static/nothing"), ("GET", "/help?%ff"), ("DELETE", "/help")]
            for method, path in asked:
                answer, _ = await begin(browser, method, path, data=a_form() if method == "POST" else None)
                assert not lacks(answer), f"{method} {path}: {lacks(answer)}"
                seen.add(answer.status_code)
                if not path.startswith("/static/"):
                    continue
                assert "set-cookie" not in answer.headers
    assert {200, 303, 400, 401, 403, 404, 405} <= seen


@pytest.fixture
async def evil(world):
    """Texts of other systems and of merchants, in all that pages may show."""
    played = await PlayedServices.of(world)
    size = {"vertical_no": "S", "vertical_name": EVIL[:50], "horizontal_no": "", "stock": 3}
    await played.imported("A-1", name=EVIL, description=f"<p>{EVIL}</p><a href='javascript:x'>x</a>", skus=[size])
    await played.imported("<b>2", name="x", images=["javascript:alert(1)"])
    await played.completed("A-1")
    await played.switched("A-1", on=True)
    await played.failed("A-1", status="sync_error", code=EVIL[:30], message=EVIL)
    common = {"shop_key": "demo", "started_at": world.now, "completed_at": world.now, "reason": EVIL, "error": EVIL}
    await world.database["accounts"].update_one({"_id": "demo"}, {"$set": {"email": f"{EVIL}@example.jp"}})
    await world.database["sessions"].update_many({}, {"$set": {"email": f"{EVIL}@example.jp"}})
    changes = {"ended": None, "blocked": {"code": EVIL, "message": EVIL, "at": world.now}, "seller_name": EVIL}
    await world.database["authorization_states"].update_one({"_id": "demo"}, {"$set": changes})
    return common


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_what_somebody_stored_stays_text(world, evil, language):
    world.client.cookies.set("console_language", language)
    async with served(world) as url, browser_at(url, world.client) as browser:
        for one in places(world, "GET"):
            for number in ("A-1", "<b>2"):
                for headers in ({}, {"hx-request": "true"}):
                    path = f"{one.path(number)}?q={'%3Cscript%3Ealert(1)%3C/script%3E%22%27'}&said=%3Cb%3E&next=%3Cb%3E"
                    answer, text = await begin(browser, "GET", path, headers=headers)
                    assert answer.status_code < 500, f"{one}: {answer.status_code}"
                    if "html" in answer.headers.get("content-type", ""):
                        assert not Faults.of(text), f"{one}: {Faults.of(text)}"
                        assert "<script>alert" not in text, str(one)
                        assert "<b onclick" not in text, str(one)
                        assert ">49" not in text


async def test_what_a_form_brings_comes_back_as_text(world, evil):
    for one in places(world, "POST"):
        fields = dict.fromkeys(
            ("name", "f.name", "f.price", "q", "email", "next", "back", "kept", "times", "mode"), EVIL
        )
        for browser in (world.client, world.stranger):
            answer = await world.post(browser, one.path("A-1"), **a_form(**fields))
            assert answer.status_code < 500, f"{one}: {answer.status_code}"
            assert not Faults.of(answer.text), f"{one}: {Faults.of(answer.text)}"
            assert "<script>alert" not in answer.text
        if one.pattern == "/logout":
            world.client = await world.log_in("demo")


async def test_a_bug_is_answered_with_a_number_in_both_languages_and_logged(world, monkeypatch):
    html = Pages.html

    def broken(self, request, template, **values):
        if template == "help.html":
            raise RuntimeError("the secret of a bug")
        return html(self, request, template, **values)

    monkeypatch.setattr(Pages, "html", broken)
    for language, words in (("ja", "問題が発生しました"), ("en", "Something went wrong")):
        world.client.cookies.set("console_language", language)
        with structlog.testing.capture_logs() as logs:
            answer = await world.client.get("/help")
        assert answer.status_code == 500
        assert words in answer.text
        assert "secret of a bug" not in answer.text
        assert "Traceback" not in answer.text
        assert not lacks(answer)
        (line,) = [one for one in logs if one["log_level"] == "error"]
        assert line["reference"] in answer.text
        assert (line["route"], line["shop_key"]) == ("/help", "demo")
        assert str(line["exc_info"]) == "the secret of a bug"


async def test_without_mongodb_there_is_a_page(world, monkeypatch):
    async def gone(_self, _token):
        raise ServerSelectionTimeoutError("mongo:27017: no answer")

    monkeypatch.setattr(Sessions, "get", gone)
    answer = await world.client.get("/help")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "何も失われていません" in answer.text
    assert "mongo:27017" not in answer.text
    assert "set-cookie" not in answer.headers
    part = await world.client.get("/help", headers={"hx-request": "true"})
    assert (part.headers["hx-retarget"], part.headers["x-swap"], "<html" in part.text) == ("#notices", "1", False)

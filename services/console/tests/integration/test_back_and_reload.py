"""Every page in answer to a form has an address of its own: Back and reload ask for it again, and send nothing."""

import re
from datetime import timedelta

import pytest
from every_route import published
from played_services import PlayedServices
from product_pages import fields_of, opened

from console.store.drafts import KEPT
from shopsync_contracts.topics import TOOL_EDITS

BULK = {"product_no": ["A-1", "A-2"]}
MANUAL = {"interval": "60", "included": "yes", "rate": "10", "rounding": "down"}
WRONG = {**MANUAL, "mode": "auto", "interval": "often", "action_id": "11111111-1111-4111-8111-111111111111"}
WEIGHT = {**BULK, "f.package_weight_g": "300", "step": "check"}


@pytest.fixture(autouse=True)
async def services(world):
    services = await PlayedServices.of(world)
    for number in ("A-1", "A-2"):
        await services.imported(number, name=f"靴下 {number}")
    return services


@pytest.mark.parametrize(
    ("path", "fields", "words"),
    [
        ("/bulk", BULK, "2 商品に同じ値を入力します"),
        ("/bulk", WEIGHT, "2 商品を変更する"),
        ("/bulk", {**WEIGHT, "f.package_weight_g": "x"}, 'id="package_weight_g-error"'),
        ("/bulk", {**BULK, "step": "category_at:600001"}, "靴下・タイツ"),
        ("/settings", WRONG, "「often」は使えません"),
        ("/settings", {**WRONG, "more": "1"}, 'value="often"'),
        ("/sync", BULK, "選んだ 2 商品"),
        ("/authorization", {"tiktok_shop_id": 'x" y'}, 'value="x&#34; y"'),
    ],
)
async def test_a_page_in_answer_to_a_form_is_asked_for_by_its_address(world, path, fields, words):
    answer = await world.submit(world.client, path, **fields)
    assert answer.status_code == 303
    for language in ("ja", "ja", "en"):
        world.client.cookies.set("console_language", language)
        page = await world.client.get(answer.headers["location"])
        assert page.status_code == 200
        assert language == "en" or words in page.text
        assert "もう残っていません" not in page.text
    assert await published(world) == []


async def test_in_a_products_page_too_where_htmx_does_not_send_the_form(world):
    opened = (await world.client.get("/products/A-1")).text
    [was] = re.findall(r'name="was" value="([^"]*)"', opened)
    form = {"was": was.replace("&#34;", '"'), "f.price": "x", "step": "save"}
    answer = await world.submit(world.client, "/products/A-1", **form)
    assert re.fullmatch(r"/products/A-1\?draft=[\w-]+", answer.headers["location"])
    page = await world.client.get(answer.headers["location"])
    assert 'id="price-error"' in page.text
    other = answer.headers["location"].replace("A-1", "A-2")
    assert "もう残っていません" in (await world.client.get(other)).text
    part = await world.submit(world.client, "/products/A-1", {"hx-request": "true"}, **form)
    assert (part.status_code, 'id="price-error"' in part.text) == (422, True)


async def test_of_two_presses_on_one_page_the_second_shows_all_that_was_entered(world):
    """Without scripts, the second one before the first one's page is there. Nothing is merged into it, or sent."""
    fields = {**fields_of(await opened(world)), "f.package_weight_g": "300"}
    steps = ("category:601234", "brand:7080000000000000002:ひだまり製作所")
    first, second = [
        (await world.submit(world.client, "/products/A-1", **fields, step=step)).headers["location"] for step in steps
    ]
    names = ("f.package_weight_g", "f.category_id", "f.brand_id")
    shown = {page: fields_of(await world.client.get(page)) for page in (second, first)}
    assert [shown[second][name] for name in names] == [["300"], [""], ["7080000000000000002"]]
    assert [shown[first][name] for name in names] == [["300"], ["601234"], [""]]
    assert await published(world) == []


async def test_the_page_that_asks_sends_once_however_often_it_is_opened(world):
    asked = (await world.submit(world.client, "/bulk", **WEIGHT)).headers["location"]
    pages = [(await world.client.get(asked)).text for _ in range(2)]
    ids = [re.findall(r'name="(action_id|which)" value="([^"]*)"', page) for page in pages]
    assert ids[0] == ids[1]
    sent = [await world.submit(world.client, "/bulk", **{**WEIGHT, **dict(found), "step": "send"}) for found in ids]
    assert len({one.headers["location"] for one in sent}) == 1
    events = [one for one in await world.events(TOOL_EDITS) if one.source == "/shopsync/console"]
    assert len(events) == 1


async def test_the_form_shows_what_was_entered_when_one_comes_back_to_it(world):
    form = (await world.submit(world.client, "/bulk", **BULK)).headers["location"]
    name = form.partition("draft=")[2]
    await world.submit(world.client, "/bulk", **WEIGHT, draft=name)
    back = (await world.client.get(form)).text
    assert 'value="300"' in back
    assert "2 商品に同じ値を入力します" in back


async def test_nobody_elses_address_finds_a_draft(world):
    address = (await world.submit(world.client, "/bulk", **WEIGHT)).headers["location"]
    for browser in (await world.log_in("demo"), await world.log_in("other")):
        page = await browser.get(address)
        assert "もう残っていません" in page.text
        assert "A-1" not in page.text
        name = address.partition("draft=")[2]
        await world.submit(browser, "/bulk", **{**BULK, "f.package_weight_g": "999", "draft": name})
    assert "300" in (await world.client.get(address)).text


async def test_drafts_are_few_and_end_with_the_session_or_after_hours(world):
    sessions = world.database["sessions"]
    addresses = []
    for n in range(KEPT + 1):
        world.now += timedelta(seconds=1)
        addresses.append((await world.submit(world.client, "/sync", product_no=f"N-{n}")).headers["location"])
    assert await sessions.count_documents({"draft": {"$exists": True}}) == KEPT
    gone = ["もう残っていません" in (await world.client.get(one)).text for one in (addresses[0], addresses[-1])]
    assert gone == [True, False]
    world.now += timedelta(hours=6)
    assert (await world.client.get("/help")).status_code == 200
    world.now += timedelta(hours=7)
    assert "もう残っていません" in (await world.client.get(addresses[-1])).text
    second = await world.log_in("demo")
    await world.submit(second, "/sync", product_no="A-1")
    await world.post(world.client, "/logout")
    assert await sessions.count_documents({"draft": {"$exists": True}}) == 1
    await world.post(second, "/logout", everywhere="1")
    assert await sessions.count_documents({"draft": {"$exists": True}}) == 0


async def test_a_draft_that_this_version_cannot_read_is_gone(world):
    address = (await world.submit(world.client, "/bulk", **WEIGHT)).headers["location"]
    await world.database["sessions"].update_many({"draft": {"$exists": True}}, {"$set": {"draft": '{"x": 1}'}})
    page = await world.client.get(address)
    assert (page.status_code, "もう残っていません" in page.text) == (200, True)


ENGLISH = {"language": "en"}


async def test_the_switch_of_the_language_keeps_what_is_entered(world):
    """It sends the form of its page, and nothing else: with scripts and without, whatever was pressed before."""
    fields = {**fields_of(await opened(world)), "f.package_weight_g": "300", "f.price": "x", "fill": "7"}
    switched = await world.submit(world.client, "/products/A-1", **fields, **ENGLISH)
    page = await world.client.get(switched.headers["location"])
    assert '<html lang="en">' in page.text
    shown = fields_of(page)
    assert [shown[name] for name in ("f.package_weight_g", "f.price")] == [["300"], ["x"]]
    assert 'id="price-error"' not in page.text
    refused = await world.submit(world.client, "/products/A-1", **fields, step="save")
    fields = {**fields_of(await world.client.get(refused.headers["location"]))}
    by_scripts = await world.submit(world.client, "/products/A-1", {"hx-request": "true"}, **fields, language="ja")
    page = await world.client.get(by_scripts.headers["hx-redirect"])
    assert '<html lang="ja">' in page.text
    assert 'id="price-error"' in page.text
    assert await published(world) == []


@pytest.mark.parametrize(
    ("path", "fields", "value"),
    [("/settings", WRONG, 'value="often"'), ("/bulk", {**BULK, "f.package_weight_g": "3x"}, 'value="3x"')],
)
async def test_the_switch_of_the_language_keeps_settings_and_bulk_edits_too(world, path, fields, value):
    switched = await world.submit(world.client, path, **fields, **ENGLISH)
    page = (await world.client.get(switched.headers["location"])).text
    assert '<html lang="en">' in page
    assert value in page
    assert '-error"' not in page
    refused = await world.submit(world.client, path, **fields, **({"step": "check"} if path == "/bulk" else {}))
    name = refused.headers["location"].partition("draft=")[2]
    switched = await world.submit(world.client, path, **fields, language="ja", draft=name)
    page = (await world.client.get(switched.headers["location"])).text
    assert value in page
    assert '-error"' in page
    assert await published(world) == []


async def test_with_scripts_the_address_asks_for_what_stands_in_the_form(world):
    scripts = {"hx-request": "true"}
    first = fields_of(await opened(world))
    fields = {**first, "f.package_weight_g": "300"}
    stepped = await world.submit(world.client, "/products/A-1", scripts, **fields, step="category:601234")
    address = stepped.headers["x-address"]
    fields = {**fields_of(stepped)}
    again = await world.submit(world.client, "/products/A-1", scripts, **{**fields, "f.price": "x"}, step="save")
    assert again.headers["x-address"] == address
    page = await world.client.get(address)
    assert fields_of(page)["f.category_id"] == ["601234"]
    assert 'id="price-error"' in page.text
    fields = {**fields_of(page), "f.price": first["f.price"]}
    saved = await world.submit(world.client, "/products/A-1", scripts, **fields, step="save")
    assert saved.headers["x-address"] == "/products/A-1"
    assert " data-unsaved" not in saved.text
    assert " data-unsaved" in page.text

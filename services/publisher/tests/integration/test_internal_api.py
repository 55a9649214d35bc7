"""The internal API for the console, on a real MongoDB and the sandbox's TikTok Shop."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from publisher.consent.return_path import is_own_path, return_address
from shopsync_sandbox.tiktok import Fault
from shopsync_sandbox.tiktok.limits import Rate
from shopsync_testkit.polling import eventually

TOKEN = "a-token-of-the-console"
BEARER = {"authorization": f"Bearer {TOKEN}"}
DEMO = "/internal/shops/demo"
CONSOLE = "https://console.example.jp"


@pytest.fixture
def publisher_settings():
    return {"internal_token": TOKEN, "console_url": CONSOLE}


async def ask(world, path, **query):
    return await world.http.get(path, params=query, headers=BEARER, timeout=60.0)


def asked(world, operation):
    return world.sandbox.journal.requests[operation]


def fault_of(reply):
    return reply.status_code, reply.json().get("error", {}).get("code")


class TestTheToken:
    async def test_without_the_token_nothing_is_told(self, demo):
        for header in (
            None,
            "",
            "Bearer",
            f"bearer {TOKEN}",
            f"Bearer {TOKEN}x",
            f"Bearer {TOKEN[:-1]}",
            "Bearer ａ",
            TOKEN,
        ):
            headers = {} if header is None else {"authorization": header.encode()}
            replies = [
                await demo.http.get(f"{DEMO}/categories", headers=headers),
                await demo.http.get(f"{DEMO}/categories/601234/requirements", headers=headers),
                await demo.http.get("/internal/shops/nobody/brands", headers=headers),
                await demo.http.post(f"{DEMO}/consent", headers=headers, json={"return_to": "/x"}),
            ]
            assert {fault_of(reply) for reply in replies} == {(401, "unauthorized")}, header
        assert not asked(demo, "categories")

    class TestNotSet:
        @pytest.fixture
        def publisher_settings(self):
            return {}

        async def test_there_is_no_such_api(self, demo):
            assert (await ask(demo, f"{DEMO}/categories")).status_code == 404
            assert (await demo.http.post(f"{DEMO}/consent", headers=BEARER)).status_code == 404


class TestAnswers:
    async def test_the_whole_tree_is_asked_for_once_a_day_however_many_ask(self, demo):
        replies = await asyncio.gather(*(ask(demo, f"{DEMO}/categories") for _ in range(10)))
        assert {reply.status_code for reply in replies} == {200}
        rows = {row["id"]: row for row in replies[0].json()["categories"]}
        assert rows["601234"] == {
            "id": "601234",
            "parent_id": "601000",
            "name": "ソックス",
            "is_leaf": True,
            "permission": "AVAILABLE",
        }
        assert (rows["600001"]["parent_id"], rows["613100"]["permission"]) == (None, "INVITE_ONLY")
        demo.clock.forward(hours=23)
        await ask(demo, f"{DEMO}/categories")
        assert asked(demo, "categories") == 1
        demo.clock.forward(hours=2)
        await ask(demo, f"{DEMO}/categories")
        assert asked(demo, "categories") == 2

    async def test_answers_outlive_the_process_and_are_removed_by_mongodb(self, demo):
        await ask(demo, f"{DEMO}/categories")
        (document,) = await demo.database["tiktok_taxonomies"].find().to_list()
        assert (document["_id"], document["shop_key"]) == ("demo/v1/categories", "demo")
        assert document["forget_at"] - document["asked_at"] == timedelta(days=31)
        indexes = await demo.database["tiktok_taxonomies"].index_information()
        assert indexes["forget_at_1"]["expireAfterSeconds"] == 0

    async def test_nv13_shops_and_trees_are_kept_apart(self, demo):
        assert (await demo.authorise("other")).status_code == 200
        await ask(demo, f"{DEMO}/categories")
        await ask(demo, "/internal/shops/other/categories")
        await demo.database["shops"].update_one({"_id": "demo"}, {"$set": {"category_version": "v2"}})
        other_tree = (await ask(demo, f"{DEMO}/categories")).json()
        assert other_tree["category_version"] == "v2"
        assert asked(demo, "categories") == 3

    async def test_ed8_what_a_category_requires(self, demo):
        reply = await ask(demo, f"{DEMO}/categories/641100/requirements")
        fields = {row["name"]: row for row in reply.json()["attributes"]}
        assert fields["原産国"]["required"]
        assert fields["容量(mAh)"]["numeric"]
        assert fields["電池の種類"]["required_if"] == [{"attribute_id": "100800", "value_id": "1008001"}]
        assert "カラー" not in fields
        assert reply.json()["certificates"] == [{"name": "PSEマーク適合証明", "required": True, "required_if": []}]
        chart = (await ask(demo, f"{DEMO}/categories/603100/requirements")).json()["size_chart"]
        assert chart == {"supported": True, "required": True}
        await ask(demo, f"{DEMO}/categories/641100/requirements")
        demo.clock.forward(minutes=11)
        await ask(demo, f"{DEMO}/categories/641100/requirements")
        assert asked(demo, "category_attributes") == asked(demo, "category_rules") == 3

    async def test_a_category_that_tiktok_refuses_is_remembered_as_refused(self, demo):
        for _ in range(2):
            refused = await ask(demo, f"{DEMO}/categories/601000/requirements")
            assert fault_of(refused) == (422, "refused")
            assert "12052024" in refused.json()["error"]["message"]
        assert asked(demo, "category_attributes") == 1
        assert fault_of(await ask(demo, f"{DEMO}/categories/a.b/requirements")) == (422, "refused")
        assert fault_of(await ask(demo, f"{DEMO}/brands", category_id="../x")) == (422, "refused")
        assert asked(demo, "category_attributes") == 1

    async def test_brands_are_found_by_a_part_of_their_name(self, demo):
        found = (await ask(demo, f"{DEMO}/brands", text="きぬがさ")).json()["brands"]
        assert found == [{"id": "7080000000000000001", "name": "きぬがさ織物", "authorized": True}]
        (seen,) = (await ask(demo, f"{DEMO}/brands", text="未承認")).json()["brands"]
        assert not seen["authorized"]
        for word in ("世界的", "期限切れ"):
            assert (await ask(demo, f"{DEMO}/brands", text=word)).json()["brands"] == [], "TikTok refuses them"
        demo.clock.forward(minutes=61)
        await ask(demo, f"{DEMO}/brands", text="きぬがさ")
        await ask(demo, f"{DEMO}/brands", text="きぬがさ", category_id="611100")
        assert asked(demo, "brands") == 6

    async def test_at_most_fifty_brands_those_that_begin_with_the_text_first(self, demo):
        shop = demo.sandbox.world.shop("demo")
        shop.custom_brands |= {str(10**18 + n): f"新しいみなと{n}" for n in range(130)}
        shop.custom_brands["5"] = "みなと堂"
        found = (await ask(demo, f"{DEMO}/brands", text="みなと")).json()["brands"]
        assert len(found) == 50
        demo.sandbox.world.shop("demo").custom_brands = {str(n): f"新しいこま{n}" for n in range(40)} | {"99": "いこま"}
        found = (await ask(demo, f"{DEMO}/brands", text="いこま")).json()["brands"]
        assert (found[0]["name"], len(found)) == ("いこま", 41)


class TestTroubles:
    async def test_a_shop_without_settings_or_consent(self, world):
        assert fault_of(await ask(world, "/internal/shops/nobody/categories")) == (404, "unknown_shop")
        await world.settings_for("demo")
        assert fault_of(await ask(world, f"{DEMO}/brands")) == (409, "not_authorized")

    async def test_au5_an_ended_consent_is_told_even_when_an_answer_is_kept(self, demo):
        await ask(demo, f"{DEMO}/categories")
        demo.sandbox.tokens.revoke("demo")
        assert fault_of(await ask(demo, f"{DEMO}/brands")) == (409, "not_authorized"), "at the call to TikTok"
        assert fault_of(await ask(demo, f"{DEMO}/categories")) == (409, "not_authorized")

    async def test_an_older_answer_serves_while_tiktok_is_away_and_none_is_told_as_such(self, demo):
        before = (await ask(demo, f"{DEMO}/categories")).json()
        demo.clock.forward(days=2)
        demo.sandbox.faults.add(Fault("error", times=None))
        assert (await ask(demo, f"{DEMO}/categories")).json() == before
        away = await ask(demo, f"{DEMO}/brands", text="x")
        assert fault_of(away) == (503, "unavailable")
        assert int(away.headers["retry-after"]) >= 1
        demo.sandbox.faults.clear()

        async def back():
            return (await ask(demo, f"{DEMO}/brands", text="x")).status_code == 200

        await eventually(back)

    async def test_a_blocked_shop_is_not_asked_for_and_older_answers_serve(self, demo):
        await ask(demo, f"{DEMO}/categories")
        until = demo.clock() + timedelta(days=3)
        blocked = {"blocked": ["12052700", "seller is inactive"], "blocked_until": until}
        await demo.database["authorizations"].update_one({"_id": "demo"}, {"$set": blocked})
        demo.clock.forward(days=2)
        assert (await ask(demo, f"{DEMO}/categories")).status_code == 200
        refused = await ask(demo, f"{DEMO}/brands")
        assert fault_of(refused) == (409, "blocked")
        assert refused.json()["error"]["message"] == "seller is inactive (12052700)"
        assert (asked(demo, "categories"), asked(demo, "brands")) == (1, 0)

    async def test_a_paused_shop_is_answered(self, demo):
        """Only its pushes wait (decision 0014)."""
        await demo.database["push_pauses"].insert_one({"_id": "demo", "paused": True})
        assert (await ask(demo, f"{DEMO}/categories")).status_code == 200

    async def test_an_empty_tree_is_no_answer(self, demo):
        demo.sandbox.world.catalogue.categories.clear()
        assert fault_of(await ask(demo, f"{DEMO}/categories")) == (503, "unavailable")
        assert await demo.database["tiktok_taxonomies"].count_documents({}) == 0


class TestPace:
    @pytest.fixture
    def publisher_settings(self):
        return {"internal_token": TOKEN, "requests_per_second": 5.0}

    async def test_questions_never_exceed_the_shops_rate(self, demo):
        demo.sandbox.limits.shop_rates["demo"] = Rate(5.0, 5)
        searches = (ask(demo, f"{DEMO}/brands", text=f"{n}") for n in range(12))
        replies = await asyncio.gather(*searches)
        assert {reply.status_code for reply in replies} == {200}
        summary = demo.sandbox.journal.traffic.summary()["demo"]
        assert summary["requests"] >= 12
        assert summary["rate_limited"] == 0

    async def test_pushes_go_first(self, demo):
        demo.sandbox.limits.shop_rates["demo"] = Rate(5.0, 5)
        await asyncio.gather(*(demo.store(f"P-{n}") for n in range(6)))
        await demo.command(*(f"P-{n}" for n in range(6)))
        await eventually(lambda: asked(demo, "upload_image") > 0)
        replies = await asyncio.gather(*(ask(demo, f"{DEMO}/brands", text=f"{n}") for n in range(4)))
        assert {reply.status_code for reply in replies} <= {200, 503}
        await demo.quiet()
        assert len(demo.events("push.succeeded")) == 6
        assert demo.sandbox.journal.traffic.summary()["demo"]["rate_limited"] == 0


class TestConsent:
    async def begin(self, world, return_to="/authorization", **more):
        body = {"return_to": return_to, **more}
        return await world.http.post(f"{DEMO}/consent", headers=BEARER, json=body)

    async def test_it_leads_through_tiktok_back_to_the_console(self, world):
        await world.settings_for("demo")
        begun = await self.begin(world, "/authorization?from=list")
        assert begun.status_code == 200, begun.text
        page = await world.http.get(f"{begun.json()['address']}&shop=demo")
        back = await world.http.get(page.headers["location"])
        assert back.status_code == 303
        assert back.headers["location"] == f"{CONSOLE}/authorization?from=list&consent=done"
        assert back.headers["referrer-policy"] == "no-referrer"
        assert (await ask(world, f"{DEMO}/categories")).status_code == 200

    async def test_the_outcome_is_a_code_and_nothing_else(self, world):
        await world.settings_for("demo")
        state = httpx.URL((await self.begin(world)).json()["address"]).params["state"]

        async def called_back(**query):
            reply = await world.http.get("/oauth/tiktok/callback", params={"state": state, **query})
            return reply.status_code, reply.headers.get("location")

        assert await called_back(error="<script>") == (303, f"{CONSOLE}/authorization?consent=denied")
        assert await called_back(code="used") == (303, f"{CONSOLE}/authorization?consent=code")
        several = world.sandbox.tokens.mint_code(["demo", "other"]).value
        assert await called_back(code=several) == (303, f"{CONSOLE}/authorization?consent=several_shops")
        world.sandbox.faults.add(Fault("error", times=None))
        code = world.sandbox.tokens.mint_code(["demo"]).value
        assert await called_back(code=code) == (303, f"{CONSOLE}/authorization?consent=tiktok_away")
        world.sandbox.faults.clear()
        world.clock.forward(hours=2)
        assert await called_back(code="x") == (303, f"{CONSOLE}/authorization?consent=state_expired")

    async def test_one_of_several_shops_can_be_named(self, world):
        await world.settings_for("demo")
        wanted = world.sandbox.world.shop("demo").id
        state = httpx.URL((await self.begin(world, tiktok_shop_id=wanted)).json()["address"]).params["state"]
        code = world.sandbox.tokens.mint_code(["demo", "other"]).value
        back = await world.http.get("/oauth/tiktok/callback", params={"code": code, "state": state})
        assert back.headers["location"].endswith("consent=done")

    async def test_a_program_still_gets_json(self, world):
        await world.settings_for("demo")
        state = httpx.URL((await self.begin(world)).json()["address"]).params["state"]
        code = world.sandbox.tokens.mint_code(["demo"]).value
        done = await world.http.get(
            "/oauth/tiktok/callback", params={"code": code, "state": state}, headers={"accept": "application/json"}
        )
        assert (done.status_code, done.json()["shop_key"]) == (200, "demo")

    @pytest.mark.parametrize(
        "path",
        [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "evil.example",
            "",
            "/a b",
            "/a\nb",
            "/é",
            "/" + "a" * 500,
            7,
            None,
            ["/"],
        ],
    )
    async def test_no_other_site_is_a_way_back(self, world, path):
        await world.settings_for("demo")
        assert fault_of(await self.begin(world, path)) == (400, "return_to")
        if isinstance(path, str):
            assert return_address(CONSOLE, path, "done") is None

    async def test_an_unsigned_state_leads_nowhere(self, world):
        """Whoever writes a state of their own gets the page as before."""
        await world.settings_for("demo")
        for state in ("demo", f"{CONSOLE}/authorization", "/authorization"):
            reply = await world.http.get("/oauth/tiktok/callback", params={"state": state, "code": "x"})
            assert (reply.status_code, reply.headers.get("location")) == (400, None)

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"{}" + b" " * 20_000])
    async def test_a_body_that_makes_no_sense(self, world, body):
        await world.settings_for("demo")
        reply = await world.http.post(f"{DEMO}/consent", headers=BEARER, content=body)
        assert reply.status_code in {400, 413}

    async def test_an_unknown_shop_has_no_consent(self, world):
        reply = await world.http.post(
            "/internal/shops/nobody/consent", headers=BEARER, json={"return_to": "/authorization"}
        )
        assert fault_of(reply) == (404, "unknown_shop")

    class TestWithoutTheConsolesAddress:
        @pytest.fixture
        def publisher_settings(self):
            return {"internal_token": TOKEN}

        async def test_the_page_is_shown_as_before(self, world):
            await world.settings_for("demo")
            begun = await world.http.post(f"{DEMO}/consent", headers=BEARER, json={"return_to": "/authorization"})
            page = await world.http.get(f"{begun.json()['address']}&shop=demo")
            done = await world.http.get(page.headers["location"])
            assert (done.status_code, "認証が完了しました" in done.text) == (200, True)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/", "https://c.jp/?consent=done"),
        ("/a?b=1", "https://c.jp/a?b=1&consent=done"),
        ("/a?consent=done#x", "https://c.jp/a?consent=done&consent=done"),
        ("/@evil.example", "https://c.jp/@evil.example?consent=done"),
        ("/..//evil.example", "https://c.jp/..//evil.example?consent=done"),
    ],
)
def test_the_way_back_keeps_to_the_origin(path, address):
    assert is_own_path(path)
    assert return_address("https://c.jp", path, "done") == address
    assert httpx.URL(address).host == "c.jp"

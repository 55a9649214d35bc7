"""TikTok Shop認証: the gate before the list, the state, the way to TikTok Shop and back."""

import re
from datetime import timedelta

import pytest
from played_services import PlayedServices

from console.text.authorization import OUTCOMES
from console.web.gate import AuthorizationGate

BANNER = 'id="consent-ended"'


@pytest.fixture
async def consent(world):
    """Changes the record of the session's shop; None removes it."""

    async def store(**members):
        await world.database["authorization_states"].update_one({"_id": "demo"}, {"$set": members})

    return store


async def shown(world, query=""):
    page = await world.client.get(f"/authorization{query}")
    assert page.status_code == 200
    return page.text


class TestGate:
    @pytest.mark.parametrize("path", ["/products/A-1/picture", "/products/A-1/picture?n=1"])
    async def test_scenario_59_ls1_au4_before_the_authorisation_the_page_of_the_consent_is_shown(self, world, path):
        await world.database["authorization_states"].delete_one({"_id": "demo"})
        sent_on = await world.client.get(path)
        assert (sent_on.status_code, sent_on.headers["location"]) == (303, "/authorization")
        by_htmx = await world.client.get(path, headers={"hx-request": "true"})
        assert by_htmx.headers["hx-redirect"] == "/authorization"
        assert (await world.client.get("/help")).status_code == 200
        other = await world.log_in("other")
        assert (await other.get(path)).status_code == 404, "it has its own"

    async def test_ls1_once_it_is_given_the_list_opens(self, world, consent):
        assert (await world.client.get("/products/A-1/picture")).status_code == 404
        await consent(ended=["deauthorized", "x"])
        assert (await world.client.get("/products/A-1/picture")).status_code == 404, "products say why (AU-5)"

    @pytest.mark.parametrize("change", [{"ended": ["deauthorized", "x"]}, {"refresh_expires_at": "now"}])
    async def test_au5_every_page_says_that_the_consent_has_ended(self, world, consent, change):
        await (await PlayedServices.of(world)).imported("A-1")
        pages = ["/products", "/products/A-1", "/bulk", "/settings", "/history/imports", "/help", "/reimport"]
        assert not [path for path in pages if BANNER in (await world.client.get(path)).text]
        await consent(**{name: world.now if value == "now" else value for name, value in change.items()})
        world.now += timedelta(seconds=16)
        assert [path for path in pages if BANNER not in (await world.client.get(path)).text] == []
        part = await world.client.get("/products/A-1", headers={"hx-request": "true"})
        assert BANNER not in part.text
        assert BANNER not in (await (await world.log_in("other")).get("/help")).text
        assert BANNER not in (await world.client.get("/authorization")).text, "the whole page is about it"
        await consent(ended=None, refresh_expires_at=world.now + timedelta(days=300))
        assert BANNER not in (await world.client.get("/help")).text, "at once"

    async def test_the_consent_is_not_asked_for_with_every_page(self, world, monkeypatch):
        gate, asked = AuthorizationGate(world.database, clock=world.clock), []

        class States:
            async def find_one(self, which, _members):
                asked.append(which["_id"])
                return {**which, "ended": None}

        monkeypatch.setattr(gate, "_states", States())
        for shop in ("demo", "demo", "other", "demo"):
            assert not await gate.has_ended(shop)
        assert asked == ["demo", "other"]
        world.now += timedelta(seconds=16)
        assert not await gate.has_ended("demo")
        assert asked == ["demo", "other", "demo"]


class TestState:
    async def test_an_authorised_shop_sees_until_when(self, world):
        page = await shown(world)
        assert "認証済み" in page
        assert "demoの店" in page
        assert "2027/10/24 12:00" in page
        assert "対応の内容" not in page

    async def test_a_shop_that_was_never_authorised_sees_the_button_first(self, world):
        await world.database["authorization_states"].delete_one({"_id": "demo"})
        page = await shown(world)
        assert "未認証" in page
        assert 'class="primary">TikTok Shopで認証する</button>' in page
        assert "認証の有効期限" not in page

    async def test_au5_what_has_ended_or_is_blocked_says_who_must_act(self, world, consent):
        await consent(ended=["deauthorized", "the seller withdrew the authorisation in Seller Center"])
        page = await shown(world)
        assert "連携が解除されました" in page
        assert "この画面で対応" in page
        blocked = {
            "blocked": ["12052700", "<b>seller</b> is inactive"],
            "blocked_until": world.now + timedelta(hours=1),
        }
        await consent(ended=None, **blocked)
        page = await shown(world)
        assert "Seller Centerで対応" in page
        assert "&lt;b&gt;seller&lt;/b&gt; is inactive (12052700)" in page

    async def test_in_english_no_command_of_an_operator_is_named(self, world, consent):
        await world.post(world.client, "/language", language="en", back="/authorization")
        for code in ("105005", "token_key", "106013", "7"):
            await consent(blocked=[code, "words"], blocked_until=world.now + timedelta(hours=1))
            page = await shown(world)
            assert "Who has to act" in page
            assert "shopsync" not in page
            assert "PUBLISHER_" not in page

    async def test_what_passes_by_itself_is_told(self, world):
        await world.database["push_pauses"].insert_one({"_id": "demo", "paused": True, "set_at": world.now})
        await world.database["push_pauses"].insert_one({"_id": "other", "paused": True, "set_at": world.now})
        assert "一時停止しています" in await shown(world)

    @pytest.mark.parametrize("outcome", OUTCOMES)
    async def test_every_outcome_of_a_consent_is_told_in_japanese(self, world, outcome):
        page = await shown(world, f"?consent={outcome}")
        (told,) = re.findall(r'<p class="notice (?:good|bad)" role="(?:status|alert)">([^<\n]+)', page)
        assert re.search("[ぁ-ん]", told)
        assert ("商品一覧へ進む" in page) is (outcome == "done")
        assert ('name="tiktok_shop_id"' in page) is (outcome == "several_shops")

    async def test_the_address_cannot_put_words_on_the_page(self, world, consent):
        page = await shown(world, "?consent=%3Cscript%3E&consent=x")
        assert '<p class="notice' not in page
        await consent(ended=["x", "y"])
        assert "完了しました" not in await shown(world, "?consent=done"), "the state decides, not the address"


class TestConsent:
    async def test_the_button_leads_to_tiktoks_page_without_script(self, world):
        page = await world.post(world.client, "/authorization")
        assert page.status_code == 200, "no redirect: the policy lets a form lead nowhere else"
        address = world.publisher.consent_address.replace("&", "&amp;")
        assert f'<meta http-equiv="refresh" content="0; url={address}">' in page.text
        assert f'href="{address}"' in page.text
        assert world.publisher.asked == [("POST", "/internal/shops/demo/consent", {"return_to": "/authorization"})]
        assert "form-action 'self'" in page.headers["content-security-policy"]

    async def test_one_of_several_shops_is_named(self, world):
        await world.post(world.client, "/authorization", tiktok_shop_id=" 7000123 ")
        assert world.publisher.asked[-1][2] == {"return_to": "/authorization", "tiktok_shop_id": "7000123"}
        wrong = await world.post(world.client, "/authorization", tiktok_shop_id='x" y')
        assert wrong.status_code == 200
        assert 'value="x&#34; y"' in wrong.text
        assert 'aria-invalid="true"' in wrong.text
        assert len(world.publisher.asked) == 1

    async def test_when_the_publisher_cannot_answer_the_page_says_so(self, world):
        world.publisher.trouble = (503, "unavailable", "secret <words>", 5)
        page = await world.post(world.client, "/authorization")
        assert page.status_code == 503
        assert "TikTok Shopが応答していません" in page.text
        assert "secret" not in page.text
        assert "認証の状態" in page.text

    async def test_nobody_begins_a_consent_from_elsewhere(self, world):
        assert (await world.client.post("/authorization", data={"csrf": "x"})).status_code == 403
        assert (await world.post(world.stranger, "/authorization")).status_code == 401
        assert world.publisher.asked == []


class TestNotSetUp:
    @pytest.fixture
    def settings(self):
        return {"publisher_token": None}

    async def test_without_the_token_the_merchant_is_told_whom_to_ask(self, world):
        page = await world.post(world.client, "/authorization")
        assert page.status_code == 503
        assert "運営担当者" in page.text

"""履歴: imports, syncs, nights and refusals of the session's shop, with reasons that a merchant understands."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from played_services import PlayedServices

from console.actions import Actions
from console.app import build
from console.model import SyncNote
from console.settings import ConsoleSettings
from console.store import ActionStore, Notes
from ingestor.model import Counts, Failure, ImportRun
from ingestor.store import ImportStore
from janitor.model import Sweep
from janitor.store import SweepStore
from shopsync_contracts.events import SyncCompleted, SyncCounts
from shopsync_contracts.topics import REPORTS, TOOL_EDITS
from shopsync_runtime.runtime import Runtime
from shopsync_runtime.testing import running
from shopsync_testkit.polling import eventually

NIGHT = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)  # 03:30 in Tokyo


@pytest.fixture
async def services(world):
    return await PlayedServices.of(world)


@pytest.fixture
def actions(world):
    return Actions(world.runtime.events, ActionStore(world.database), world.database, clock=world.clock)


class Past:
    """Imports and sweeps, as the ingestor and the janitor store them."""

    def __init__(self, world):
        self.imports, self.sweeps = ImportStore(world.database), SweepStore(world.database)
        self.database = world.database

    async def imported(self, run_id, *, at=NIGHT, shop_key="demo", mode="changed_only", **members):
        run = ImportRun(run_id, shop_key, mode, False, f"request-{run_id}", at, **members)
        await self.imports.add(run)

    async def swept(self, run_id, *, at=NIGHT, shop_key="demo", **members):
        sweep = Sweep(run_id, shop_key, f"request-{run_id}", at, f"enumeration-{run_id}", **members)
        await self.sweeps.add(sweep)
        counts = sweep.counts().model_dump()
        await self.database["sweeps"].update_one({"_id": run_id}, {"$set": {"counts": counts}})


@pytest.fixture
def past(world):
    return Past(world)


async def test_history_begins_with_the_imports(world):
    assert (await world.client.get("/history")).headers["location"] == "/history/imports"
    for tab in ("imports", "syncs", "sweeps", "refusals"):
        page = await world.client.get(f"/history/{tab}")
        assert page.status_code == 200
        assert f'href="/history/{tab}" aria-current="page"' in page.text
        assert "まだありません" in page.text


# Imports -------------------------------------------------------------------------------------------------------


async def test_an_import_has_its_counts_and_the_products_that_it_refused(world, past, services):
    await services.imported("A-1", name="靴下 <script>")
    await past.imported(
        "I1",
        state="finished",
        started_at=NIGHT,
        ended_at=NIGHT + timedelta(minutes=2),
        counts=Counts(read=1234, changed=56, removed=7, refused=2),
        refused=[
            {"product_no": "A-1", "reason": "price: must be a whole number (given: '12a')"},
            {"product_no": "B/1 <b>", "reason": "futureshopの回答 <i>そのまま</i>"},
        ],
    )
    page = await world.client.get("/history/imports")
    assert "2026/11/23 03:30" in page.text
    assert "情報を更新する" in page.text
    for count in ("1,234", "56", "7", "2"):
        assert f'<td class="number">{count}</td>' in page.text
    one = await world.client.get("/history/imports/I1")
    assert "price：整数ではありません（値：&#39;12a&#39;）" in one.text
    assert "futureshopの回答 &lt;i&gt;そのまま&lt;/i&gt;" in one.text
    assert 'href="/products/A-1"' in one.text
    assert "靴下 &lt;script&gt;" in one.text
    assert "<script>" not in one.text.replace("<script src", "")


async def test_a_failed_import_says_why_in_japanese_and_what_it_means(world, past):
    failure = Failure("futureshop_denied", "GET /x: HTTP 401: 認証エラー")
    await past.imported("I1", state="finished", ended_at=NIGHT, failure=failure)
    page = await world.client.get("/history/imports")
    assert "途中で終了" in page.text
    assert "futureshopが接続を許可しませんでした" in page.text
    assert "認証エラー" in page.text
    assert "削除されたとはみなしません" in (await world.client.get("/history/imports/I1")).text


async def test_removals_that_are_held_back_are_explained(world, past):
    reason = "400 of 800 products are missing, more than 20 products and 30 %"
    await past.imported(
        "I1", mode="enumerate", state="finished", ended_at=NIGHT, held_back=True, unproven_because=reason
    )
    for path in ("/history/imports", "/history/imports/I1"):
        page = await world.client.get(path)
        assert "商品は何も削除されていません" in page.text
        assert "800件のうち400件がfutureshopに見つかりませんでした" in page.text


async def test_pages_go_by_key_also_when_many_imports_have_one_time(world, past):
    for number in range(75):
        at = NIGHT if number < 40 else NIGHT + timedelta(minutes=number)
        await past.imported(f"I{number:02}", at=at)
    seen, address = [], "/history/imports"
    for _ in range(3):
        page = await world.client.get(address)
        seen += re.findall(r'href="/history/imports/(I\d\d)"', page.text)
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        address = following[1].replace("&amp;", "&") if following else ""
    assert not address
    assert sorted(seen) == [f"I{number:02}" for number in range(75)]
    for nonsense in ("nonsense", "0001-01-01T00:00:00%2B14:00~I01"):
        assert (await world.client.get(f"/history/imports?after={nonsense}")).status_code == 404
    assert (await world.client.get("/history/sweeps?after=2026-01-01T00:00:00")).status_code == 404


# Sweeps --------------------------------------------------------------------------------------------------------


async def test_a_night_has_a_verdict_for_every_product(world, past, services):
    await services.imported("K-1", name="残した商品")
    verdicts = {"D-1": "deleted", "K-1": "kept_sync_enabled", "K-2": "kept_present", "K-3": "kept_unproven"}
    await past.swept("S1", state="done", completed_at=NIGHT, verdicts=verdicts)
    page = await world.client.get("/history/sweeps")
    assert page.text.count('<td class="number">1</td>') == 4
    one = await world.client.get("/history/sweeps/S1")
    for words in (
        "ツールから削除しました（Seller Centerの商品は残ります）",
        "連携対象がONのため、残しました",
        "futureshopに商品があるため、残しました",
        "削除されたことを確認できなかったため、残しました",
        "残した商品",
    ):
        assert words in one.text
    assert 'href="/products/D-1"' not in one.text


async def test_a_night_that_deleted_nothing_says_why(world, past):
    reason = "the enumeration failed: futureshop_unreachable: GET /x: no connection (tried 3 times)"
    await past.swept("S1", state="done", completed_at=NIGHT, refused_because=reason)
    page = await world.client.get("/history/sweeps")
    assert "何も削除していません" in page.text
    assert "futureshopに接続できませんでした" in page.text
    assert "3回試しました" in page.text


async def test_a_long_night_has_pages_by_number(world, past):
    await past.swept("S1", state="done", completed_at=NIGHT, verdicts={f"P-{n:03}": "deleted" for n in range(450)})
    page = await world.client.get("/history/sweeps/S1?after=P-199")
    found = re.findall(r"<td>(P-\d\d\d)</td>", page.text)
    assert (len(found), found[0], found[-1]) == (200, "P-200", "P-399")


# Syncs ---------------------------------------------------------------------------------------------------------


def report(sync_id, *, shop_key="demo", at=NIGHT, **members):
    return SyncCompleted(
        shop_key=shop_key,
        sync_id=sync_id,
        started_at=at,
        completed_at=at,
        duration_seconds=1.0,
        **{"reason": "auto", "counts": SyncCounts(requested=9, commanded=5, incomplete=3, sync_disabled=1), **members},
    )


async def comes(world, path, *words, browser=None):
    async def is_there():
        page = await (browser or world.client).get(path)
        for one in words:
            assert one in page.text, one
        return page

    return await eventually(is_there, timeout=30)


async def test_syncs_by_timing_and_by_hand_stand_together(world, services, actions):
    await world.say(REPORTS, report("sync-1"), "1")
    reason = "shop 'demo' has no settings: publish them with `shopsync shops put demo`"
    await world.say(REPORTS, report("sync-2", reason="scheduled", refused_because=reason), "2")
    await actions.request_sync("demo", None, action_id="11111111-1111-4111-8111-111111111111")
    await services.report_sync("11111111-1111-4111-8111-111111111111", requested=4, commanded=4)
    page = await comes(
        world, "/history/syncs", "自動連携", "任意の時間に連携", "［同期］ボタン", "ショップの設定が登録されていません"
    )
    assert "shopsync shops" not in page.text
    assert 'href="/actions/11111111-1111-4111-8111-111111111111"' in page.text
    assert re.search(r'<td class="number">5</td>\s*<td class="number">3</td>\s*<td class="number">1</td>', page.text)
    assert len(re.findall(r"<td>［同期］ボタン", page.text)) == 1
    await world.say(REPORTS, report("sync-3", reason="manual", request_id="of-the-operator"), "3")
    page = await comes(world, "/history/syncs", "手動（運営担当者・ほかのシステム")
    assert len(re.findall(r"<td>［同期］ボタン", page.text)) == 1
    assert "アカウントが発行される前の同期は表示されません" in page.text


async def test_what_was_said_while_no_console_ran_is_noted_by_the_next_one(world):
    await world.say(REPORTS, report("sync-1", at=world.now - timedelta(hours=2)), "1")
    await comes(world, "/history/syncs", "自動連携")
    await world.database["accounts"].update_one({"_id": "demo"}, {"$unset": {"syncs": "", "noted_at": ""}})
    again = Runtime("console", world.common, clock=world.clock)
    build(again, ConsoleSettings(**world.service_settings()))
    async with running(again):
        # It has made the index by which the server removes sessions, those of these tests at once.
        await world.database["sessions"].drop_index("expires_at_1")
        await comes(world, "/history/syncs", "自動連携", browser=await world.log_in("demo"))


async def test_a_note_is_kept_once_and_the_newest_two_hundred_are(world):
    await world.log_in("demo")
    notes = Notes(world.database)
    await world.say(REPORTS, report("sync-1"), "1")
    await world.say(REPORTS, report("sync-1"), "1")
    await world.say(REPORTS, report("sync-0", at=NIGHT - timedelta(hours=1)), "2")

    async def are_there():
        found = [one.id for one in await notes.syncs("demo")]
        return found == ["sync-1", "sync-0"]

    await eventually(are_there, timeout=30)
    assert await notes.until() == NIGHT
    older = [SyncNote(f"old-{n}", None, "auto", NIGHT - timedelta(days=n), {}) for n in range(1, 300)]
    await notes.keep([("demo", one) for one in older])
    kept = await notes.syncs("demo")
    assert (len(kept), kept[0].id, kept[-1].id) == (200, "sync-1", "old-198")


# Refusals ------------------------------------------------------------------------------------------------------


async def test_refused_edits_stand_with_their_reason_in_japanese(world, services, actions):
    await services.imported("A-1")
    await actions.switch("demo", "A-1", True, action_id="11111111-1111-4111-8111-111111111111")
    [event] = await world.events(TOOL_EDITS)
    await services.refuse(event, "product demo/A-1 is not in the catalogue; import it first, then redrive this message")
    page = await comes(world, "/history/refusals", "商品がこのツールにありません")
    assert "連携対象の切り替え" in page.text
    assert "redrive" not in page.text
    assert 'href="/products/A-1"' in page.text


# Isolation -----------------------------------------------------------------------------------------------------


async def test_au3_another_shops_history_is_nowhere(world, past):
    await past.imported("I-theirs", shop_key="other")
    await past.swept("S-theirs", shop_key="other", verdicts={"P-1": "deleted"})
    other = await world.log_in("other")
    await world.say(REPORTS, report("sync-theirs", shop_key="other", reason="scheduled"), "1")
    await comes(world, "/history/syncs", "任意の時間に連携", browser=other)
    assert (await other.get("/history/imports/I-theirs")).status_code == 200
    assert (await other.get("/history/sweeps/S-theirs")).status_code == 200
    for path in ("/history/imports/I-theirs", "/history/sweeps/S-theirs", "/history/imports/none"):
        assert (await world.client.get(path)).status_code == 404
    for tab in ("imports", "syncs", "sweeps", "refusals"):
        assert "まだありません" in (await world.client.get(f"/history/{tab}")).text

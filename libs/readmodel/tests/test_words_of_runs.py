"""What the services report about runs and edits has its Japanese; what futureshop says stays word for word."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from catalog.rules.bulk import fan_out
from catalog.rules.stamps import refuse_future
from ingestor import errors as futureshop
from ingestor.importing.enumeration import ShrinkLimit, judge
from ingestor.records.values import Unreadable, whole
from janitor.proofs import trouble_with
from shopsync_contracts import new_event
from shopsync_contracts.events import (
    Enumeration,
    ImportCompleted,
    ImportFailed,
    ProductsBulkEdited,
    SweepVerdict,
)
from shopsync_readmodel.runs import words
from shopsync_readmodel.runs.imports import ImportFailure
from shopsync_runtime.wording import no_settings

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def subclasses(kind):
    return {kind, *(each for one in kind.__subclasses__() for each in subclasses(one))}


def is_translated(found):
    return found.japanese != found.english and any("ぁ" <= letter <= "ん" for letter in found.japanese)


@pytest.mark.parametrize("code", sorted({one.code for one in subclasses(futureshop.FutureshopError)}))
def test_every_code_of_a_failed_import_is_said_in_japanese(code):
    found = words.import_failure(ImportFailure(code, "GET /x: HTTP 503"))
    assert is_translated(found)
    assert found.english == f"{code}: GET /x: HTTP 503"


def test_futureshops_own_words_stay_as_they_are():
    assert (
        "「店舗KEYが違います」"
        in words.import_failure(ImportFailure("futureshop_denied", "「店舗KEYが違います」")).japanese
    )
    assert words.import_failure(ImportFailure("new_code", "as it is")).japanese == "as it is"


@pytest.mark.parametrize(
    "case",
    [
        {"doubts": ["page 2: no product, though more pages follow"], "missing": 0, "listed": 5},
        {"doubts": [], "missing": 50, "listed": 0},
        {"doubts": [], "missing": 50, "listed": 50},
    ],
)
def test_what_proves_no_absence_is_said_in_japanese(case):
    verdict = judge(present_before=100, limit=ShrinkLimit(), **case)
    assert is_translated(words.unproven(verdict.reason))


def test_a_refused_product_is_said_with_field_and_value():
    with pytest.raises(Unreadable) as refused:
        whole("12a", "price")
    found = words.refused_product(str(refused.value))
    assert found.japanese == "price：整数ではありません（値：'12a'）"
    twice = words.refused_product(str(Unreadable("inventory", str(refused.value))))
    assert twice.japanese == "inventory：price：整数ではありません（値：'12a'）"
    assert words.refused_product("product: name is too long").japanese == "product: name is too long"


def test_every_verdict_of_a_sweep_has_words():
    assert set(words.VERDICTS) == set(get_args(SweepVerdict))
    assert all(is_translated(one) for one in words.VERDICTS.values())


def listing(**differs):
    completed = {"started_at": NOW, "completed_at": NOW, "duration_seconds": 1.0, "counts": {}}
    return ImportCompleted.model_validate(
        {"shop_key": "demo", "import_id": "I1", "mode": "enumerate", **completed, **differs}, strict=False
    )


OLD = Enumeration(id="E1", started_at=NOW - timedelta(hours=3), completed_at=NOW, product_count=5)


@pytest.mark.parametrize(
    "report",
    [
        listing(removals_held_back=True),
        listing(),
        listing(enumeration=OLD),
        ImportFailed(
            shop_key="demo", mode="enumerate", started_at=NOW, failed_at=NOW, code="futureshop_denied", message="no"
        ),
    ],
)
def test_why_a_sweep_deleted_nothing_is_said_in_japanese(report):
    trouble = trouble_with(report, NOW)
    assert is_translated(words.sweep_refusal(trouble.reason))
    tried = words.sweep_refusal(f"{trouble.reason} (tried 3 times)")
    assert tried.japanese.endswith("（3回試しました）")


@pytest.mark.parametrize(
    "reason",
    [
        no_settings("demo"),
        f"no enumeration within {timedelta(hours=4)}",
        f"the enumeration is older than {timedelta(hours=2)}",
        f"the catalog did not catch up within {timedelta(minutes=30)}",
    ],
)
def test_other_reasons_of_a_sweep_too(reason):
    assert is_translated(words.sweep_refusal(reason))


def test_why_a_sync_did_not_begin_is_said_in_japanese():
    assert is_translated(words.sync_refusal(no_settings("demo")))
    assert words.sync_refusal("something new").japanese == "something new"


def test_refusals_of_a_bulk_edit_are_said_in_japanese():
    body = ProductsBulkEdited.model_validate(
        {
            "shop_key": "demo",
            "edited_at": NOW,
            "product_nos": ["A-1", "靴下 1"],
            "changes": {"stock": [{"vertical_no": "S", "quantity": 1}]},
        },
        strict=False,
    )
    plan = fan_out(new_event(body, source="/tests", id="1", time=NOW), {"A-1": {("", "")}})
    for verdict in plan.verdicts:
        assert is_translated(words.edit_refusal(verdict.reason)), verdict


def test_a_clock_that_is_ahead_is_said_in_japanese():
    with pytest.raises(Exception, match="ahead") as refused:
        refuse_future("edited_at", NOW + timedelta(hours=1), NOW)
    assert is_translated(words.edit_refusal(str(refused.value)))


@pytest.mark.parametrize(
    "text",
    [
        "product demo/靴下 1 was deleted from the tool at 2026-11-23T00:00:00+00:00 (sweep S1); register it in",
        "product demo/A-1 is not in the catalogue; import it first, then redrive this message",
        "made at 2026-11-23T00:00:00, before product demo/靴下 1 was deleted from the tool at 2026: what was done to",
        "the snapshot of product demo/A-1 would have 9000000 bytes, catalog-products.v1 takes 8388608; the largest",
    ],
)
def test_dead_letters_of_edits_are_said_in_japanese(text):
    assert is_translated(words.edit_refusal(text))

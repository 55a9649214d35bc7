import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from shopsync_contracts import parse
from shopsync_contracts.topics import PRODUCT_CHANGES
from shopsync_rehearsals.bench.catalogue.contenders.one_by_one import Message
from shopsync_rehearsals.bench.catalogue.messages import (
    count,
    messages,
    newest_update,
    on_the_wire,
    product,
    product_numbers,
)
from shopsync_rehearsals.bench.catalogue.plan import Amount, Phase

AMOUNT = Amount(30, 10)


def of(phase):
    return list(messages(phase, AMOUNT, 7))


@pytest.mark.parametrize("phase", Phase)
def test_there_are_as_many_as_counted(phase):
    assert len(of(phase)) == (0 if phase is Phase.RE_DELIVERY else count(phase, AMOUNT).products)


def test_every_message_follows_the_wire_format_and_has_about_two_kilobytes_and_four_skus():
    for event in of(Phase.FIRST_IMPORT):
        value = event.to_bytes()
        assert parse(value, key=event.key(), topic=PRODUCT_CHANGES) == event
        assert Message.model_validate(json.loads(value)).subject == event.subject
        assert 1_700 < len(value) < 2_600
        assert len(event.data.product.skus) == 4


def test_the_same_seed_gives_the_same_bytes():
    assert [one.to_bytes() for one in of(Phase.UPDATE)] == [one.to_bytes() for one in of(Phase.UPDATE)]
    assert [one.id for one in of(Phase.UPDATE)] != [one.id for one in of(Phase.NOTHING_CHANGED)]


def test_the_warm_up_comes_first_and_has_products_of_its_own():
    numbers = list(product_numbers(AMOUNT))
    assert [number[0] for number in numbers] == ["W"] * 10 + ["P"] * 30
    assert len(set(numbers)) == 40


def test_an_update_changes_name_price_and_stamp():
    before, after = product("P-1", 1, 7), product("P-1", 2, 7)
    assert after.updated_at > before.updated_at
    assert after.name != before.name
    assert (after.regular_price or 0) > (before.regular_price or 0)
    assert after.images == before.images


def test_what_is_observed_again_is_the_same_product_at_a_later_time():
    for update, again in zip(of(Phase.UPDATE), of(Phase.NOTHING_CHANGED), strict=True):
        assert again.data.product == update.data.product
        assert again.data.observed_at > update.data.observed_at
        assert again.data.mode == "changed_only"


def test_ten_newer_versions_of_a_product_are_in_a_row():
    events = of(Phase.IN_A_ROW)
    assert Counter(event.subject for event in events) == dict.fromkeys(
        ["bench/W-000000", "bench/P-000000", "bench/P-000001", "bench/P-000002"], 10
    )
    assert [len({event.subject for event in events[n : n + 10]}) for n in range(0, 40, 10)] == [1, 1, 1, 1]
    stamps = [event.data.product.updated_at for event in events[10:20]]
    assert stamps == sorted(set(stamps))
    assert stamps[0] > newest_update(Phase.NOTHING_CHANGED)
    assert stamps[-1] == newest_update(Phase.IN_A_ROW)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.RE_DELIVERY])
def test_the_newest_stamp_is_that_of_the_messages_and_long_past(phase):
    newest = max(event.data.product.updated_at for event in of(phase))
    assert newest == newest_update(phase)
    assert newest < datetime(2026, 1, 1, tzinfo=UTC)
    last = json.loads(of(phase)[-1].to_bytes())
    assert last["data"]["product"]["updated_at"] == on_the_wire(newest)

"""What an operator's confirmation of a loss allows: DL-9, DL-10."""

from datetime import UTC, datetime

import pytest

from ingestor.errors import NothingToConfirm
from ingestor.importing.enumeration import ShrinkLimit, check_confirmation, still_holds
from ingestor.model import Counts, ImportRun

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LIMIT = ShrinkLimit()


def listing(import_id="i1", *, held_back=True, distinct=400):
    return ImportRun(
        id=import_id,
        shop_key="demo",
        mode="enumerate",
        then_sync=False,
        request_id="r",
        requested_at=NOW,
        state="finished",
        listed_at=NOW,
        held_back=held_back,
        counts=Counts(distinct=distinct),
    )


def test_the_newest_listing_that_held_back_can_be_confirmed():
    assert check_confirmation("i1", listing()) == 400


@pytest.mark.parametrize(
    ("newest", "words"),
    [
        (None, "no finished listing"),
        (listing("i2"), "i2 is the newest listing"),
        (listing(held_back=False), "held no removals back"),
    ],
)
def test_what_cannot_be_confirmed_is_refused_by_name(newest, words):
    with pytest.raises(NothingToConfirm, match=words):
        check_confirmation("i1", newest)


@pytest.mark.parametrize(
    ("confirmed", "listed", "lost_again", "holds"),
    [
        (400, 400, 0, True),
        (400, 410, 0, True),
        (400, 390, 10, True),
        (400, 280, 120, True),  # exactly 30 %
        (400, 279, 121, False),
        (400, 500, 200, False),  # as many products, but others
        (400, 0, 400, False),
        (10, 0, 10, False),  # an empty listing is never what a listing of ten was
        (0, 0, 0, True),  # the operator saw an empty shop
        (0, 50, 0, True),
    ],
)
def test_a_loss_that_has_grown_is_not_what_was_confirmed(confirmed, listed, lost_again, holds):
    assert still_holds(confirmed=confirmed, listed=listed, lost_again=lost_again, limit=LIMIT) is holds

"""The second witness: what a search by product number may answer, and what that says (DL-9)."""

from datetime import UTC, datetime
from unittest.mock import AsyncMock

import pytest

from ingestor.errors import UnexpectedReply
from ingestor.futureshop.client import Page
from ingestor.importing.absences import Absences
from ingestor.importing.enumeration import ShrinkLimit
from ingestor.records.source_map import SourceMap


@pytest.fixture
def answering():
    """`answering(asked, answered)`: the numbers that are held to be present."""
    nobody = AsyncMock()
    absences = Absences(nobody, nobody, nobody, SourceMap(), limit=ShrinkLimit(), clock=lambda: datetime.now(UTC))

    async def ask(asked, answered, next_url=None):
        async def read(_search, _url):
            return Page([{"productNo": number} for number in answered], next_url)

        return sorted(await absences._answering(asked, read))

    return ask


@pytest.mark.parametrize(
    ("asked", "answered", "present"),
    [
        (["abc", "x"], ["abc"], ["abc"]),
        (["abc"], ["ABC"], []),
        (["abc"], ["ABC", "abc"], ["abc"]),
        (["ＡＢＣ"], ["ABC"], []),
        (["ｶﾊﾞﾝ"], ["カバン"], []),
        (["abc"], ["abc "], []),
        (["straße"], ["STRASSE"], []),
    ],
)
async def test_a_search_that_overlooks_case_width_or_blanks_says_nothing_about_the_other(
    answering, asked, answered, present
):
    """MySQL's usual collations compare so; the shop would otherwise never prove an absence again."""
    assert await answering(asked, answered) == present


@pytest.mark.parametrize(
    ("answered", "next_url"), [(["other"], None), (["abc", "other"], None), ([""], None), (["abc"], "http://x/next")]
)
async def test_a_search_that_does_not_filter_is_no_witness(answering, answered, next_url):
    with pytest.raises(UnexpectedReply, match="gave other products than were asked for"):
        await answering(["abc"], answered, next_url)

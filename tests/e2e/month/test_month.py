"""A month in the sandbox: the services against a model of the merchant's rules, night by night.

A month takes minutes, so that every run only lives its first week. SHOPSYNC_MONTH_SEEDS names the seeds of whole
months, `7` or `1,5` or `1-20`; `make month SEEDS=20` runs that many and prints a table.
"""

import os

import pytest

from shopsync_rehearsals.month.run import NIGHTS
from shopsync_rehearsals.month.table import Table


def seeds(text):
    """`1-3,9` is 1, 2, 3 and 9."""
    ranges = [part.partition("-") for part in text.split(",")]
    return [seed for first, _, last in ranges for seed in range(int(first), int(last or first) + 1)]


NAMED = os.environ.get("SHOPSYNC_MONTH_SEEDS")
SEEDS, LENGTH = (seeds(NAMED), NIGHTS) if NAMED else ([1], 7)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def table():
    table = Table()
    table.head()
    return table


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_night_of_a_month_ends_as_the_rules_say(month, table, seed):
    async with month(seed) as one:
        try:
            tally = await one.run(LENGTH, table.progress)
        except BaseException as error:
            table.done(one.tally, wrong=error)
            raise
        table.done(tally)

    assert tally.nights == LENGTH

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shopsync_runtime.call_lines import lines_in, milliseconds, next_free, reserve

LENGTH = timedelta(milliseconds=100)
TAKE: list[dict[str, Any]] = [
    {"$set": {"asked_at": "$$NOW", "start": next_free()}},
    {"$set": {"next_at": {"$add": ["$start", milliseconds(LENGTH)]}}},
]


@pytest.fixture
def database(mongo_client, mongo_database):
    return mongo_client[mongo_database]


async def test_replicas_get_places_one_behind_the_other_from_the_first_on(database):
    """All create the document at once, and each retries until its reservation is in it."""
    taken = await asyncio.gather(*(reserve(lines_in(database, "lines"), "demo", TAKE) for _ in range(20)))
    starts = sorted(place["start"] for place in taken)
    assert starts == [starts[0] + number * LENGTH for number in range(20)]


async def test_a_line_that_nobody_used_for_a_while_begins_now(database):
    lines = lines_in(database, "lines")
    first = await reserve(lines, "demo", TAKE)
    assert first["start"] == first["asked_at"]
    await asyncio.sleep(0.15)
    second = await reserve(lines, "demo", TAKE)
    assert second["start"] == second["asked_at"]
    assert (await reserve(lines, "other", TAKE))["start"] <= second["next_at"], "lines do not wait for each other"


async def test_lead_and_gap_move_the_free_time(database):
    lines = lines_in(database, "lines")
    later: list[dict[str, Any]] = [
        {"$set": {"asked_at": "$$NOW", "start": next_free(lead=timedelta(seconds=1), gap=500)}}
    ]
    place = await reserve(lines, "demo", later)
    assert place["start"] - place["asked_at"] == timedelta(seconds=1)
    await lines.update_one({"_id": "demo"}, [{"$set": {"next_at": {"$add": ["$$NOW", 60_000]}}}])
    place = await reserve(lines, "demo", later)
    assert place["start"] == place["next_at"] + timedelta(milliseconds=500)


def test_durations_are_rounded_up():
    assert [milliseconds(timedelta(microseconds=each)) for each in (0, 1, 1000, 1001)] == [0, 1, 1, 2]

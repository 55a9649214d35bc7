"""A pytest plugin: the five services as processes of their own, on the session's Kafka and MongoDB.

They work against both sandboxes.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from shopsync_rehearsals.bus import Bus, Follower, connected
from shopsync_rehearsals.demo.stack import SHOP, Plan, Stack, running_on
from shopsync_rehearsals.demo.story import Story
from shopsync_rehearsals.installation import Installation

PATIENCE = 300


@dataclass
class Run:
    """A running system and the demo's story on it."""

    stack: Stack
    bus: Bus
    follower: Follower
    story: Story


@pytest.fixture
async def run_system(
    kafka_bootstrap: str, mongo_uri: str, topic_prefix: str, mongo_database: str, tmp_path: Path
) -> AsyncIterator[Callable[[Plan], Awaitable[Run]]]:
    """Start a system: `run = await run_system(Plan(…))`. Everything is stopped at the end of the test."""
    async with contextlib.AsyncExitStack() as resources:

        async def start(plan: Plan) -> Run:
            installation = Installation(kafka_bootstrap, mongo_uri, topic_prefix, mongo_database)
            stack = await resources.enter_async_context(running_on(installation, plan, tmp_path))
            bus, follower = await resources.enter_async_context(connected(kafka_bootstrap, topic_prefix, shop=SHOP))
            story = Story(stack, plan, bus, follower, progress=lambda *_: None, patience=PATIENCE)
            return Run(stack, bus, follower, story)

        yield start


@pytest.hookimpl(tryfirst=True)  # before -m selects by these markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "run_system" in getattr(item, "fixturenames", ()):
            item.add_marker("e2e")
            item.add_marker(pytest.mark.timeout(900))

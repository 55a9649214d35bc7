"""A rolling update and the way back: services of an older commit and of this one share groups, topics and documents."""

import asyncio
import json
import subprocess

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from older_version import replicas_of

from shopsync_cli.kafka.group_offsets import members
from shopsync_contracts.access import GROUPS
from shopsync_contracts.events import BODIES
from shopsync_contracts.examples import example
from shopsync_rehearsals.demo.checks import findings
from shopsync_rehearsals.demo.stack import Plan
from shopsync_testkit.polling import eventually

pytestmark = pytest.mark.upgrade

PLAN = Plan(products=60, seed=11)


async def all_share(run):
    """Every group of more than one member has given partitions to both."""
    admin = AIOKafkaAdminClient(bootstrap_servers=run.stack.installation.kafka_bootstrap)
    await admin.start()
    try:
        for one in GROUPS:
            found = await members(admin, one.full_name(run.stack.installation.topic_prefix))
            holders = set(found.holders.values())
            if found.count != 2 or len(holders) != 2:
                return False
        return True
    finally:
        await admin.close()


@pytest.mark.reliability(18)
async def test_two_versions_side_by_side_then_the_newer_then_back(run_system, older):
    run = await run_system(PLAN)
    newer = dict(run.stack.services)
    former = replicas_of(newer, older)
    await asyncio.gather(*(one.start() for one in former.values()))
    try:
        # Half of the partitions each: both fold, push, import and sweep.
        await eventually(lambda: all_share(run), timeout=120, what="partitions of every group for both versions")
        await run.story.open_shop()
        await run.story.import_products()
        await run.story.complete_and_switch_on()
        await run.story.sync("sync")

        # The update is finished.
        await asyncio.gather(*(one.terminate() for one in former.values()))
        await run.story.sync("sync again")

        # Back to the older one: it goes on with what the newer one wrote.
        await run.story.delete_upstream()
        await asyncio.gather(*(one.terminate() for one in newer.values()))
        await asyncio.gather(*(one.start() for one in former.values()))
        await run.story.sync("sync after going back")
        await run.story.sweep()
        outcome = await run.story.close()
    finally:
        await asyncio.gather(*(one.terminate() for one in former.values() if one.running))

    assert findings(outcome.facts) == []
    assert outcome.pushes["created"] == len(outcome.facts.expected_listed) > 10
    assert set(run.follower.stock_sent.values()) == {1}
    assert outcome.sweep.counts.deleted == 8


READ = """
import json, sys
from shopsync_contracts import parse
for document in json.load(sys.stdin):
    try:
        parse(json.dumps(document).encode())
    except Exception as error:
        print(type(error).__name__, document["type"], error)
"""


def test_the_older_version_reads_what_this_one_publishes(older):
    """With a member that it cannot know as well. New types would be dead letters there, and are named here."""
    documents = [json.loads(example(body)) for body in BODIES]
    documents += [{**one, "data": {**one["data"], "added_later": {"x": 1}}} for one in documents]
    read = subprocess.run([older, "-c", READ], input=json.dumps(documents), capture_output=True, text=True, check=True)
    assert read.stdout == ""

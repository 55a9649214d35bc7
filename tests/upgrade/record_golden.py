"""Records documents and messages as the older version writes them, into `golden/`. Run by hand when OLDER changes:

pytest -m "upgrade or not upgrade" tests/upgrade/record_golden.py --override-ini python_files=record_golden.py
"""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bson.json_util import RELAXED_JSON_OPTIONS, dumps
from older_version import replicas_of

from shopsync_contracts import TOPICS
from shopsync_contracts.events import ProductEdited, PushPauseSet, SyncRequested
from shopsync_rehearsals.demo.stack import SHOP, Plan
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.testing import records_of
from shopsync_testkit.polling import eventually

pytestmark = pytest.mark.upgrade

GOLDEN = Path(__file__).with_name("golden")
_DOCUMENTS = 3
_PER_TYPE = 2


async def test_record(run_system, older, mongo_client):
    run = await run_system(Plan(products=60, seed=11))
    former = replicas_of(run.stack.services, older, in_their_place=True)
    await asyncio.gather(*(one.terminate() for one in run.stack.services.values()))
    run.stack.services.update(former)
    await asyncio.gather(*(one.start() for one in former.values()))
    database = mongo_client[run.stack.installation.database]
    kept = {}
    try:
        await run.story.run()
        unknown = {
            "shop_key": SHOP,
            "product_no": "NOT-YET",
            "edited_at": datetime.now(UTC),
            "changes": {"brand_id": "1"},
        }
        await run.bus.publish([ProductEdited.model_validate(unknown, strict=False)])
        kept["held_messages"] = await eventually(
            lambda: database["held_messages"].find().to_list(), interval=0.02, timeout=30, what="a held message"
        )
        await run.bus.publish([PushPauseSet(shop_key=SHOP, paused=True, reason="golden")])
        await eventually(database["push_pauses"].find_one, what="the pause")
        await run.bus.publish([SyncRequested(shop_key=SHOP, reason="manual")])
        await eventually(database["push_jobs"].find_one, what="a job")
        for name in await database.list_collection_names(filter={"type": "collection"}):
            if not name.startswith("system.") and name not in kept:
                kept[name] = await database[name].find().limit(_DOCUMENTS).to_list()
    finally:
        await asyncio.gather(*(one.terminate() for one in former.values() if one.running))
    GOLDEN.mkdir(exist_ok=True)
    text = dumps(
        {name: kept[name] for name in sorted(kept)}, json_options=RELAXED_JSON_OPTIONS, ensure_ascii=False, indent=1
    )
    (GOLDEN / "documents.json").write_text(text + "\n", encoding="utf-8")
    (GOLDEN / "messages.json").write_text(await messages(run.stack.installation) + "\n", encoding="utf-8")


async def messages(place):
    """Some messages of each type of each topic: key and value as they were."""
    found = {}
    for spec in TOPICS:
        counts = {}
        for record in await records_of(KafkaConnection(place.kafka_bootstrap), spec.full_name(place.topic_prefix)):
            kind = json.loads(record.value)["type"] if record.value else ""
            counts[kind] = counts.get(kind, 0) + 1
            if counts[kind] <= _PER_TYPE:
                value = None if record.value is None else json.loads(record.value)
                found.setdefault(spec.name, []).append({"key": (record.key or b"").decode(), "value": value})
    return json.dumps(found, ensure_ascii=False, indent=1)

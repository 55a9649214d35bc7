"""`shopsync doctor` has nothing to say against a system that has just started."""

import asyncio
import json
import sys
from pathlib import Path

from shopsync_rehearsals.demo.stack import Plan
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import clean_environment

SHOPSYNC = str(Path(sys.executable).with_name("shopsync"))
FIRST_WRITTEN = {"catalog_leases", "janitor_leases"}


async def test_a_system_that_has_just_started_is_healthy(run_system, mongo_client, mongo_database):
    run = await run_system(Plan(products=5, seed=11))

    async def written():
        return set(await mongo_client[mongo_database].list_collection_names()) >= FIRST_WRITTEN

    await eventually(written, what="the first leases")
    process = await asyncio.create_subprocess_exec(
        SHOPSYNC, "doctor", "--json", env={**clean_environment(), **run.stack.environment}, stdout=-1, stderr=-1
    )
    output, errors = await process.communicate()
    told = json.loads(output)
    assert [one for one in told["findings"] if one["verdict"] == "fail"] == [], errors
    assert process.returncode == 0
    [indexes] = [one for one in told["findings"] if one["check"] == "indexes"]
    assert indexes["verdict"] == "ok"

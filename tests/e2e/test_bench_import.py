"""The benchmark of an import, small: its counts hold here too; its time and memory are for a quiet machine."""

import pytest

from shopsync_rehearsals.bench.imports.plan import ImportPlan
from shopsync_rehearsals.bench.imports.run import ImportBench, import_stack
from shopsync_rehearsals.bench.imports.verdict import judge_import
from shopsync_rehearsals.bench.usage import Meter
from shopsync_rehearsals.demo.stack import Names

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


async def test_every_product_of_a_large_shop_is_published_once(
    kafka_bootstrap, mongo_uri, topic_prefix, mongo_database, tmp_path
):
    plan = ImportPlan(products=2_010, rate=20, patience=90)
    names = Names(topic_prefix=topic_prefix, database=mongo_database)
    async with import_stack(plan, tmp_path, kafka_bootstrap=kafka_bootstrap, mongo_uri=mongo_uri, names=names) as stack:
        measured = await ImportBench(plan, stack, meter=Meter(), servers={}).run()
    assert [line for line in judge_import(measured) if line.good is False and not line.is_speed] == []
    assert (measured.messages, measured.calls["products"], measured.calls["inventory"]) == (2_010, 9, 21)
    assert measured.memory[-1].done == 100
    assert all(step.now > 0 for step in measured.memory)

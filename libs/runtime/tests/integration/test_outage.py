"""A broker that is away for a while: a few lines, not ready meanwhile, and nothing to be done afterwards."""

import asyncio

import httpx
import pytest

from shopsync_contracts import TOPICS
from shopsync_runtime.kafka.admin import apply_topics
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess


@pytest.mark.reliability(21)
@pytest.mark.needs_kafka("restart", "restart-durability")
async def test_an_outage_is_told_in_a_few_lines(
    kafka_broker, kafka_bootstrap, mongo_uri, mongo_database, topic_prefix, support_folder, tmp_path
):
    await apply_topics(KafkaConnection(kafka_bootstrap), topic_prefix, TOPICS)
    env = {
        "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "SHOPSYNC_MONGO_URI": mongo_uri,
        "SHOPSYNC_MONGO_DATABASE": mongo_database,
        "SHOPSYNC_TOPIC_PREFIX": topic_prefix,
        "SHOPSYNC_SHUTDOWN_GRACE": "10s",
        "PROBE_TOKEN": "abc123",
        "PYTHONPATH": str(support_folder),
    }
    probe = ServiceProcess("probe", env=env, folder=tmp_path)
    await probe.start()
    try:
        async with httpx.AsyncClient(base_url=probe.url, timeout=10.0, trust_env=False) as client:

            async def kafka():
                return (await client.get("/readyz")).json()["checks"]["kafka"]

            async def away():
                return (await kafka()).startswith("no answer from")

            async def back():
                return await kafka() == "ok"

            before = len(probe.log_lines())
            await kafka_broker.stop()
            try:
                await eventually(away, interval=0.5)
                assert (await client.get("/readyz")).status_code == 503
                first = await kafka()
                await asyncio.sleep(12)
            finally:
                await kafka_broker.start()
            await eventually(back, interval=0.5)
            told = probe.log_lines()[before:]
    finally:
        await probe.terminate()
    events = [line["event"] for line in told]
    assert first.startswith("no answer from")
    assert events.count("does not answer") == 1
    assert events.count("answers again") == 1
    assert len(told) < 20, [line["event"] for line in told]

"""A record that aiokafka cannot unpack: nothing else may be lost with it, and everything else goes on."""

import pytest
import structlog
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException

from shopsync_runtime import Runtime, consumer_group
from shopsync_sandbox.polling import eventually

UNREADABLE = b"unreadable"


def header_name():
    b"\xff".decode()


def checksum():
    raise CorruptRecordException("Invalid CRC")


@pytest.fixture
def heal(monkeypatch):
    """Records with this value fail where those do whose bytes are wrong; returns how to end that."""

    def begin(fault):
        unpack = PartitionRecords._consumer_record

        def failing(self, tp, record):
            if record.value == UNREADABLE:
                fault()
            return unpack(self, tp, record)

        monkeypatch.setattr(PartitionRecords, "_consumer_record", failing)
        return lambda: monkeypatch.setattr(PartitionRecords, "_consumer_record", unpack)

    return begin


@pytest.mark.parametrize("fault", [header_name, checksum])
@pytest.mark.parametrize("bad", [0, 1])
async def test_nothing_is_lost_beside_a_record_that_cannot_be_read(
    common, topics, spec, make_event, running, producer, committed, heal, fault, bad
):
    topic, group, good = spec.full_name(common.topic_prefix), consumer_group(common.topic_prefix, "p", "c"), 1 - bad
    handled = []

    async def handle(batch):
        handled.extend(delivery.event.id for delivery in batch)
        return []

    async def send(number, partition):
        event = make_event(number)
        await producer.send_and_wait(topic, event.to_bytes(), key=event.key(), partition=partition)

    await send(1, bad)
    await send(2, bad)
    await producer.send_and_wait(topic, UNREADABLE, key=b"demo/x", partition=bad)
    await send(3, bad)
    for number in range(11, 21):
        await send(number, good)
    end = heal(fault)
    runtime = Runtime("p", common)
    runtime.consume("c", [spec], handle, max_records=500)
    with structlog.testing.capture_logs() as logs:
        async with running(runtime):
            await eventually(lambda: {"e1", "e2", *(f"e{number}" for number in range(11, 21))} <= set(handled))
            await send(21, good)
            await eventually(lambda: handled[-1] == "e21")
            await eventually(lambda: [one for one in logs if "stands still" in one["event"]])
            assert (await committed(group))[topic, bad] == 2
            end()
            await eventually(lambda: "e3" in handled)
    assert handled.count("e3") == 1
    assert len(handled) == len(set(handled)), "and nothing comes twice"
    [told] = [one for one in logs if "stands still" in one["event"]]
    assert (told["partition"], told["offset"]) == (bad, 2)

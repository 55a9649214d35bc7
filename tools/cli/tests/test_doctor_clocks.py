"""`shopsync doctor` reads Kafka's clock off the last record of each partition."""

import asyncio
from types import SimpleNamespace

from aiokafka import TopicPartition

from shopsync_cli.doctor import clocks_check
from shopsync_cli.doctor.clocks_check import last_stamps


class Partitions:
    """A consumer whose partitions come one after another, as from several brokers."""

    def __init__(self, stamps):
        self._stamps = stamps
        self._came = set()

    async def beginning_offsets(self, parts):
        return dict.fromkeys(parts, 0)

    async def end_offsets(self, parts):
        return dict.fromkeys(parts, 1)

    def assign(self, parts):
        assert set(parts) == set(self._stamps)

    def seek(self, _part, offset):
        assert offset == 0

    async def getmany(self, *parts, timeout_ms):
        await asyncio.sleep(timeout_ms / 1e6)
        part = min((part for part in parts if self._stamps[part] is not None), default=None)
        if part is None:
            return {}
        self._came.add(part)
        return {part: [SimpleNamespace(timestamp=self._stamps[part])]}

    async def position(self, part):
        return 1 if part in self._came else 0


async def test_the_last_record_of_every_partition_is_looked_at(monkeypatch):
    """Not of those alone that came first."""
    a, b, silent = (TopicPartition("t", number) for number in range(3))
    assert await last_stamps(Partitions({a: 1, b: 9}), [a, b]) == ([1, 9], set())
    monkeypatch.setattr(clocks_check, "_READ_SECONDS", 0.05)
    assert await last_stamps(Partitions({a: 1, silent: None}), [a, silent]) == ([1], {silent})

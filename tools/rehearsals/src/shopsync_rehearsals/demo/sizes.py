"""What the demo's products take in MongoDB and Kafka: the figures of docs/sizing.md."""

from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from pymongo import AsyncMongoClient
from rich.table import Table

from shopsync_contracts import TOPICS
from shopsync_rehearsals.demo.stack import Stack
from shopsync_rehearsals.tables import table


async def sizes(stack: Stack) -> list[Table]:
    """One table of the collections and one of the topics that hold anything."""
    return [await _collections(stack), await _topics(stack)]


async def _collections(stack: Stack) -> Table:
    rows = table("MongoDB", "collection", "documents", "bytes each", "of them on disk", "in indexes, each")
    installation = stack.installation
    async with AsyncMongoClient[dict[str, Any]](installation.mongo_uri) as client:
        await client.admin.command("fsync")  # or what is on disk is as of the last checkpoint
        database = client[installation.database]
        for name in sorted(await database.list_collection_names(filter={"type": "collection"})):
            found = await database.command("collStats", name)
            _add(rows, name, found["count"], found["size"], found["storageSize"], found["totalIndexSize"])
        oplog = await client["local"].command("collStats", "oplog.rs")
        _add(rows, "(oplog)", oplog["count"], oplog["size"], oplog["storageSize"], 0)
    return rows


async def _topics(stack: Stack) -> Table:
    rows = table("Kafka", "topic", "messages", "bytes each, on disk")
    installation = stack.installation
    logs = _log_folder(installation.server_pids.get("Kafka"))
    consumer = AIOKafkaConsumer(bootstrap_servers=installation.kafka_bootstrap, isolation_level="read_committed")
    await consumer.start()
    try:
        for spec in TOPICS:
            topic = spec.full_name(installation.topic_prefix)
            ends = await consumer.end_offsets([TopicPartition(topic, number) for number in range(spec.partitions)])
            written = _written(logs, topic)
            if count := sum(ends.values()):
                rows.add_row(spec.name, f"{count:,}", "-" if written is None else f"{written / count:,.0f}")
    finally:
        await consumer.stop()
    return rows


def _add(rows: Table, name: str, count: int, *sizes: int) -> None:
    if count:
        rows.add_row(name, f"{count:,}", *(f"{size / count:,.0f}" for size in sizes))


def _log_folder(pid: int | None) -> Path | None:
    """The folder of a Kafka that is a process of ours: it runs in it. None for another one, or without /proc."""
    folder = Path(f"/proc/{pid}/cwd/logs")
    return folder if pid is not None and folder.is_dir() else None


def _written(logs: Path | None, topic: str) -> int | None:
    """Bytes of the topic's messages as the broker stores them, compressed and with their framing."""
    return None if logs is None else sum(log.stat().st_size for log in logs.glob(f"{topic}-*/*.log"))

"""One installation of shopsync on this machine: the servers it uses, its names on them, its topics."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

from shopsync_testkit.kafka import Broker
from shopsync_testkit.mongo import MongoServer
from shopsync_testkit.nodes import Controlled, ProcessNode
from shopsync_testkit.processes import clean_environment


@dataclass(frozen=True, slots=True)
class Installation:
    """Several installations can share the servers, each under a topic prefix and a database of its own.

    `server_pids`: process ids of the servers by name; None for a server that is not a process of ours. `replication`:
    copies of each topic. `own`: settings of one service alone, or of `topics`, who creates them: where each is a user
    of its own.
    """

    kafka_bootstrap: str
    mongo_uri: str
    topic_prefix: str = "shopsync"
    database: str = "shopsync"
    server_pids: Mapping[str, int | None] = field(default_factory=dict)
    replication: int = 1
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def on(cls, broker: Broker, server: MongoServer) -> Self:
        """An installation with the usual names."""
        pids = {"Kafka": _pid(broker), "MongoDB": _pid(server)}
        return cls(broker.bootstrap_servers, server.uri, server_pids=pids)

    def settings(self) -> dict[str, str]:
        """The settings that every service needs."""
        return {
            "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap,
            "SHOPSYNC_MONGO_URI": self.mongo_uri,
            "SHOPSYNC_MONGO_DATABASE": self.database,
            "SHOPSYNC_TOPIC_PREFIX": self.topic_prefix,
        }


async def apply_topics(settings: Mapping[str, str], folder: Path, replication: int = 1) -> None:
    """Run `shopsync topics apply`, as an operator would. Raises RuntimeError with its output."""
    command = [str(Path(sys.executable).with_name("shopsync")), "topics", "apply", "--replication", str(replication)]
    log = folder / "topics.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command, env={**clean_environment(), **settings}, stdout=output, stderr=output
        )
        if await process.wait() != 0:
            raise RuntimeError(f"`shopsync topics apply` failed:\n{log.read_text(encoding='utf-8')}")


def write_shops_file(folder: Path, futureshop: Mapping[str, Any]) -> Path:
    """Write the ingestor's shops file. `futureshop` is the sandbox's ready line."""
    shops = {key: {"base_url": futureshop["url"], **known} for key, known in futureshop["shops"].items()}
    path = folder / "shops.yaml"
    path.write_text(yaml.safe_dump(shops, allow_unicode=True), encoding="utf-8")
    path.chmod(0o600)  # it holds client secrets
    return path


def _pid(server: Controlled) -> int | None:
    return server.node.pid if isinstance(server.node, ProcessNode) else None

"""Several brokers of Apache Kafka as one cluster, for tests of what a single broker cannot show."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient

from shopsync_testkit.fault_proxy import Route
from shopsync_testkit.kafka import jars
from shopsync_testkit.kafka.apache import JVM, SETTINGS, ClassArchive
from shopsync_testkit.kafka.formatted import new_log_folder, random_id
from shopsync_testkit.kafka.server import ready_at
from shopsync_testkit.nodes import Members, ProcessNode, Program
from shopsync_testkit.polling import eventually
from shopsync_testkit.ports import free_port
from shopsync_testkit.scratch import new_folder, remove_folder

MEMBERS = 3
# Every acknowledged record is on two brokers at least, as in production.
_REPLICATED = {
    "default.replication.factor": MEMBERS,
    "min.insync.replicas": MEMBERS - 1,
    "offsets.topic.replication.factor": MEMBERS,
    "transaction.state.log.replication.factor": MEMBERS,
    "transaction.state.log.min.isr": MEMBERS - 1,
    "share.coordinator.state.topic.replication.factor": MEMBERS,
    "share.coordinator.state.topic.min.isr": MEMBERS - 1,
    # On a busy machine a broker may be late. Shorter limits would take that for a crash.
    "broker.session.timeout.ms": 5000,
    "controller.quorum.fetch.timeout.ms": 4000,
}
_HEAP = ("-Xms96m", "-Xmx320m")
# The last of a cluster that goes down has nobody left to hand its partitions to.
_STOP_SECONDS = 15.0
_HEALED_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class _Ports:
    """Of one member. `advertised` is where clients of the listener `behind_proxy` are sent."""

    direct: int
    controller: int
    behind_proxy: int
    advertised: int


class KafkaCluster(Members):
    """A running cluster of brokers that are controllers too.

    `bootstrap_servers` reaches the brokers directly. Clients that begin at `proxied_bootstrap_servers` only ever use
    the `routes`, which somebody has to serve, such as a FaultProxy.
    """

    version = f"Apache Kafka {jars.KAFKA_VERSION}"

    def __init__(
        self, nodes: Mapping[int, ProcessNode], ports: Mapping[int, _Ports], folders: Mapping[int, Path]
    ) -> None:
        super().__init__(list(nodes.values()))
        self._folders = folders
        self.bootstrap_servers = ",".join(f"127.0.0.1:{one.direct}" for one in ports.values())
        self.proxied_bootstrap_servers = ",".join(f"127.0.0.1:{one.advertised}" for one in ports.values())
        self.routes = [Route(one.advertised, one.behind_proxy) for one in ports.values()]

    async def controller(self) -> int:
        """The member that is the active controller. Clients are not told; the members keep it on disk."""
        return await eventually(self._leader, timeout=_HEALED_SECONDS, what="the election of a controller")

    def _leader(self) -> int:
        """The newest leader that a running member knows of; 0: none."""
        known = [
            json.loads((folder / "__cluster_metadata-0" / "quorum-state").read_text(encoding="utf-8"))
            for number, folder in self._folders.items()
            if self.node(number).pid is not None
        ]
        newest = max(known, key=lambda state: state["leaderEpoch"], default={"leaderId": 0})
        leader = int(newest["leaderId"])
        return leader if leader in self.numbers and self.node(leader).pid is not None else 0

    async def healed(self) -> None:
        """Wait until every replica of every partition is in sync again."""
        await eventually(self._in_sync, timeout=_HEALED_SECONDS, interval=0.2, what="all replicas in sync")

    async def _in_sync(self) -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            await admin.start()
            topics = await admin.describe_topics()
        finally:
            await admin.close()
        partitions = [partition for topic in topics for partition in topic["partitions"]]
        behind = [one for one in partitions if len(one["isr"]) < len(one["replicas"])]
        assert not behind, f"{len(behind)} of {len(partitions)} partitions lack a replica"  # noqa: S101 - polled
        return True


@contextlib.asynccontextmanager
async def cluster() -> AsyncIterator[KafkaCluster]:
    """Three brokers while the block runs; data and addresses outlive every restart. Raises Unavailable, StartFailed.

    Topics that are created without saying more have three replicas, of which two must be in sync.
    """
    running = await _prepared()
    try:
        await running.start()
        yield running
    finally:
        await running.dispose()


async def _prepared() -> KafkaCluster:
    java = await asyncio.to_thread(jars.java)
    libs = await asyncio.to_thread(jars.libs)
    numbers = range(1, MEMBERS + 1)
    ports = {number: _Ports(free_port(), free_port(), free_port(), free_port()) for number in numbers}
    voters = ",".join(f"{number}@127.0.0.1:{ports[number].controller}" for number in numbers)
    folders = {number: new_folder(f"kafka-{number}") for number in numbers}
    cluster_id = random_id()
    try:
        nodes = {number: _member(java, libs, number, ports[number], voters, folders[number]) for number in numbers}
        for number in numbers:
            await asyncio.to_thread(
                new_log_folder, java, libs, folders[number] / "logs", node_id=number, cluster_id=cluster_id
            )
    except BaseException:
        for folder in folders.values():
            remove_folder(folder)
        raise
    return KafkaCluster(nodes, ports, {number: folder / "logs" for number, folder in folders.items()})


def _member(java: Path, libs: Path, number: int, ports: _Ports, voters: str, folder: Path) -> ProcessNode:
    settings = folder / "server.properties"
    settings.write_text(_properties(number, ports, voters, folder / "logs"), encoding="utf-8")
    archive = ClassArchive(java, folder)
    flags = [] if archive.recording else archive.flags
    command = [str(java), *JVM, *_HEAP, *flags, "-cp", f"{libs}/*", "kafka.Kafka", str(settings)]
    program = Program(f"Kafka broker {number}", command, folder, ports.direct)
    ready = ready_at(f"127.0.0.1:{ports.direct}")
    return ProcessNode(program, ready, stop_seconds=_STOP_SECONDS)


def _properties(number: int, ports: _Ports, voters: str, logs: Path) -> str:
    settings = {
        **SETTINGS,
        **_REPLICATED,
        "process.roles": "broker,controller",
        "node.id": number,
        "controller.quorum.voters": voters,
        "listeners": f"PLAINTEXT://127.0.0.1:{ports.direct},CONTROLLER://127.0.0.1:{ports.controller},"
        f"PROXIED://127.0.0.1:{ports.behind_proxy}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{ports.direct},PROXIED://127.0.0.1:{ports.advertised}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": logs,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())

"""Apache Kafka in KRaft mode, from its Maven artifacts, as one java process."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from shopsync_testkit.backends import Wish
from shopsync_testkit.kafka import jars
from shopsync_testkit.kafka.formatted import NODE_ID, new_log_folder
from shopsync_testkit.kafka.server import KafkaServer, ready_at
from shopsync_testkit.nodes import ProcessNode, Program
from shopsync_testkit.ports import free_port
from shopsync_testkit.scratch import new_folder, remove_folder

# What differs from Kafka's defaults, and why.
SETTINGS = {
    # one node
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    # as in production: topics are declared, never created by a typing mistake
    "auto.create.topics.enable": "false",
    # quick tests: groups form at once, short sessions are allowed, deleted and superseded records are removed soon
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    # a crashed broker may register again after this long (default 9 s)
    "broker.session.timeout.ms": 2500,
    "broker.heartbeat.interval.ms": 500,
    "log.segment.delete.delay.ms": 1000,
    "log.cleaner.backoff.ms": 500,
    "log.retention.check.interval.ms": 2000,
    # small: many topics with 12 partitions on a shared machine
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.num.partitions": 2,
    "log.cleaner.dedupe.buffer.size": 4 * 1024 * 1024,
    "log.index.size.max.bytes": 256 * 1024,
    "num.network.threads": 2,
    "num.io.threads": 4,
    "background.threads": 2,
}
# A quick start matters more than peak speed: C1 only, one GC thread.
JVM = (
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xms128m",
    "-Xmx512m",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)


async def start(wish: Wish) -> KafkaServer:
    """Start it. Raises Unavailable without Java 17, or when the jars are missing and Maven is too."""
    port = wish.port or free_port()
    return await start_node(port, lambda controller_port: _listeners(port, controller_port))


async def start_node(
    port: int,
    listeners: Callable[[int], Mapping[str, object]],
    *,
    jvm: Sequence[str] = (),
    ready: Callable[[], Awaitable[bool]] | None = None,
) -> KafkaServer:
    """Start a broker at `port`. `listeners` makes its listeners and whatever differs, given the controller's port."""
    java = await asyncio.to_thread(jars.java)
    libs = await asyncio.to_thread(jars.libs)
    folder = new_folder("kafka")
    try:
        await asyncio.to_thread(new_log_folder, java, libs, folder / "logs")
        controller_port = free_port()
        address = f"127.0.0.1:{port}"
        settings = folder / "server.properties"
        settings.write_text(_properties(folder / "logs", controller_port, listeners(controller_port)), encoding="utf-8")
        archive = await asyncio.to_thread(ClassArchive, java, folder)
        command = [str(java), *JVM, *jvm, *archive.flags, "-cp", f"{libs}/*", "kafka.Kafka", str(settings)]
        node = ProcessNode(
            Program(f"Apache Kafka {jars.KAFKA_VERSION}", command, folder, port),
            ready or ready_at(address),
            stopped=archive.keep if archive.recording else None,
        )
        await node.start()
    except BaseException:
        remove_folder(folder)
        raise
    return KafkaServer(address, "apache", f"Apache Kafka {jars.KAFKA_VERSION}", node)


def _listeners(port: int, controller_port: int) -> dict[str, object]:
    return {
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
    }


def _properties(logs: Path, controller_port: int, listeners: Mapping[str, object]) -> str:
    settings = {
        "process.roles": "broker,controller",
        "node.id": NODE_ID,
        "controller.quorum.voters": f"{NODE_ID}@127.0.0.1:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": logs,
        **SETTINGS,
        **listeners,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


class ClassArchive:
    """The JVM's class data of an earlier Kafka, which halves the time to start (measured 1.6 s → 0.8 s).

    The first broker on a machine records it at its clean shutdown; later ones map it. The JVM ignores an archive that
    does not fit it or the jars.
    """

    def __init__(self, java: Path, folder: Path) -> None:
        self._kept = jars.home() / f"classes-{jars.java_version(str(java))}.jsa"
        self._recorded = folder / "classes.jsa"
        self.recording = not self._kept.exists()
        self.flags = (
            [f"-XX:ArchiveClassesAtExit={self._recorded}"]
            if self.recording
            else [f"-XX:SharedArchiveFile={self._kept}", "-Xshare:auto"]
        )

    def keep(self) -> None:
        """Move the recorded archive into the cache. Called after a clean shutdown."""
        if self._recorded.exists():
            unfinished = self._kept.with_name(f"{self._recorded.parent.name}.jsa")
            shutil.move(self._recorded, unfinished)  # another file system, perhaps; the rename below is atomic
            unfinished.replace(self._kept)

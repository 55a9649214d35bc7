"""The broker of the wheel `noida-db`: for development only. It starts in milliseconds and proves nothing."""

import importlib.metadata
import importlib.util
from pathlib import Path

from shopsync_testkit.backends import Unavailable, Wish
from shopsync_testkit.kafka.server import KafkaServer, ready_at
from shopsync_testkit.nodes import ProcessNode, Program
from shopsync_testkit.ports import free_port
from shopsync_testkit.scratch import new_folder, remove_folder

# Measured with noida-db 0.2.3. It never removes a dead member from its group: after a kill -9 only a member with the
# same group.instance.id gets the partitions again. It starts a new generation when one member joins, not when all have:
# a batch that is finished during a rebalance cannot be committed, and is delivered again.
LACKS = frozenset(
    {"commit-in-rebalance", "crash-durability", "declared-topics-only", "session-expiry", "short-sessions"}
)


async def start(wish: Wish) -> KafkaServer:
    """Start the binary of the wheel."""
    binary = _binary()
    port = wish.port or free_port()
    address = f"127.0.0.1:{port}"
    folder = new_folder("kafka")
    command = [str(binary), "start", "--only", "kafka", "--kafka-port", str(port), "--data-dir", str(folder / "data")]
    node = ProcessNode(Program("the embedded Kafka broker", command, folder, port), ready_at(address))
    try:
        await node.start()
    except BaseException:
        remove_folder(folder)
        raise
    version = f"noida-db {importlib.metadata.version('noida-db')}"
    return KafkaServer(address, "embedded", version, node, LACKS)


def _binary() -> Path:
    spec = importlib.util.find_spec("noida_db")
    if spec is None or spec.origin is None:
        raise Unavailable("the package noida-db is not installed (there is no wheel for this platform?)")
    binary = Path(spec.origin).with_name("noida-db")
    if not binary.exists():
        raise Unavailable(f"the package noida-db has no broker binary at {binary}")
    return binary

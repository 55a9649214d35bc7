"""The broker of the wheel `noida-db`: development only, starts in milliseconds, no proof of anything."""

import importlib.metadata
import importlib.util
import shutil
import tempfile
from pathlib import Path

from shopsync_sandbox.backends import Unavailable
from shopsync_sandbox.kafka.server import KafkaServer, ready_at
from shopsync_sandbox.nodes import ProcessNode
from shopsync_sandbox.ports import free_port

LACKS: frozenset[str] = frozenset()


async def start(auto: bool) -> KafkaServer:  # noqa: ARG001 - backends share one signature
    """Start the binary of the wheel."""
    binary = _binary()
    port = free_port()
    address = f"127.0.0.1:{port}"
    folder = Path(tempfile.mkdtemp(prefix="shopsync-kafka-"))
    command = [str(binary), "start", "--only", "kafka", "--kafka-port", str(port), "--data-dir", str(folder / "data")]
    node = ProcessNode("the embedded Kafka broker", command, folder, ready=ready_at(address))
    try:
        await node.start()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
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

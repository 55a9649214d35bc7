"""One Kafka Connect worker for the whole run: a JVM compiles its code while it runs, so a fresh one would be slow."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx

from shopsync_testkit import maven
from shopsync_testkit.cache import cache_folder
from shopsync_testkit.children import Child, StartFailed, spawn
from shopsync_testkit.kafka import jars
from shopsync_testkit.polling import NeverHappened, eventually
from shopsync_testkit.ports import free_port

SINK_VERSION = "1.13.0"
_ARTIFACTS = (
    f"org.apache.kafka:connect-runtime:{jars.KAFKA_VERSION}",
    f"org.apache.kafka:connect-json:{jars.KAFKA_VERSION}",
    f"org.mongodb.kafka:mongo-kafka-connect:{SINK_VERSION}",
    f"org.slf4j:slf4j-simple:{jars.SLF4J_VERSION}",
)
# Connect commits what it has written once a minute. Here its commits tell its progress.
_COMMIT_MS = 100
_START_SECONDS = 120.0
_ANSWER_SECONDS = 60.0
_JVM = ("-Xms256m", "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")


class ConnectWorker:
    """A running worker in standalone mode, controlled over its REST interface."""

    def __init__(self, child: Child, http: httpx.AsyncClient) -> None:
        self.child = child
        self._http = http

    async def create(self, name: str, settings: Mapping[str, str]) -> None:
        """Create a connector, which begins to work at once. Raises HTTPStatusError when a setting is wrong."""
        answer = await self._http.post("/connectors", json={"name": name, "config": dict(settings)})
        answer.raise_for_status()

    async def resume(self, name: str) -> None:
        """Let a stopped connector go on."""
        (await self._http.put(f"/connectors/{name}/resume")).raise_for_status()

    async def stop(self, name: str) -> None:
        """Stop a connector: its tasks end and leave their group, its settings stay."""
        (await self._http.put(f"/connectors/{name}/stop")).raise_for_status()
        await eventually(lambda: self._without_tasks(name), timeout=_ANSWER_SECONDS, what=f"the stop of {name}")

    async def failure(self, name: str) -> str | None:
        """The trace of a task that failed; None while all work."""
        status = (await self._http.get(f"/connectors/{name}/status")).raise_for_status().json()
        traces = [task.get("trace", "") for task in status["tasks"] if task["state"] == "FAILED"]
        return traces[0] if traces else None

    async def _without_tasks(self, name: str) -> bool:
        status = (await self._http.get(f"/connectors/{name}/status")).raise_for_status().json()
        return not status["tasks"]


def home() -> Path:
    """The cache folder of Connect with this sink."""
    return cache_folder() / f"connect-{jars.KAFKA_VERSION}-mongodb-{SINK_VERSION}"


def is_here() -> bool:
    """Whether the jars have been fetched before."""
    return (home() / "libs").is_dir()


@contextlib.asynccontextmanager
async def running(bootstrap: str, folder: Path) -> AsyncIterator[ConnectWorker]:
    """A worker while the block runs. Raises Unavailable without Java or the jars, StartFailed when it ends at once."""
    java = await asyncio.to_thread(jars.java)
    libs = await asyncio.to_thread(maven.fetched, "Kafka Connect with the MongoDB sink", _ARTIFACTS, home())
    port = free_port()
    settings = folder / "connect.properties"
    await asyncio.to_thread(settings.write_text, _properties(bootstrap, port, folder), encoding="utf-8")
    command = [str(java), *_JVM, "-cp", f"{libs}/*", "org.apache.kafka.connect.cli.ConnectStandalone", str(settings)]
    child = spawn("Kafka Connect", command, log=folder / "connect.log", cwd=folder)
    try:
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url, timeout=_ANSWER_SECONDS, trust_env=False) as http:
            try:
                await eventually(lambda: _answers(child, http), timeout=_START_SECONDS, interval=0.1, what="an answer")
            except NeverHappened as error:
                raise StartFailed(f"Kafka Connect did not start: {error}\n{child.tail()}") from error
            yield ConnectWorker(child, http)
    finally:
        await child.kill()


async def _answers(child: Child, http: httpx.AsyncClient) -> bool:
    if child.exit_code is not None:
        raise StartFailed(f"Kafka Connect ended with code {child.exit_code}:\n{child.tail()}")
    try:
        return (await http.get("/connectors")).is_success
    except httpx.TransportError:
        return False


def _properties(bootstrap: str, port: int, folder: Path) -> str:
    settings = {
        "bootstrap.servers": bootstrap,
        "listeners": f"http://127.0.0.1:{port}",
        "offset.storage.file.filename": folder / "connect.offsets",
        "offset.flush.interval.ms": _COMMIT_MS,
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
        "consumer.isolation.level": "read_committed",
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())

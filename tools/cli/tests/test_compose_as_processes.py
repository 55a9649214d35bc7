"""docker-compose.yml carried out with processes: its variables, MongoDB users, one-shots and demo shop."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from shopsync_testkit.children import Child, spawn
from shopsync_testkit.ports import free_port
from shopsync_testkit.processes import ServiceProcess, clean_environment, start_announced

ROOT = Path(__file__).parents[3]
CONTAINERS: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[
    "services"
]
SERVICES = ("ingestor", "catalog", "publisher", "janitor", "console")
REFERENCE = re.compile(r"\$\{(?P<name>[A-Z_]+):[-?](?P<text>[^}]*)\}")
VALUES = dict(
    line.split("=", 1)
    for line in (ROOT / "sandbox.env").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
# Characters that end the password, the host or the options when they stand in a connection string as they are.
VALUES |= {f"MONGO_{name.upper()}_PASSWORD": f"{name} p@ss/w:rd%2F#?&[]" for name in (*SERVICES, "operator")}
PRODUCTS = "40"


class Played:
    """Containers as processes on loopback. `where` maps the addresses inside the compose network."""

    def __init__(self, where: dict[str, str], prefix: str, folder: Path) -> None:
        self.folder = folder
        self._where = where
        self._prefix = prefix

    def text(self, value: str) -> str:
        value = REFERENCE.sub(lambda found: VALUES.get(found["name"], found["text"]), value)
        for inside, outside in self._where.items():
            value = value.replace(inside, outside)
        return value

    def environment(self, name: str) -> dict[str, str]:
        given = {key: self.text(str(value)) for key, value in CONTAINERS[name]["environment"].items()}
        return {
            **given,
            "SHOPSYNC_TOPIC_PREFIX": self._prefix,
            "SHOPSYNC_HTTP_HOST": "127.0.0.1",
            "INGESTOR_SHOPS_FILE": str(ROOT / VALUES["INGESTOR_SHOPS_FILE"]),
            "DEMO_PRODUCTS": PRODUCTS,
        }

    def command(self, name: str) -> list[str]:
        return [self.text(word) for word in CONTAINERS[name]["command"]]

    async def one_shot(self, name: str, program: list[str], seconds: float) -> str:
        """Run it to its end. Returns its output."""
        log = self.folder / f"{name}.log"
        env = {**clean_environment(), **self.environment(name)}
        child = spawn(name, [sys.executable, *program], log=log, env=env)
        code = await child.wait(seconds)
        if code is None:
            await child.kill()
        assert code == 0, log.read_text(encoding="utf-8")
        return log.read_text(encoding="utf-8")


@pytest_asyncio.fixture(loop_scope="session")
async def played(kafka_bootstrap: str, topic_prefix: str, guarded_mongo: int, tmp_path: Path) -> AsyncIterator[Played]:
    ports = {name: free_port() for name in ("futureshop", "tiktok", "publisher")}
    where = {
        "kafka:9092": kafka_bootstrap,
        "mongo:27017": f"127.0.0.1:{guarded_mongo}",
        "sandbox-root": "p-root",
        "futureshop:8091": f"127.0.0.1:{ports['futureshop']}",
        "tiktok:8092": f"127.0.0.1:{ports['tiktok']}",
        "publisher:8080": f"127.0.0.1:{ports['publisher']}",
        "/roles.json": str(ROOT / "deploy" / "mongo" / "roles.json"),
        "0.0.0.0": "127.0.0.1",  # noqa: S104 - what stands in compose, replaced here
    }
    yield Played(where, topic_prefix, tmp_path)


@pytest_asyncio.fixture(loop_scope="session")
async def system(played: Played) -> AsyncIterator[Played]:
    """Everything that `docker compose --env-file sandbox.env --profile sandbox up` starts, but the demo shop."""
    await played.one_shot("mongo-users", ["-m", "shopsync_cli", *played.command("mongo-users")], 90)
    await played.one_shot("topics", ["-m", "shopsync_cli", *played.command("topics")], 90)
    running: list[Child] = []
    services = [service_of(played, name) for name in SERVICES]
    try:
        running += await asyncio.gather(sandbox(played, "futureshop"), sandbox(played, "tiktok"))
        await asyncio.gather(*(service.start() for service in services))
        yield played
    finally:
        codes = await asyncio.gather(*(service.terminate() for service in services if service.running))
        await asyncio.gather(*(child.terminate(5) for child in running))
    assert set(codes) == {0}


def service_of(played: Played, name: str) -> ServiceProcess:
    port = int(played.text("publisher:8080").rpartition(":")[2]) if name == "publisher" else None
    return ServiceProcess(name, env=played.environment(name), folder=played.folder, http_port=port)


async def sandbox(played: Played, name: str) -> Child:
    port = played.text({"futureshop": "futureshop:8091", "tiktok": "tiktok:8092"}[name]).rpartition(":")[2]
    command = played.command(name)
    command[command.index("--port") + 1] = port
    command = [f"demo:{PRODUCTS}" if word.startswith("demo:") else word for word in command]
    child, _ = await start_announced(
        name, [sys.executable, "-m", "shopsync_sandbox", *command], log=played.folder / f"{name}.log"
    )
    return child


@pytest.mark.e2e
@pytest.mark.timeout(900)
async def test_the_demo_shop_ends_well_with_the_rights_and_variables_of_compose(system):
    told = await system.one_shot("demo-shop", [str(ROOT / "deploy" / "sandbox" / "demo_shop.py")], 300)
    assert "nightly sweep: " in told
    for name in SERVICES:
        assert "not authorized" not in (system.folder / f"{name}.log").read_text(encoding="utf-8")

"""The demo's story told to containers: every service and program of compose, from its image and hardened as there.

They use this machine's own network, since an engine without a bridge has no other; Kafka and MongoDB are the tests'.
"""

import asyncio
import re
from pathlib import Path

import httpx
import pytest
import yaml
from image_builds import HARDENED, Images

from shopsync_testkit.polling import eventually
from shopsync_testkit.ports import free_port

pytestmark = [pytest.mark.images, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]
SERVICES = ("ingestor", "catalog", "publisher", "janitor", "console")
CONTAINERS = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
VALUES = dict(
    line.split("=", 1)
    for line in (ROOT / "sandbox.env").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
PRODUCTS = "40"
REFERENCE = re.compile(r"\$\{([A-Z_]+):[-?][^}]*\}")
_READY_SECONDS = 300


class Containers:
    """Containers of docker-compose.yml on this machine's network, with the addresses that things have here."""

    def __init__(self, images: Images, ports: dict[str, int], kafka: str, prefix: str, database: str) -> None:
        self._images, self._docker, self.ports = images, images.docker, ports
        self._prefix, self._database = prefix, database
        self._where = {
            "kafka:9092": kafka,
            "futureshop:8091": f"127.0.0.1:{ports['futureshop']}",
            "tiktok:8092": f"127.0.0.1:{ports['tiktok']}",
            "publisher:8080": f"127.0.0.1:{ports['publisher']}",
            "8091": str(ports["futureshop"]),
            "8092": str(ports["tiktok"]),
        }
        self.running: dict[str, str] = {}

    def text(self, value: str) -> str:
        value = REFERENCE.sub(lambda found: VALUES.get(found[1], ""), value.replace("${DEMO_PRODUCTS:-200}", PRODUCTS))
        for inside, outside in self._where.items():
            value = re.sub(rf"(?<!\d){re.escape(inside)}\b", outside, value)
        return value

    def start(self, name: str, program: str, *options: str, command: list[str], **variables: str) -> None:
        given = {key: self.text(str(value)) for key, value in CONTAINERS[name].get("environment", {}).items()}
        given |= {"SHOPSYNC_TOPIC_PREFIX": self._prefix, "SHOPSYNC_MONGO_DATABASE": self._database} | variables
        # Kafka and MongoDB of the tests know no passwords.
        settings = [
            word for key, value in given.items() if value and "PASSWORD" not in key for word in ("-e", f"{key}={value}")
        ]
        started = self._docker.run(
            "run",
            "-d",
            "--network=host",
            *HARDENED,
            *options,
            *settings,
            self._images.of(program),
            *map(self.text, command),
        )
        assert started.returncode == 0, started.stderr
        self.running[name] = started.stdout.strip()

    async def ended(self, name: str, seconds: float) -> str:
        """Its output, when it has ended well."""

        def has_ended():
            assert self.state(name)[0] != "running", self.logs(name)[-3000:]
            return True

        await eventually(has_ended, timeout=seconds, interval=0.5, what=f"the end of {name}")
        assert self.state(name) == ["exited", "0"], self.logs(name)[-3000:]
        return self.logs(name)

    def state(self, name: str) -> list[str]:
        shown = self._docker.run("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", self.running[name])
        return shown.stdout.split()

    def logs(self, name: str) -> str:
        shown = self._docker.run("logs", self.running[name])
        return shown.stdout + shown.stderr

    def stop(self, name: str) -> None:
        assert self._docker.run("stop", "-t", "30", self.running[name]).returncode == 0

    def remove(self) -> None:
        for container in self.running.values():
            self._docker.run("rm", "-f", container)


@pytest.fixture
def containers(images, kafka_bootstrap, mongo_uri, topic_prefix, mongo_database):
    ports = {name: free_port() for name in (*SERVICES, "futureshop", "tiktok")}
    made = Containers(images, ports, kafka_bootstrap, topic_prefix, mongo_database)
    try:
        made.start("topics", "ops", command=CONTAINERS["topics"]["command"])
        for name in ("futureshop", "tiktok"):
            made.start(name, "sandbox", command=CONTAINERS[name]["command"])
        for name in SERVICES:
            made.start(
                name,
                name,
                "-v",
                f"{ROOT}/deploy/sandbox:/config/shops:ro",
                command=[],
                SHOPSYNC_MONGO_URI=mongo_uri,
                SHOPSYNC_HTTP_HOST="127.0.0.1",
                SHOPSYNC_HTTP_PORT=str(ports[name]),
            )
        yield made
    finally:
        made.remove()


async def test_the_story_ends_well_and_every_container_stops_in_time(containers, kafka_broker):
    await containers.ended("topics", 120)
    await asyncio.gather(*(ready(containers, name) for name in SERVICES))
    containers.start(
        "demo-shop",
        "sandbox",
        "-v",
        f"{ROOT}/deploy/sandbox/demo_shop.py:/demo_shop.py:ro",
        "--entrypoint",
        "/app/.venv/bin/python",
        command=["/demo_shop.py"],
    )
    assert "nightly sweep: " in await containers.ended("demo-shop", 900)
    for name in SERVICES:
        containers.stop(name)
        assert containers.state(name) == ["exited", "0"], containers.logs(name)[-2000:]


async def ready(containers, name):
    """Until /readyz answers 200."""
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:

        async def is_ready():
            try:
                answer = await client.get(f"http://127.0.0.1:{containers.ports[name]}/readyz")
                problem = "" if answer.status_code == 200 else answer.text
            except httpx.TransportError as error:
                problem = repr(error)
            assert not problem, f"{problem}\n{containers.logs(name)[-2000:]}"
            return True

        await eventually(is_ready, timeout=_READY_SECONDS, interval=0.5, what=f"readiness of {name}")

"""Starts services and reads from their logs where the seconds went."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from shopsync_rehearsals.bench.start.plan import SHOP, SUBSCRIPTIONS, Plan, messages, own_settings
from shopsync_rehearsals.bench.usage import cpu_seconds
from shopsync_rehearsals.bus import connected
from shopsync_rehearsals.installation import Installation, apply_topics
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess

_LOOK_SECONDS = 0.02
_FIRST = "first batch handled"


@dataclass(frozen=True, slots=True)
class Start:
    """One start of a service, in seconds since its process began. `cpu`: its processor time until the message.

    `number` 0 is the first start of all: its consumer groups, collections and indexes do not exist yet.
    """

    service: str
    number: int
    phases: dict[str, float]
    started: float
    first_message: float
    cpu: float


class Run:
    """Starts of the four services on one installation."""

    def __init__(self, plan: Plan, installation: Installation, folder: Path) -> None:
        self._plan = plan
        self._installation = installation
        self._folder = folder

    async def run(self) -> list[Start]:
        """All starts, in order. Raises NeverHappened when a service does not handle its message in time."""
        settings = self._installation.settings()
        await apply_topics(settings, self._folder)
        shops_file = self._folder / "shops.yaml"
        shop = {"base_url": "http://127.0.0.1:9", "client_id": "id", "client_secret": "secret"}
        shops_file.write_text(yaml.safe_dump({SHOP: shop}), encoding="utf-8")
        own = own_settings(str(shops_file))
        starts: list[Start] = []
        for number in range(self._plan.rounds):
            await self._publish()
            services = [self._service(name, number, {**settings, **own.get(name, {})}) for name in SUBSCRIPTIONS]
            if self._plan.together:
                starts += await asyncio.gather(*(self._start(one, number) for one in services))
            else:
                starts += [await self._start(one, number) for one in services]
        return starts

    def _service(self, name: str, number: int, env: dict[str, str]) -> ServiceProcess:
        named = {"SHOPSYNC_INSTANCE_ID": f"{name}-0"} if self._plan.named else {}
        return ServiceProcess(name, env={**env, **named}, folder=self._folder, name=f"{name}-{number}")

    async def _publish(self) -> None:
        installation = self._installation
        async with connected(installation.kafka_bootstrap, installation.topic_prefix) as (bus, _):
            await bus.publish(messages())

    async def _start(self, service: ServiceProcess, number: int) -> Start:
        await service.start(wait=False)
        try:
            subscription = SUBSCRIPTIONS[service.module]
            await eventually(
                lambda: len(_lines(service, subscription)) == 2,
                timeout=self._plan.patience,
                interval=_LOOK_SECONDS,
                what=f"the first message of {service.name}",
            )
            lines = _lines(service, subscription)
            cpu = cpu_seconds(service.child.pid) or 0.0
        finally:
            await service.terminate()
        started, first = lines["started"], lines[_FIRST]
        return Start(service.module, number, started["seconds"], started["after_s"], first["after_s"], cpu)


def _lines(service: ServiceProcess, subscription: str) -> dict[str, Any]:
    """The log lines that tell of the start, by their event. Raises RuntimeError when the service has ended."""
    if service.child.exit_code is not None:
        raise RuntimeError(f"{service.name} ended with code {service.child.exit_code}:\n{service.tail()}")
    told = {}
    for line in service.log_lines():
        if line["event"] == "started" or (
            line["event"] == "first batch handled" and line["subscription"] == subscription
        ):
            told[line["event"]] = line
    return told

"""Sends webhooks: signed over the exact bytes, at least once, with the documented retries."""

import asyncio
import heapq
import itertools
from dataclasses import dataclass, field

import httpx
import structlog

from shopsync_sandbox.tiktok.protocol.signing import webhook_sign
from shopsync_sandbox.tiktok.state.world import World

_AT_ONCE = 8
_log = structlog.get_logger("tiktok-sandbox")


@dataclass(order=True, slots=True)
class Delivery:
    """One webhook to one address; `due` in Unix seconds."""

    due: float
    order: int
    address: str = field(compare=False)
    body: bytes = field(compare=False)
    attempt: int = field(compare=False, default=0)


@dataclass(slots=True)
class Tally:
    """Results of deliveries."""

    delivered: int = 0
    failed_attempts: int = 0
    dropped: int = 0


class DeliveryQueue:
    """Deliveries that are waiting or being sent."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = itertools.count(1)
        self._queue: list[Delivery] = []
        self._in_flight: set[asyncio.Task[None]] = set()
        self.tally = Tally()
        #: nothing is sent while this is set
        self.held = False

    @property
    def waiting(self) -> int:
        """Deliveries that are neither accepted by their receiver nor given up."""
        return len(self._queue) + len(self._in_flight)

    def send(self, address: str, body: bytes) -> None:
        """Queue one webhook for one address, as often as the settings say."""
        settings, now = self._world.settings, self._world.real_time()
        for _ in range(settings.webhook_copies):
            number = next(self._numbers)
            # newest first: all that is due counts as due at the same time
            due, order = (0.0, -number) if settings.webhook_reverse else (now, number)
            heapq.heappush(self._queue, Delivery(due, order, address, body))

    async def run(self) -> None:
        """Deliver until cancelled, several at a time."""
        limits = httpx.Limits(max_connections=_AT_ONCE * 2)
        async with (
            httpx.AsyncClient(limits=limits, follow_redirects=False, trust_env=False) as client,
            asyncio.TaskGroup() as group,
        ):
            while True:
                self._start_due(group, client)
                await asyncio.sleep(0.02)

    def _start_due(self, group: asyncio.TaskGroup, client: httpx.AsyncClient) -> None:
        now = self._world.real_time()
        at_once = 1 if self._world.settings.webhook_reverse else _AT_ONCE
        while self._queue and not self.held and self._queue[0].due <= now and len(self._in_flight) < at_once:
            task = group.create_task(self._deliver(client, heapq.heappop(self._queue)))
            self._in_flight.add(task)
            task.add_done_callback(self._in_flight.discard)

    async def _deliver(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        app = self._world.app
        headers = {
            "authorization": webhook_sign(app.app_key, app.app_secret, delivery.body),
            "content-type": "application/json",
        }
        problem: str | None
        try:
            async with asyncio.timeout(self._world.settings.webhook_timeout_seconds):
                reply = await client.post(delivery.address, content=delivery.body, headers=headers, timeout=None)
            problem = None if reply.status_code == httpx.codes.OK else f"HTTP {reply.status_code}"
        except TimeoutError:
            problem = "no answer in time"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            problem = f"{type(error).__name__}: {error}"
        if problem is None:
            self.tally.delivered += 1
        else:
            self._retry(delivery, problem)

    def _retry(self, delivery: Delivery, problem: str) -> None:
        waits = self._world.settings.webhook_retry_seconds
        self.tally.failed_attempts += 1
        if delivery.attempt >= len(waits):
            self.tally.dropped += 1
            _log.warning("webhook dropped", address=delivery.address, problem=problem)
            return
        delivery.due = self._world.real_time() + waits[delivery.attempt]
        delivery.attempt += 1
        heapq.heappush(self._queue, delivery)

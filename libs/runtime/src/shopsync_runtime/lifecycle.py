"""The order in which the parts of a service start and stop."""

import asyncio
import time
from collections.abc import Awaitable

import structlog

from shopsync_runtime.background import BackgroundTask
from shopsync_runtime.failures import is_passing
from shopsync_runtime.http_server import HttpServer
from shopsync_runtime.runtime import Hook, Runtime
from shopsync_runtime.wording import error_text

log = structlog.get_logger(__name__)

_STEP_SECONDS = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0


async def start(runtime: Runtime) -> None:
    """Start the producer, the service's hooks, subscriptions (until the first assignment) and background tasks."""
    await runtime.producer.start()
    runtime.phases.ended("producer")
    for hook in runtime.start_hooks:
        await _patiently(hook, runtime.common.start_timeout.total_seconds())
    runtime.phases.ended("hooks")
    await runtime.app.start()
    runtime.phases.ended("subscriptions")
    runtime.background("housekeeping", runtime.housekeeping)
    for task in runtime.tasks:
        task.start()
    runtime.state = "running"


async def _patiently(hook: Hook, patience: float) -> None:
    """Again while a broker or a primary is away: each of several may be lost after Kafka and MongoDB have answered."""
    deadline, pause = time.monotonic() + patience, _FIRST_PAUSE
    while True:
        try:
            return await hook()
        except Exception as error:
            left = deadline - time.monotonic()
            if left <= 0 or not is_passing(error):
                raise
            log.warning("waiting", what="start", problem=error_text(error), giving_up_in_s=round(left))
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


async def stop(runtime: Runtime, http: HttpServer | None) -> bool:
    """Stop in reverse order. The batch in flight is finished and committed before anything that it needs is closed.

    A handler that waits for something returns its batch at once, because it may wait for another subscription's work.

    Every step has a timeout, even if it swallows its cancellation. Returns False when work was cut short: a batch in
    flight, a background task or a stop hook. A connection that does not close in time only causes a warning, since
    broker and database notice it anyway.
    """
    runtime.state = "stopping"
    runtime.shutdown.begin()
    grace = runtime.common.shutdown_grace.total_seconds()
    drained = await _all("drain", [one.drain(grace) for one in runtime.subscriptions], grace + _STEP_SECONDS)
    ended = await _all("background", [_end(task) for task in runtime.tasks], grace)
    await _step("consumers", runtime.app.stop(), _STEP_SECONDS)
    hooks = [await _step("stop hook", hook(), _STEP_SECONDS) for hook in reversed(runtime.stop_hooks)]
    await _step("producer", runtime.producer.stop(), _STEP_SECONDS)
    if http is not None:
        await _step("http", http.stop(), _STEP_SECONDS)
    await _step("mongo", runtime.close_mongo(), _STEP_SECONDS)
    return drained and ended and all(hooks)


async def _end(task: BackgroundTask) -> None:
    await task.stop()


async def _all(what: str, steps: list[Awaitable[None]], within: float) -> bool:
    return await _step(what, _gather(steps), within)


async def _gather(steps: list[Awaitable[None]]) -> None:
    await asyncio.gather(*steps)


async def _step(what: str, step: Awaitable[None], within: float) -> bool:
    # `asyncio.timeout` would wait until the step accepts its cancellation, which aiokafka does not always do.
    task = asyncio.ensure_future(step)
    done, _ = await asyncio.wait({task}, timeout=within)
    if not done:
        task.cancel()
        log.warning("stop takes too long, going on", step=what, waited_s=within)
        return False
    if task.cancelled() or (error := task.exception()) is None:
        return not task.cancelled()
    log.error("stop failed, going on", step=what, exc_info=error)
    return False

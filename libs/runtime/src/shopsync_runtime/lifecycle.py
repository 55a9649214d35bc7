"""The order in which the parts of a service start and stop."""

import asyncio
from collections.abc import Awaitable

import structlog

from shopsync_runtime.background import BackgroundTask
from shopsync_runtime.http import HttpServer
from shopsync_runtime.runtime import Runtime

log = structlog.get_logger(__name__)

_STEP_SECONDS = 10.0


async def start(runtime: Runtime) -> None:
    """Producer, the service's hooks, subscriptions (waits for the first assignment), background tasks."""
    await runtime.producer.start()
    for hook in runtime.start_hooks:
        await hook()
    await runtime.app.start()
    runtime.background("housekeeping", runtime.keep_house)
    for task in runtime.tasks:
        task.start()
    runtime.state = "running"


async def stop(runtime: Runtime, http: HttpServer | None) -> bool:
    """The reverse. The batch in hand is finished and committed before anything it needs is closed.

    Every step is bounded. Returns False when one did not end properly; the others are done all the same.
    """
    runtime.state = "stopping"
    grace = runtime.common.shutdown_grace.total_seconds()
    drained = await _all("drain", [one.drain(grace) for one in runtime.subscriptions], grace + _STEP_SECONDS)
    ended = await _all("background", [_end(task) for task in runtime.tasks], grace)
    clean = [drained, ended, await _step("consumers", runtime.app.stop(), _STEP_SECONDS)]
    clean += [await _step("stop hook", hook(), _STEP_SECONDS) for hook in reversed(runtime.stop_hooks)]
    clean.append(await _step("producer", runtime.producer.stop(), _STEP_SECONDS))
    if http is not None:
        clean.append(await _step("http", http.stop(), _STEP_SECONDS))
    clean.append(await _step("mongo", runtime.mongo.close(), _STEP_SECONDS))
    return all(clean)


async def _end(task: BackgroundTask) -> None:
    await task.stop()


async def _all(what: str, steps: list[Awaitable[None]], within: float) -> bool:
    return await _step(what, _gather(steps), within)


async def _gather(steps: list[Awaitable[None]]) -> None:
    await asyncio.gather(*steps)


async def _step(what: str, step: Awaitable[None], within: float) -> bool:
    try:
        async with asyncio.timeout(within):
            await step
    except TimeoutError:
        log.warning("stop takes too long, going on", step=what, waited_s=within)
        return False
    except Exception:
        log.exception("stop failed, going on", step=what)
        return False
    return True

"""Waits for the services that a process cannot do without, for a limited time, and logs what it waits for."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiokafka.errors import KafkaError

from shopsync_runtime.errors import StartError
from shopsync_runtime.kafka.admin import missing_topics
from shopsync_runtime.mongo import hosts_of, ping_error
from shopsync_runtime.runtime import Runtime
from shopsync_runtime.wording import error_text

log = structlog.get_logger(__name__)

# Missing topics rarely appear by themselves, so an operator should soon be told.
_TOPICS_TIMEOUT = 20.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
_MONGO_PING = 5.0

Problem = str | None


async def wait_for_dependencies(runtime: Runtime, topics: Sequence[str]) -> None:
    """Return once MongoDB is writable, Kafka answers and all topics exist. Raises StartError with one clear line."""
    common = runtime.common
    patience = common.start_timeout.total_seconds()
    outcomes = await asyncio.gather(
        _wait("mongo", lambda: _mongo(runtime), patience),
        _wait_for_kafka(common.kafka_bootstrap_servers, topics, patience),
        return_exceptions=True,
    )
    problems = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for problem in problems:
        if not isinstance(problem, StartError):
            raise problem
    if problems:
        raise StartError("; ".join(str(problem) for problem in problems))


async def _wait_for_kafka(servers: str, topics: Sequence[str], patience: float) -> None:
    started = time.monotonic()
    await _wait("kafka", lambda: _kafka(servers), patience)
    left = patience - (time.monotonic() - started)
    await _wait("topics", lambda: _topics(servers, topics), min(_TOPICS_TIMEOUT, max(left, 0.0)))


async def _wait(what: str, ask: Callable[[], Awaitable[Problem]], patience: float) -> None:
    deadline, pause = time.monotonic() + patience, _FIRST_PAUSE
    while (problem := await ask()) is not None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise StartError(problem)
        log.warning("waiting", what=what, problem=problem, giving_up_in_s=round(left))
        await asyncio.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)


async def _mongo(runtime: Runtime) -> Problem:
    error = await ping_error(runtime.mongo, _MONGO_PING)
    if error is None:
        return None
    hosts = hosts_of(runtime.common.mongo_uri.get_secret_value())
    return f"MongoDB at {hosts} cannot be used: {error}; check SHOPSYNC_MONGO_URI"


async def _kafka(servers: str) -> Problem:
    try:
        await missing_topics(servers, [])
    except (KafkaError, OSError) as error:
        return f"Kafka at {servers} cannot be reached: {error_text(error)}; check SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS"
    return None


async def _topics(servers: str, topics: Sequence[str]) -> Problem:
    try:
        missing = await missing_topics(servers, topics)
    except (KafkaError, OSError) as error:
        return f"Kafka at {servers} does not list its topics: {error_text(error)}"
    if not missing:
        return None
    return f"Kafka at {servers} lacks topics: {', '.join(missing)}; create them with `shopsync topics apply`"

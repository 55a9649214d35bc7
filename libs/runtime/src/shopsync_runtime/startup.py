"""Waits for the services that a process cannot do without, for a limited time, and logs what it waits for."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiokafka.errors import KafkaError

from shopsync_runtime.errors import StartError
from shopsync_runtime.kafka.admin import missing_topics
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.diagnosis import why_not
from shopsync_runtime.mongo import hosts_of, ping_error
from shopsync_runtime.runtime import Runtime
from shopsync_runtime.wording import error_text

log = structlog.get_logger(__name__)

# Missing topics rarely appear by themselves, so an operator should soon be told.
_TOPICS_TIMEOUT = 20.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
_MONGO_PING = 5.0
_TELL_SECONDS = 10.0

Problem = str | None


async def wait_for_dependencies(runtime: Runtime, topics: Sequence[str]) -> None:
    """Return once MongoDB is writable, Kafka answers and all topics exist. Raises StartError with one clear line."""
    common = runtime.common
    patience = common.start_timeout.total_seconds()
    outcomes = await asyncio.gather(
        _wait("mongo", lambda: _mongo(runtime), patience),
        _wait_for_kafka(runtime.kafka, topics, patience),
        return_exceptions=True,
    )
    problems = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for problem in problems:
        if not isinstance(problem, StartError):
            raise problem
    if problems:
        raise StartError("; ".join(str(problem) for problem in problems))


async def _wait_for_kafka(connection: KafkaConnection, topics: Sequence[str], patience: float) -> None:
    started = time.monotonic()
    await _wait("kafka", lambda: _kafka(connection), patience)
    left = patience - (time.monotonic() - started)
    await _wait("topics", lambda: _topics(connection, topics), min(_TOPICS_TIMEOUT, max(left, 0.0)))


async def _wait(what: str, ask: Callable[[], Awaitable[Problem]], patience: float) -> None:
    deadline, pause = time.monotonic() + patience, _FIRST_PAUSE
    told, tell_at = "", 0.0
    while (problem := await ask()) is not None:
        now = time.monotonic()
        left = deadline - now
        if left <= 0:
            raise StartError(problem)
        if problem != told or now >= tell_at:
            told, tell_at = problem, now + _TELL_SECONDS
            log.warning("waiting", what=what, problem=problem, giving_up_in_s=round(left))
        await asyncio.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)


async def _mongo(runtime: Runtime) -> Problem:
    error = await ping_error(runtime.mongo, _MONGO_PING)
    if error is None:
        return None
    hosts = hosts_of(runtime.common.mongo_uri.get_secret_value())
    return f"MongoDB at {hosts} cannot be used: {error}"


async def _kafka(connection: KafkaConnection) -> Problem:
    try:
        await missing_topics(connection, [])
    except (KafkaError, OSError) as error:
        found = await why_not(connection)
        away = f"cannot be reached: {error_text(error)}; check SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS"
        return f"Kafka at {connection.bootstrap_servers} {found or away}"
    return None


async def _topics(connection: KafkaConnection, topics: Sequence[str]) -> Problem:
    try:
        missing = await missing_topics(connection, topics)
    except (KafkaError, OSError) as error:
        return f"Kafka at {connection.bootstrap_servers} does not list its topics: {error_text(error)}"
    if not missing:
        return None
    names = ", ".join(missing)
    return f"Kafka at {connection.bootstrap_servers} lacks topics: {names}; create them with `shopsync topics apply`"

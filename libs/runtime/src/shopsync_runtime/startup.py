"""Waits for the services that a process cannot do without, for a limited time, and logs what it waits for."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import structlog
from aiokafka.errors import KafkaError

from shopsync_contracts import TOPICS
from shopsync_contracts.access import Acl, principal_of
from shopsync_runtime.errors import StartError
from shopsync_runtime.kafka.admin import admin_client
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.diagnosis import why_not
from shopsync_runtime.kafka.identity import who
from shopsync_runtime.kafka.permissions import Findings, inspect
from shopsync_runtime.mongo import hosts_of, ping_error
from shopsync_runtime.runtime import Runtime
from shopsync_runtime.wording import error_text

log = structlog.get_logger(__name__)

_NEEDED = frozenset({"Read", "Write", "Describe"})
# What only people can help with rarely comes by itself, so they should soon be told.
_PEOPLE_SECONDS = 20.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
_MONGO_PING = 5.0
_TELL_SECONDS = 10.0
_NAMED_RIGHTS = 6


class Problem(NamedTuple):
    """What is waited for, in words. `needs_people`: waiting alone will hardly help."""

    text: str
    needs_people: bool = False


async def wait_for_dependencies(runtime: Runtime) -> None:
    """Return once MongoDB is writable, Kafka answers, and the topics and rights that the service needs are there.

    Raises StartError with one clear line.
    """
    patience = runtime.common.start_timeout.total_seconds()
    wanted = wanted_rights(runtime)
    outcomes = await asyncio.gather(
        _wait("mongo", lambda: _mongo(runtime), patience),
        _wait_for_kafka(runtime.kafka, wanted, patience),
        return_exceptions=True,
    )
    problems = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for problem in problems:
        if not isinstance(problem, StartError):
            raise problem
    if problems:
        raise StartError("; ".join(str(problem) for problem in problems))


def wanted_rights(runtime: Runtime) -> list[Acl]:
    """What the service has to be allowed, by literal names: what is declared, and what it has subscribed to.

    A service that is not declared wants every topic to be there. To read a topic's settings is of use but not needed.
    """
    prefix, declared = runtime.common.topic_prefix, principal_of(runtime.name)
    if declared is None:
        wanted = [Acl("topic", spec.full_name(prefix), "literal", "Describe") for spec in TOPICS]
    else:
        wanted = [one for one in declared.acls(prefix) if one.pattern == "literal" and one.operation in _NEEDED]
    for subscription in runtime.subscriptions:
        wanted += [Acl("topic", topic, "literal", "Read") for topic in subscription.topics]
        wanted.append(Acl("group", subscription.group, "literal", "Read"))
    return list(dict.fromkeys(wanted))


async def _wait_for_kafka(connection: KafkaConnection, wanted: Sequence[Acl], patience: float) -> None:
    started = time.monotonic()
    await _wait("kafka", lambda: _kafka(connection), patience)
    left = patience - (time.monotonic() - started)
    await _wait("topics", lambda: _rights(connection, wanted), max(left, 0.0))


async def _wait(what: str, ask: Callable[[], Awaitable[Problem | None]], patience: float) -> None:
    deadline, pause = time.monotonic() + patience, _FIRST_PAUSE
    people_since: float | None = None
    told, tell_at = "", 0.0
    while (problem := await ask()) is not None:
        now = time.monotonic()
        people_since = (now if people_since is None else people_since) if problem.needs_people else None
        left = deadline - now if people_since is None else min(deadline, people_since + _PEOPLE_SECONDS) - now
        if left <= 0:
            raise StartError(problem.text)
        if problem.text != told or now >= tell_at:
            told, tell_at = problem.text, now + _TELL_SECONDS
            log.warning("waiting", what=what, problem=problem.text, giving_up_in_s=round(left))
        await asyncio.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)


async def _mongo(runtime: Runtime) -> Problem | None:
    error = await ping_error(runtime.mongo, _MONGO_PING)
    if error is None:
        return None
    hosts = hosts_of(runtime.common.mongo_uri.get_secret_value())
    return Problem(f"MongoDB at {hosts} cannot be used: {error}")


async def _kafka(connection: KafkaConnection) -> Problem | None:
    try:
        async with admin_client(connection):
            return None
    except (KafkaError, OSError) as error:
        found = await why_not(connection)
        away = f"cannot be reached: {error_text(error)}; check SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS"
        return Problem(f"Kafka at {connection.bootstrap_servers} {found or away}", needs_people=found is not None)


async def _rights(connection: KafkaConnection, wanted: Sequence[Acl]) -> Problem | None:
    try:
        async with admin_client(connection) as client:
            found = await inspect(client, wanted)
    except (KafkaError, OSError) as error:
        found_out = await why_not(connection)
        told = found_out or f"does not say what there is and what we may do: {error_text(error)}"
        return Problem(f"Kafka at {connection.bootstrap_servers} {told}", needs_people=found_out is not None)
    told = "; ".join(_told(found, connection))
    return Problem(f"Kafka at {connection.bootstrap_servers} {told}", needs_people=True) if told else None


def _told(found: Findings, connection: KafkaConnection) -> list[str]:
    told = []
    if found.missing:
        told.append(f"lacks topics: {', '.join(found.missing)}; create them with `shopsync topics apply`")
    if found.lacking:
        names = [f"{one.operation} on {one.resource} {one.name}" for one in found.lacking[:_NAMED_RIGHTS]]
        more = len(found.lacking) - len(names)
        rights = ", ".join(names) + (f" and {more} more" if more else "")
        told.append(f"does not let {who(connection)} {rights}; grant it with `shopsync topics apply --acls`")
    return told

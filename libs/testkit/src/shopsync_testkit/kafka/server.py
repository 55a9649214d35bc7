"""The result of every backend, and the check whether a broker answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shopsync_testkit.nodes import Node


@dataclass(frozen=True)
class KafkaServer:
    """A started or external broker, as every backend returns it."""

    bootstrap_servers: str
    backend: str
    version: str
    node: Node
    lacks: frozenset[str] = frozenset()


async def answers(bootstrap_servers: str, *, seconds: float = 5.0, **options: Any) -> bool:
    """Whether a broker with a cluster answers at one of the addresses (comma separated).

    `options`: what a client has to be told beside the address, where the broker wants to know who asks.
    """
    if not await _any_port_open(bootstrap_servers):
        return False
    with _silenced("aiokafka"):
        try:
            return await asyncio.wait_for(_has_brokers(bootstrap_servers, options), seconds)
        except (KafkaError, TimeoutError, OSError):
            return False


def ready_at(bootstrap_servers: str, **options: Any) -> Callable[[], Awaitable[bool]]:
    """`answers`, as the check of a node."""

    async def ready() -> bool:
        return await answers(bootstrap_servers, **options)

    return ready


async def _has_brokers(bootstrap_servers: str, options: Mapping[str, Any]) -> bool:
    admin = AIOKafkaAdminClient(**{"bootstrap_servers": bootstrap_servers, "request_timeout_ms": 3000, **options})
    try:
        await admin.start()
        return bool((await admin.describe_cluster())["brokers"])
    finally:
        await admin.close()


async def _any_port_open(bootstrap_servers: str) -> bool:
    for address in bootstrap_servers.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host.strip("[]"), int(port)), 3.0)
        except (OSError, TimeoutError):
            continue
        writer.close()
        return True
    return False


@contextmanager
def _silenced(logger_name: str) -> Iterator[None]:
    """Failed connections are expected while waiting, but aiokafka logs each as an error."""
    logger = logging.getLogger(logger_name)
    before = logger.disabled
    children = [
        child
        for name, child in logging.Logger.manager.loggerDict.items()
        if name.startswith(f"{logger_name}.") and isinstance(child, logging.Logger) and not child.disabled
    ]
    for each in (logger, *children):
        each.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
        for child in children:
            child.disabled = False

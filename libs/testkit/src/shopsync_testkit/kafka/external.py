"""A broker that somebody else runs, at the address in SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS."""

import os
import re

from shopsync_testkit.backends import Unavailable, Wish
from shopsync_testkit.kafka.server import KafkaServer, answers
from shopsync_testkit.nodes import RemoteNode

ADDRESS = "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS"
_ADDRESSES = re.compile(r"\s*[^\s,:]+:\d{1,5}(\s*,\s*[^\s,:]+:\d{1,5})*\s*|\s*\[[0-9a-fA-F:]+\]:\d{1,5}\s*")


async def start(wish: Wish) -> KafkaServer:  # noqa: ARG001 - backends share one signature
    """Check that the broker answers."""
    address = os.environ.get(ADDRESS, "").strip()
    if not address:
        raise Unavailable(f"{ADDRESS} is not set")
    if not _ADDRESSES.fullmatch(address):
        raise Unavailable(f"{ADDRESS}={address!r} is not host:port[,host:port…]")
    if not await answers(address):
        raise Unavailable(f"no Kafka broker answers at {ADDRESS}={address}")
    return KafkaServer(
        bootstrap_servers=address,
        backend="external",
        version="Kafka",
        node=RemoteNode(address),
        lacks=frozenset({"restart"}),
    )

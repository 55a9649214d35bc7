"""Kafka: whether it answers, and if not, what is in the way: name, port, TLS, user."""

import asyncio
import socket
import ssl
from collections.abc import Sequence

from shopsync_cli.doctor.model import Finding, Patient, fail, ok, warn
from shopsync_cli.errors import CommandFailed
from shopsync_runtime.wording import counted

_CONNECT_SECONDS = 3.0
_USUAL_BROKERS = 3


async def check(patient: Patient) -> Sequence[Finding]:
    """The cluster and its brokers."""
    cluster = patient.cluster
    assert cluster is not None  # noqa: S101 - the runner skips the check otherwise
    try:
        async with cluster.admin() as admin:
            described = await admin.describe_cluster()
    except CommandFailed as error:
        reasons = [await why(address) for address in cluster.bootstrap_servers.split(",")]
        named = [fail(address, text, do) for address, text, do in reasons if text]
        return named or [fail(cluster.bootstrap_servers, str(error), "look into the brokers' logs")]
    brokers = described["brokers"]
    told = f"answers, {counted(len(brokers), 'broker')}"
    if len(brokers) < _USUAL_BROKERS:
        do = "three brokers keep every message when one is lost"
        return [warn(cluster.bootstrap_servers, f"{told}: a lost disk loses messages", do)]
    return [ok(cluster.bootstrap_servers, told)]


async def why(address: str) -> tuple[str, str, str]:
    """The address, what is wrong with it, and what helps; the latter two empty when nothing is seen from outside."""
    host, _, port = address.strip().rpartition(":")
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), _CONNECT_SECONDS)
    except socket.gaierror:
        return address, f"the name {host} is not known here", "correct SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS (or --kafka)"
    except ConnectionRefusedError:
        do = "start Kafka, or correct SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS (or --kafka)"
        return address, "nothing listens there", do
    except (TimeoutError, OSError, ValueError):
        return address, "no connection: the network or a firewall is in the way", "try from where the services run"
    writer.close()
    if await _speaks_tls(host, int(port)):
        text = "the listener speaks TLS, or what is given here does not fit it"
        do = "set SHOPSYNC_KAFKA_SECURITY_PROTOCOL to SSL or SASL_SSL, and SHOPSYNC_KAFKA_CA_FILE"
        return address, text, do
    text = "something listens, but does not answer as Kafka does"
    do = "look whether its advertised listener can be reached from here, and whether it asks for a user (SASL)"
    return address, text, do


async def _speaks_tls(host: str, port: int) -> bool:
    """Whether the listener answers a TLS hello. No certificate is judged: nothing is sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        opening = asyncio.open_connection(host, port, ssl=context, ssl_handshake_timeout=_CONNECT_SECONDS)
        _, writer = await asyncio.wait_for(opening, _CONNECT_SECONDS)
    except ssl.SSLError as error:
        # A listener that asks for a client certificate ends the handshake with an alert, which is TLS as well.
        return "ALERT" in (error.reason or "")
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True

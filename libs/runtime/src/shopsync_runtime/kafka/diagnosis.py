"""Why Kafka cannot be used, in one sentence that names the setting.

aiokafka logs why a connection fails and raises only that none was made. So after such a failure each broker is asked
here, once, as the client would, and where that does not tell, in the ways that the settings do not say.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from aiokafka.cluster import ClusterMetadata
from aiokafka.conn import AIOKafkaConnection, collect_hosts, create_conn
from aiokafka.errors import IllegalSaslStateError, KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError
from aiokafka.protocol.admin import SaslHandShakeRequest
from aiokafka.protocol.metadata import MetadataRequest

from shopsync_runtime.file_secrets import UnusableSecretError, read_secret
from shopsync_runtime.kafka.connection import PREFIX, TOKEN_FILE, KafkaConnection
from shopsync_runtime.kafka.identity import claims_of
from shopsync_runtime.tls import tls_trouble
from shopsync_runtime.wording import error_text

_PROTOCOL = f"{PREFIX}_SECURITY_PROTOCOL"
_REQUEST_MS = 5_000
_WITH_TLS = {"PLAINTEXT": "SSL", "SASL_PLAINTEXT": "SASL_SSL"}
_WITH_LOGIN = {"PLAINTEXT": "SASL_PLAINTEXT", "SSL": "SASL_SSL"}
_TROUBLES = (OSError, KafkaError)  # TimeoutError is an OSError

Address = tuple[str, int]


async def why_not(connection: KafkaConnection) -> str | None:
    """What keeps the client from the cluster, as a text to follow its name; None when nothing is found.

    Asks the bootstrap servers until one answers, and then the brokers that it names. Takes some seconds per broker.
    """
    problem: str | None = None
    asked: set[Address] = set()
    for host, port, _ in collect_hosts(connection.bootstrap_servers, randomize=False):
        asked.add((host, port))
        try:
            brokers = await _brokers(connection, host, port)
        except _TROUBLES as error:
            told = await _meaning(connection, host, port, error)
            problem = f"cannot be used: {host}:{port} {told}" if told else problem
            continue
        others = [one for one in brokers if one not in asked]
        return await _of_brokers(connection, others, one_answers=(host, port) in brokers)
    return problem


async def _of_brokers(connection: KafkaConnection, brokers: Sequence[Address], *, one_answers: bool) -> str | None:
    """The trouble with the first broker that cannot be used by the address at which it lets itself be found.

    One that only does not answer is none while another does: it is away, and the others take its place.
    """
    silent: str | None = None
    for host, port in brokers:
        where = f"lets a broker be found at {host}:{port} (advertised.listeners), which"
        try:
            await _brokers(connection, host, port)
            one_answers = True
        except _TROUBLES as error:
            if told := await _meaning(connection, host, port, error):
                return f"{where} {told}"
            silent = silent or f"{where} does not answer: {error_text(error)}"
    return None if one_answers else silent


class _NotLetInError(KafkaError):  # type: ignore[misc] # aiokafka is untyped
    """The broker answered which versions it knows, and then closed the connection instead of answering more."""


async def _brokers(connection: KafkaConnection, host: str, port: int) -> list[Address]:
    """Log in as the client does, and ask for the cluster's brokers. Raises OSError, KafkaError."""
    options = connection.options()
    del options["bootstrap_servers"]
    link = await create_conn(host, port, client_id="shopsync", request_timeout_ms=_REQUEST_MS, **options)
    try:
        reply = await link.send(MetadataRequest([]))
    except _TROUBLES as error:
        raise _NotLetInError(error_text(error)) from error
    finally:
        link.close()
    cluster = ClusterMetadata()
    cluster.update_metadata(reply)
    return [(broker.host, broker.port) for broker in cluster.brokers()]


async def _meaning(connection: KafkaConnection, host: str, port: int, error: Exception) -> str | None:
    """What the error means, to follow the broker's address; None where it says no more than that nobody answers."""
    told = next((told for cause in _causes(error) if (told := tls_trouble(cause, connection.tls_files))), None)
    if told is not None and "handshake" not in told:
        return told
    if isinstance(error, ConnectionRefusedError | socket.gaierror):
        return None
    protocol = connection.security_protocol
    if connection.has_tls and not isinstance(error, _NotLetInError) and await _answers_without_tls(host, port):
        plain = next(name for name, secured in _WITH_TLS.items() if secured == protocol)
        return f"speaks no TLS there: connect to its TLS port, or set {_PROTOCOL}={plain}"
    if protocol in _WITH_TLS and not isinstance(error, _NotLetInError) and await _speaks_tls(host, port):
        return f"speaks TLS: set {_PROTOCOL}={_WITH_TLS[protocol]}"
    if told is not None:
        return f"{told}; check {PREFIX}_BOOTSTRAP_SERVERS and {_PROTOCOL}"
    return await _of_login(connection, host, port, error)


async def _of_login(connection: KafkaConnection, host: str, port: int, error: Exception) -> str | None:
    if isinstance(error, SaslAuthenticationFailed):
        if connection.token_file is not None:
            return f"refuses the token: {_of_token(connection)}"
        return f"refuses the user {connection.username!r}: check {PREFIX}_USERNAME and {PREFIX}_PASSWORD"
    if isinstance(error, OSError) and str(error).startswith(TOKEN_FILE):
        return f"is not asked: {error}"
    return await _of_way_in(connection, host, port, error)


async def _of_way_in(connection: KafkaConnection, host: str, port: int, error: Exception) -> str | None:
    if isinstance(error, IllegalSaslStateError):
        without = {login: plain for plain, login in _WITH_LOGIN.items()}[connection.security_protocol]
        return f"takes no log-in there: connect to the port that does, or set {_PROTOCOL}={without}"
    if isinstance(error, UnsupportedSaslMechanismError):
        known = ", ".join(await _mechanisms(connection, host, port)) or "others"
        return f"does not know {connection.sasl_mechanism}, but {known}: set {PREFIX}_SASL_MECHANISM"
    if isinstance(error, _NotLetInError) and connection.security_protocol in _WITH_LOGIN:
        known = ", ".join(await _mechanisms(connection, host, port))
        wanted = _WITH_LOGIN[connection.security_protocol]
        return f"wants a log-in by {known}: set {_PROTOCOL}={wanted} and {PREFIX}_SASL_MECHANISM" if known else None
    return None


def _of_token(connection: KafkaConnection) -> str:
    """What to see to, with the time at which the token expired, if it is a JWT that says so."""
    path = connection.token_file
    if path is None:
        return f"check {TOKEN_FILE}"
    try:
        expires = _expiry(read_secret(TOKEN_FILE, path))
    except UnusableSecretError as error:
        return str(error)
    if expires is not None and expires <= datetime.now(UTC):
        return f"{TOKEN_FILE}: the token in {path} expired at {expires:%Y-%m-%d %H:%M:%S} UTC: put a fresh one there"
    return f"{TOKEN_FILE}: the token in {path} is not valid for this cluster"


def _expiry(token: str) -> datetime | None:
    """`exp` of a JWT."""
    try:
        return datetime.fromtimestamp(claims_of(token)["exp"], UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None


async def _answers_without_tls(host: str, port: int) -> bool:
    try:
        (await _without_login(host, port, None)).close()
    except _TROUBLES:
        return False
    return True


async def _speaks_tls(host: str, port: int) -> bool:
    """Whether a TLS handshake works, whoever the server is. Nothing is sent to it."""
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(_REQUEST_MS / 1000):
            _, writer = await asyncio.open_connection(host, port, ssl=anyone)
    except OSError as error:
        return isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or "")
    writer.close()
    return True


async def _mechanisms(connection: KafkaConnection, host: str, port: int) -> list[str]:
    """The ways to log in that a broker offers; none where it takes no log-in, or does not say."""
    context = connection.options().get("ssl_context")
    try:
        link = await _without_login(host, port, context)
    except _TROUBLES:
        return []
    try:
        reply = await link.send(SaslHandShakeRequest("PLAIN"))
    except _TROUBLES:
        return []
    finally:
        link.close()
    return sorted(reply.enabled_mechanisms or [])


async def _without_login(host: str, port: int, context: ssl.SSLContext | None) -> AIOKafkaConnection:
    protocol = "PLAINTEXT" if context is None else "SSL"
    return await create_conn(
        host, port, request_timeout_ms=_REQUEST_MS, security_protocol=protocol, ssl_context=context
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it was raised from."""
    following: BaseException | None = error
    while following is not None:
        yield following
        following = following.__cause__

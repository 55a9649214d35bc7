"""Every way into a secured Kafka, what is told when one is closed, and when a file that changed counts."""

import asyncio
import contextlib
import os
import re
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from shopsync_contracts import TOPICS
from shopsync_contracts.topics import PUSH_COMMANDS
from shopsync_runtime import CommonSettings, file_secrets
from shopsync_runtime.file_secrets import FileSecret
from shopsync_runtime.kafka.admin import apply_topics, partitions_of
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.diagnosis import why_not
from shopsync_runtime.kafka.logins import APART_SECONDS
from shopsync_runtime.kafka.messages import OutgoingMessage
from shopsync_runtime.kafka.producer import Producer
from shopsync_runtime.tls import TlsFiles
from shopsync_testkit.certificates import Authority
from shopsync_testkit.kafka.secured import MECHANISMS
from shopsync_testkit.kafka.tokens import TokenIssuer
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess

_CLIENTS = 4
"""Of one process, each of which may be refused once before it is known: producer, subscription, lag, diagnosis."""
SUPPORT = Path(__file__).parents[2] / "libs" / "runtime" / "tests" / "support"


@pytest.fixture
def broker(secured_kafka):
    return secured_kafka


@pytest.fixture
def link(broker, monkeypatch):
    """The connection that a service would make of a user's variables, with some changed."""
    monkeypatch.setenv("SHOPSYNC_MONGO_URI", "mongodb://db")

    def made(user="catalog", protocol="SASL_SSL", mechanism="SCRAM-SHA-512", **changed):
        given = broker.environment(user, protocol, mechanism) | {
            f"SHOPSYNC_KAFKA_{name}": value for name, value in changed.items()
        }
        for name in [name for name in os.environ if name.startswith("SHOPSYNC_KAFKA_")]:
            monkeypatch.delenv(name)
        for name, value in given.items():
            if value is not None:
                monkeypatch.setenv(name, str(value))
        return KafkaConnection.of(CommonSettings())

    return made


@pytest.mark.parametrize(
    ("protocol", "mechanism"),
    [("SSL", "SCRAM-SHA-512"), *(("SASL_SSL", one) for one in MECHANISMS), ("SASL_PLAINTEXT", "SCRAM-SHA-256")],
)
async def test_every_way_in(link, protocol, mechanism):
    assert await partitions_of(link("admin", protocol, mechanism), ["none"]) == {}
    assert await why_not(link("admin", protocol, mechanism)) is None


async def test_a_closed_way_is_told_with_the_setting(broker, link, tmp_path):
    stranger = Authority(tmp_path / "strangers")
    theirs = stranger.user("catalog")
    expired = tmp_path / "expired"
    expired.write_text(broker.tokens.token("catalog", seconds=-60))
    others = tmp_path / "others"
    others.write_text("no token at all")
    forged = tmp_path / "forged-token"
    (tmp_path / "stranger").mkdir()
    forged.write_text(TokenIssuer(tmp_path / "stranger").token("catalog"))
    ssl_at, login_at, plain_at = (broker.addresses[one] for one in ("SSL", "SASL_SSL", "SASL_PLAINTEXT"))
    nothing = dict.fromkeys(("SASL_MECHANISM", "USERNAME", "PASSWORD", "CA_FILE"))
    own = {"CERTIFICATE_FILE": theirs.certificate, "KEY_FILE": theirs.key}
    token = {"mechanism": "OAUTHBEARER"}

    async def told(**changed):
        return await why_not(link(**changed))

    problem = "SHOPSYNC_KAFKA_SECURITY_PROTOCOL"
    cases = {
        "the authority": (
            await told(CA_FILE=stranger.certificate),
            "has a certificate of no authority that is trusted here: set SHOPSYNC_KAFKA_CA_FILE",
        ),
        "no certificate": (
            await told(protocol="SSL", CERTIFICATE_FILE=None, KEY_FILE=None),
            "wants a certificate of ours: set SHOPSYNC_KAFKA_CERTIFICATE_FILE",
        ),
        "a stranger's certificate": (
            await told(protocol="SSL", **own),
            "says that our certificate is .*: see SHOPSYNC_KAFKA_CERTIFICATE_FILE",
        ),
        "the password": (await told(PASSWORD="wrong"), "refuses the user 'catalog': check SHOPSYNC_KAFKA_USERNAME"),
        "the password, in the clear": (await told(mechanism="PLAIN", PASSWORD="wrong"), "refuses the user 'catalog'"),
        "the user": (await told(USERNAME="Catalog"), "refuses the user 'Catalog'"),
        "an expired token": (await told(**token, TOKEN_FILE=expired), "refuses the token: SHOPSYNC_KAFKA_TOKEN_FILE"),
        "its time": (await told(**token, TOKEN_FILE=expired), f"the token in {expired} expired at 20"),
        "no token of the kind": (
            await told(**token, TOKEN_FILE=others),
            "the token in .* is not valid for",
        ),
        "a token of another issuer": (
            await told(**token, TOKEN_FILE=forged),
            f"refuses the token: SHOPSYNC_KAFKA_TOKEN_FILE: the token in {forged} is not valid for this cluster",
        ),
        "no token": (await told(**token, TOKEN_FILE=tmp_path / "none"), "SHOPSYNC_KAFKA_TOKEN_FILE: .*none cannot be"),
        "TLS where there is none": (
            await told(BOOTSTRAP_SERVERS=plain_at),
            f"no TLS there: .*{problem}=SASL_PLAINTEXT",
        ),
        "no TLS where there is": (
            await told(BOOTSTRAP_SERVERS=ssl_at, SECURITY_PROTOCOL=None, **nothing),
            f"speaks TLS: set {problem}=SSL",
        ),
        "a log-in without TLS where there is": (
            await told(protocol="SASL_PLAINTEXT", BOOTSTRAP_SERVERS=login_at),
            f"speaks TLS: set {problem}=SASL_SSL",
        ),
        "no log-in where one is wanted": (
            await told(protocol="SSL", BOOTSTRAP_SERVERS=login_at),
            f"wants a log-in by OAUTHBEARER, PLAIN, SCRAM.*: set {problem}=SASL_SSL",
        ),
        "the same in the clear": (
            await told(BOOTSTRAP_SERVERS=plain_at, SECURITY_PROTOCOL=None, **nothing),
            f"wants a log-in by .*: set {problem}=SASL_PLAINTEXT",
        ),
        "a log-in where none is taken": (
            await told(
                BOOTSTRAP_SERVERS=ssl_at,
                CERTIFICATE_FILE=broker.authority.user("catalog").certificate,
                KEY_FILE=broker.authority.user("catalog").key,
            ),
            f"takes no log-in there: connect to the port that does, or set {problem}=SSL",
        ),
        "another mechanism": (
            await why_not(replace(link(), sasl_mechanism="SCRAM-SHA-1")),
            "does not know SCRAM-SHA-1, but OAUTHBEARER, PLAIN, SCRAM-SHA-256, SCRAM-SHA-512: set ",
        ),
        "nobody": (await told(BOOTSTRAP_SERVERS="127.0.0.1:9"), None),
    }
    other = {
        name: found
        for name, (found, wanted) in cases.items()
        if (found is None) != (wanted is None) or (wanted is not None and not re.search(wanted, found))
    }
    assert other == {}
    told_all = "".join(found or "" for found, _ in cases.values())
    assert "\n" not in told_all
    assert "-secret" not in told_all


@contextlib.asynccontextmanager
async def tls_only(certificate):
    """A server that only shakes hands."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.both)

    async def serve(reader, writer):
        await reader.read(1)
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()


@pytest.mark.parametrize(
    ("issued", "told"),
    [
        ({"addresses": ("kafka.elsewhere",)}, "has a certificate for other addresses: connect by a name or address"),
        ({"until": datetime(2026, 1, 1, tzinfo=UTC)}, "has a certificate that has expired: renew it there"),
    ],
)
async def test_a_server_whose_certificate_does_not_hold(tmp_path, issued, told):
    authority = Authority(tmp_path)
    async with tls_only(authority.server("other", **issued)) as address:
        connection = KafkaConnection(address, "SSL", tls_files=TlsFiles("KAFKA", authority.certificate))
        found = await why_not(connection)
    assert found is not None
    assert found.startswith(f"cannot be used: {address} {told}")


@pytest.fixture
def at_once(monkeypatch):
    """A changed secret is looked at with every use."""
    monkeypatch.setattr(file_secrets, "_LOOK_EVERY_SECONDS", 0.0)


@pytest_asyncio.fixture(loop_scope="session")
async def password(broker, tmp_path):
    """The administrator's, in a file of the test's."""
    before = broker.password_of("admin")
    path = tmp_path / "password"
    path.write_text(f"{before}\n")
    yield path
    await broker.set_password("admin", before)


async def published(producer, prefix, number):
    message = OutgoingMessage(f"{prefix}.links", b"key", str(number).encode())
    return (await producer.send_all([message]))[0].offset


def cut(producer):
    """What a broker does when a log-in has lasted long enough, or a network."""
    for link in producer._producer.client._conns.values():
        link.close()


async def test_a_password_that_was_changed_counts_for_the_next_connection(broker, password, tmp_path, at_once):
    """And a certificate's successor: the producer goes on, and makes no new client."""
    trusted = tmp_path / "trusted"
    trusted.write_bytes(broker.authority.certificate.read_bytes())
    connection = KafkaConnection(
        broker.addresses["SASL_SSL"],
        "SASL_SSL",
        "SCRAM-SHA-512",
        "admin",
        FileSecret("SHOPSYNC_KAFKA_PASSWORD_FILE", password),
        tls_files=TlsFiles("KAFKA", trusted),
    )
    await apply_topics(connection, "secured", [replace(PUSH_COMMANDS, name="links", partitions=1)])
    producer = Producer(connection, client_id="probe")
    await producer.start()
    try:
        first = producer._producer
        offset = await published(producer, "secured", 1)
        await broker.set_password("admin", "after")
        assert await published(producer, "secured", 2) == offset + 1, "a connection that stands goes on"
        password.write_text("after\n")
        trusted.write_bytes(Authority(tmp_path / "next").certificate.read_bytes() + trusted.read_bytes())
        cut(producer)
        assert await published(producer, "secured", 3) == offset + 2
        assert producer._producer is first
    finally:
        await producer.stop()


async def test_a_token_that_ends_is_followed_by_the_one_in_the_file(broker, tmp_path):
    """The broker ends the connection with the token: the next message goes out by another, with the next token."""
    path = tmp_path / "token"
    path.write_text(broker.tokens.token("admin", seconds=60))
    trusted = TlsFiles("KAFKA", broker.authority.certificate)
    address = broker.addresses["SASL_SSL"]
    connection = KafkaConnection(address, "SASL_SSL", "OAUTHBEARER", token_file=path, tls_files=trusted)
    await apply_topics(connection, "secured", [replace(PUSH_COMMANDS, name="links", partitions=1)])
    path.write_text(broker.tokens.token("admin", seconds=1.5))
    producer = Producer(connection, client_id="probe")
    await producer.start()
    try:
        first, links = producer._producer, set()
        offset = await published(producer, "secured", 0)
        path.write_text(broker.tokens.token("admin", seconds=60))

        async def another_link():
            nonlocal offset
            offset += 1
            told = await published(producer, "secured", offset)
            if told != offset:
                raise ValueError(told, offset)
            # The links themselves: by their ids, the next one could pass for one that is gone.
            links.update(first.client._conns.values())
            return len(links) >= 2

        await eventually(another_link, timeout=30, interval=0.1, what="a second link")
        assert producer._producer is first
    finally:
        await producer.stop()


async def test_a_running_service_says_why_and_goes_on_with_the_new_password(
    broker, password, mongo_uri, mongo_database, tmp_path
):
    """Who changes the file before the broker loses nothing; this is the other order, and it heals without a restart."""
    given = broker.environment("admin")
    variables = given | {
        "SHOPSYNC_KAFKA_PASSWORD": "",
        "SHOPSYNC_KAFKA_PASSWORD_FILE": str(password),
        "SHOPSYNC_MONGO_URI": mongo_uri,
        "SHOPSYNC_MONGO_DATABASE": mongo_database,
        "SHOPSYNC_TOPIC_PREFIX": "rotated",
        "PYTHONPATH": str(SUPPORT),
        "PROBE_TOKEN": "abc123",
    }
    trusted = TlsFiles("KAFKA", broker.authority.certificate)
    link = KafkaConnection(
        *(given["SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS"], "SASL_SSL", "SCRAM-SHA-512", "admin"),
        SecretStr(given["SHOPSYNC_KAFKA_PASSWORD"]),
        tls_files=trusted,
    )
    await apply_topics(link, "rotated", TOPICS)
    async with (
        ServiceProcess("probe", env=variables, folder=tmp_path) as probe,
        httpx.AsyncClient(base_url=probe.url, timeout=10, trust_env=False) as client,
    ):

        async def kafka():
            return (await client.get("/readyz")).json()["checks"]["kafka"]

        async def refused():
            found = await kafka()
            assert "refuses the user 'admin': check SHOPSYNC_KAFKA_USERNAME and SHOPSYNC_KAFKA_PASSWORD" in found, found
            return True

        async def well():
            return await kafka() == "ok"

        assert await well()
        await broker.set_password("admin", "another-secret")
        before = len(probe.log_lines())
        await broker.restart()  # ends its connections
        refused_before, began = broker.refused_logins(), time.monotonic()
        await eventually(refused, timeout=60, interval=0.5)
        await asyncio.sleep(2 * APART_SECONDS)
        tried, turns = broker.refused_logins() - refused_before, (time.monotonic() - began) / APART_SECONDS
        assert 1 <= tried <= _CLIENTS + turns, "an account could be locked"
        password.write_text("another-secret\n")
        await eventually(well, timeout=60, interval=0.5)
        lines = probe.log_lines()[before:]
        assert await probe.terminate() == 0
    assert len(lines) < 60, "it floods the log"
    assert [line for line in lines if line["event"] == "a secret has changed"]

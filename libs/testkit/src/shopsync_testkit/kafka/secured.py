"""Apache Kafka with access control: TLS, every way to log in, and an authorizer that refuses what nobody granted.

`async with secured_broker() as broker:` starts one. Its users have no rights but `admin`, who has all of them.
"""

import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from aiokafka.abc import AbstractTokenProvider
from aiokafka.admin import AIOKafkaAdminClient

from shopsync_testkit.certificates import Authority
from shopsync_testkit.kafka import apache
from shopsync_testkit.kafka.scram import set_passwords
from shopsync_testkit.kafka.server import ready_at
from shopsync_testkit.kafka.tokens import AUDIENCE, TokenIssuer
from shopsync_testkit.nodes import Controlled, ProcessNode
from shopsync_testkit.ports import free_port

Protocol = Literal["SSL", "SASL_SSL", "SASL_PLAINTEXT"]
Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "OAUTHBEARER"]
PROTOCOLS: tuple[Protocol, ...] = ("SSL", "SASL_SSL", "SASL_PLAINTEXT")
MECHANISMS: tuple[Mechanism, ...] = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "OAUTHBEARER")

ADMIN = "admin"
USERS = ("ingestor", "catalog", "publisher", "janitor", "console", "operator", "tool", "other-systems", "nobody")
_BROKER = "broker"
_LOGIN = "org.apache.kafka.common.security"
_DECISION = re.compile(
    r"Principal = User:(?P<user>\S+) is (?P<verdict>Allowed|Denied) operation = (?P<operation>\S+) from host = \S+ "
    r"on resource = (?P<resource>\w+):LITERAL:(?P<name>\S+) for request = (?P<request>\w+)"
)


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of the authorizer. Names are Kafka's: operation `WRITE`, resource `Topic`, request `Produce`."""

    user: str
    allowed: bool
    operation: str
    resource: str
    name: str
    request: str


@dataclass(frozen=True, kw_only=True)
class SecuredBroker(Controlled):
    """A running broker with access control. Rights, passwords and addresses are kept over restarts.

    Every user of `USERS`, and `ADMIN`, can log in by SCRAM and PLAIN with `password_of`, by a token of `tokens`, and by
    a certificate of `authority` whose common name it is.
    """

    addresses: Mapping[Protocol, str]
    version: str
    authority: Authority
    tokens: TokenIssuer
    folder: Path
    changed: dict[str, str] = field(default_factory=dict)

    def password_of(self, user: str) -> str:
        """The present password."""
        return self.changed.get(user, _password(user))

    async def set_password(self, user: str, password: str) -> None:
        """Create a user or change its password, for SCRAM. For PLAIN the passwords are those of the start."""
        async with self.admin() as admin:
            await set_passwords(admin, {user: password})
        self.changed[user] = password

    @contextlib.asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        """An admin client of the administrator."""
        client = AIOKafkaAdminClient(**self.options(ADMIN, "SSL"))
        try:
            await client.start()
            yield client
        finally:
            await client.close()

    def options(
        self, user: str, protocol: Protocol = "SASL_SSL", mechanism: Mechanism = "SCRAM-SHA-512"
    ) -> dict[str, Any]:
        """What aiokafka's clients are told, with the address."""
        told: dict[str, Any] = {"bootstrap_servers": self.addresses[protocol], "security_protocol": protocol}
        if protocol != "SASL_PLAINTEXT":
            told["ssl_context"] = context = ssl.create_default_context(cafile=str(self.authority.certificate))
            if protocol == "SSL":
                context.load_cert_chain(self.authority.user(user).both)
        if protocol == "SSL":
            return told
        told["sasl_mechanism"] = mechanism
        if mechanism == "OAUTHBEARER":
            return {**told, "sasl_oauth_token_provider": _Token(self.tokens.token(user))}
        return {**told, "sasl_plain_username": user, "sasl_plain_password": self.password_of(user)}

    def environment(
        self, user: str, protocol: Protocol = "SASL_SSL", mechanism: Mechanism = "SCRAM-SHA-512"
    ) -> dict[str, str]:
        """The same for a service or a command, as variables."""
        told = {"BOOTSTRAP_SERVERS": self.addresses[protocol], "SECURITY_PROTOCOL": protocol}
        if protocol != "SASL_PLAINTEXT":
            told["CA_FILE"] = str(self.authority.certificate)
        if protocol == "SSL":
            issued = self.authority.user(user)
            told |= {"CERTIFICATE_FILE": str(issued.certificate), "KEY_FILE": str(issued.key)}
        elif mechanism == "OAUTHBEARER":
            token = self.folder / f"{user}.token"
            token.write_text(self.tokens.token(user), encoding="utf-8")
            told |= {"SASL_MECHANISM": mechanism, "TOKEN_FILE": str(token)}
        else:
            told |= {"SASL_MECHANISM": mechanism, "USERNAME": user, "PASSWORD": self.password_of(user)}
        return {f"SHOPSYNC_KAFKA_{name}": value for name, value in told.items()}

    def refused_logins(self) -> int:
        """How many log-ins the broker has refused so far."""
        return self._log().count("Failed authentication with")

    def _log(self) -> str:
        assert isinstance(self.node, ProcessNode)  # noqa: S101 - it is never external
        return self.node.log.read_text(encoding="utf-8", errors="replace")

    def decisions(self) -> list[Decision]:
        """Every decision of the authorizer so far about users of ours, in order."""
        return [
            Decision(
                found["user"],
                found["verdict"] == "Allowed",
                found["operation"],
                found["resource"],
                found["name"],
                found["request"],
            )
            for found in _DECISION.finditer(self._log())
            if found["user"] not in {ADMIN, _BROKER}
        ]


class _Token(AbstractTokenProvider):  # type: ignore[misc] # aiokafka is untyped
    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        return self._token


async def start_secured(folder: Path) -> SecuredBroker:
    """Start it, with certificates and tokens in `folder`; it runs until `broker.node.dispose()`.

    Raises Unavailable where Java, Kafka's jars or the package trustme are missing, or StartFailed.
    """
    authority, tokens = Authority(folder), TokenIssuer(folder)
    addresses: dict[Protocol, str] = {protocol: f"127.0.0.1:{free_port()}" for protocol in PROTOCOLS}
    broker_certificate, key_set = authority.server(_BROKER), tokens.key_set.as_uri()
    port = int(addresses["SSL"].partition(":")[2])
    server = await apache.start_node(
        port,
        lambda controller_port: _settings(addresses, controller_port, authority, broker_certificate.both, key_set),
        jvm=(
            f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={key_set}",
            "-Dorg.slf4j.simpleLogger.log.kafka.authorizer.logger=debug",
            "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.network.Selector=info",  # refused log-ins
        ),
        ready=ready_at(addresses["SSL"], **_admin_options(authority)),
    )
    broker = SecuredBroker(
        addresses=addresses,
        version=server.version,
        authority=authority,
        tokens=tokens,
        folder=folder,
        node=server.node,
    )
    try:
        async with broker.admin() as admin:
            await set_passwords(admin, {user: _password(user) for user in (*USERS, ADMIN)})
    except BaseException:
        await broker.node.dispose()
        raise
    return broker


@contextlib.asynccontextmanager
async def secured_broker(folder: Path) -> AsyncIterator[SecuredBroker]:
    """A broker with access control that runs while the block runs. See `start_secured`."""
    broker = await start_secured(folder)
    try:
        yield broker
    finally:
        await broker.node.dispose()


def _password(user: str) -> str:
    return f"{user}-secret"


def _admin_options(authority: Authority) -> dict[str, Any]:
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.load_cert_chain(authority.user(ADMIN).both)
    return {"security_protocol": "SSL", "ssl_context": context}


def _settings(
    addresses: Mapping[Protocol, str], controller_port: int, authority: Authority, certificate: Path, key_set: str
) -> dict[str, object]:
    own = ",".join(f"{protocol}://{address}" for protocol, address in addresses.items())
    settings: dict[str, object] = {
        "listeners": f"{own},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": own,
        "listener.security.protocol.map": ",".join(["CONTROLLER:SSL", *(f"{one}:{one}" for one in addresses)]),
        "inter.broker.listener.name": "SSL",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": certificate,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": authority.certificate,
        # Who comes without a certificate here would be ANONYMOUS; by SASL a certificate is not asked for.
        "listener.name.ssl.ssl.client.auth": "required",
        "listener.name.controller.ssl.client.auth": "required",
        "ssl.principal.mapping.rules": "RULE:^CN=([^,]+),.*$/$1/,DEFAULT",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{_BROKER};User:{ADMIN}",
        # Kafka 4.1's default class looks at no signature and no audience.
        "sasl.oauthbearer.jwt.validator.class": f"{_LOGIN}.oauthbearer.BrokerJwtValidator",
        "sasl.oauthbearer.jwks.endpoint.url": key_set,
        "sasl.oauthbearer.expected.audience": AUDIENCE,
    }
    for protocol in ("sasl_ssl", "sasl_plaintext"):
        settings |= _logins(f"listener.name.{protocol}", [*USERS, ADMIN])
    return settings


def _logins(listener: str, users: Iterable[str]) -> dict[str, object]:
    plain = " ".join(f'user_{user}="{_password(user)}"' for user in users)
    validator = f"{_LOGIN}.oauthbearer.OAuthBearerValidatorCallbackHandler"
    scram = f"{_LOGIN}.scram.ScramLoginModule required;"
    return {
        f"{listener}.sasl.enabled.mechanisms": ",".join(MECHANISMS),
        f"{listener}.scram-sha-512.sasl.jaas.config": scram,
        f"{listener}.scram-sha-256.sasl.jaas.config": scram,
        f"{listener}.plain.sasl.jaas.config": f"{_LOGIN}.plain.PlainLoginModule required {plain};",
        f"{listener}.oauthbearer.sasl.jaas.config": f"{_LOGIN}.oauthbearer.OAuthBearerLoginModule required;",
        f"{listener}.oauthbearer.sasl.server.callback.handler.class": validator,
    }

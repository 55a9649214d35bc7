"""How to connect to Kafka: addresses, TLS and who we are. Everything that makes an aiokafka client takes it."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.client import AIOKafkaClient
from pydantic import SecretStr

from shopsync_runtime.file_secrets import FileSecret, UnusableSecretError, read_secret
from shopsync_runtime.kafka.logins import heed_refusals
from shopsync_runtime.settings_links import KafkaLink, SaslMechanism, SecurityProtocol
from shopsync_runtime.tls import FollowingContext, TlsFiles

PREFIX = "SHOPSYNC_KAFKA"
TOKEN_FILE = f"{PREFIX}_TOKEN_FILE"


@dataclass(frozen=True)
class KafkaConnection:
    """One cluster, and our credentials there. Without more than addresses: PLAINTEXT and nobody in particular."""

    bootstrap_servers: str
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism | None = None
    username: str | None = None
    password: SecretStr | None = None
    token_file: Path | None = None
    tls_files: TlsFiles = field(default=TlsFiles("KAFKA"))

    @classmethod
    def of(cls, link: KafkaLink) -> "KafkaConnection":
        """What the settings say."""
        return cls(
            bootstrap_servers=link.kafka_bootstrap_servers,
            security_protocol=link.kafka_security_protocol,
            sasl_mechanism=link.kafka_sasl_mechanism,
            username=link.kafka_username,
            password=link.kafka_password,
            token_file=link.kafka_token_file,
            tls_files=link.kafka_tls_files,
        )

    @property
    def has_tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.security_protocol.endswith("SSL")

    def options(self) -> dict[str, Any]:
        """The options for any client of aiokafka, as they are now. Raises UnusableFileError for certificates.

        Certificates and the token are read again for every connection that such a client makes. The password is not:
        see `follow_password`.
        """
        heed_refusals()
        options: dict[str, Any] = {"bootstrap_servers": self.bootstrap_servers}
        if self.security_protocol != "PLAINTEXT":
            options["security_protocol"] = self.security_protocol
        if self.has_tls:
            options["ssl_context"] = self._tls_context
        if self.sasl_mechanism is not None:
            options["sasl_mechanism"] = self.sasl_mechanism
        if self.token_file is not None:
            options["sasl_oauth_token_provider"] = TokenFile(self.token_file)
        if self.password is not None:
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.password.get_secret_value()
        return options

    def follow_password(self, client: AIOKafkaClient) -> None:
        """Let a client that lives long take the password from its file for each new connection.

        aiokafka hands a client's password to each connection that it makes, and has no way to change it.
        """
        if isinstance(self.password, FileSecret):
            client.__class__ = _FollowingClient
            client.__dict__.pop("_sasl_plain_password", None)
            client.password = self.password

    @cached_property
    def _tls_context(self) -> FollowingContext:
        return FollowingContext(self.tls_files)


class TokenFile(AbstractTokenProvider):  # type: ignore[misc] # aiokafka is untyped
    """The token of OAUTHBEARER, from a file that somebody keeps fresh."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def token(self) -> str:
        """What the file holds now; aiokafka asks for every connection. Raises OSError, which aiokafka waits for."""
        try:
            return read_secret(TOKEN_FILE, self._path)
        except UnusableSecretError as error:
            raise OSError(str(error)) from None


class _FollowingClient(AIOKafkaClient):  # type: ignore[misc] # aiokafka is untyped
    """A client whose `_sasl_plain_password` is what the file holds when it is asked for."""

    password: FileSecret

    @property
    def _sasl_plain_password(self) -> str:
        return self.password.get_secret_value()

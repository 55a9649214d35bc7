"""Settings of the links to Kafka, MongoDB and the web: the same for services and the command line."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shopsync_runtime.errors import SettingsError
from shopsync_runtime.http_proxy import ProxyRules
from shopsync_runtime.mongo import MongoAccess, uri_problem
from shopsync_runtime.settings_variables import SecretFiles
from shopsync_runtime.tls import TlsFiles, UnusableFileError

_DATABASE = re.compile(r"[^\s.$/\\\"]{1,63}")
_SERVER = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+)(:(?P<port>\d{1,5}))?")

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN", "OAUTHBEARER"]


def _kafka_servers(value: str) -> str:
    servers = [server for part in value.split(",") if (server := part.strip())]
    if not servers or not all(map(_is_server, servers)):
        raise ValueError("host:port is expected, such as kafka:9092, several by comma")
    return value


def _is_server(text: str) -> bool:
    match = _SERVER.fullmatch(text)
    if match is None or not 1 <= int(match["port"] or 9092) <= 65535:
        return False
    try:
        match["host"].encode("idna")  # as Python does to look it up, and then raises what no client expects
    except UnicodeError:
        return False
    return True


KafkaServers = Annotated[str, AfterValidator(_kafka_servers)]
"""Addresses of brokers, as the Kafka client takes them."""


def _mongo_uri(value: SecretStr) -> SecretStr:
    problem = uri_problem(value.get_secret_value())
    if problem is not None:
        raise ValueError(problem)
    return value


MongoUri = Annotated[SecretStr, AfterValidator(_mongo_uri)]
"""A valid connection string. Errors do not repeat it."""


def _mongo_database(value: str) -> str:
    if _DATABASE.fullmatch(value) is None:
        raise ValueError('a name of 1 to 63 characters is expected, without blanks and . $ / \\ "')
    return value


MongoDatabase = Annotated[str, AfterValidator(_mongo_database)]
"""A name that MongoDB allows."""


class Environment(BaseSettings):
    """Base of all settings: from environment variables, secrets also from the files that `X_FILE` name."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_ignore_empty=True, str_strip_whitespace=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed goes before files of secrets, and those before variables."""
        return init_settings, SecretFiles(settings_cls), env_settings, dotenv_settings, file_secret_settings


class KafkaLink(Environment):
    """The link to Kafka."""

    model_config = SettingsConfigDict(env_prefix="SHOPSYNC_")

    kafka_bootstrap_servers: KafkaServers = Field(
        min_length=1, description="Kafka bootstrap servers, host:port, comma-separated"
    )
    kafka_security_protocol: SecurityProtocol = Field(
        "PLAINTEXT", description="How brokers are spoken to: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    kafka_sasl_mechanism: SaslMechanism | None = Field(
        None, description="How we log in with SASL_…: SCRAM-SHA-512, SCRAM-SHA-256, PLAIN or OAUTHBEARER"
    )
    kafka_username: str | None = Field(None, min_length=1, description="Kafka user, of SCRAM and PLAIN")
    kafka_password: SecretStr | None = Field(None, min_length=1, description="Password of the Kafka user")
    kafka_token_file: Path | None = Field(
        None, description="File with the token of OAUTHBEARER; read again for every new connection"
    )
    kafka_ca_file: Path | None = Field(
        None, description="Authorities that brokers' certificates must be of, in PEM; unset: the system's"
    )
    kafka_certificate_file: Path | None = Field(None, description="Our certificate for Kafka with its chain, in PEM")
    kafka_key_file: Path | None = Field(
        None, description="Key of that certificate, in PEM; unset: it is in the certificate's file"
    )
    kafka_key_password: SecretStr | None = Field(None, min_length=1, description="Password that the key is sealed with")

    @property
    def kafka_tls_files(self) -> TlsFiles:
        """The files for TLS to Kafka."""
        return TlsFiles(
            "KAFKA",
            self.kafka_ca_file,
            self.kafka_certificate_file,
            self.kafka_key_file,
            self.kafka_key_password,
        )

    @model_validator(mode="after")
    def _kafka_settings_fit(self) -> Self:
        problems = [*self._tls_problems(), *self._sasl_problems()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _tls_problems(self) -> list[str]:
        files = {
            "SHOPSYNC_KAFKA_CA_FILE": self.kafka_ca_file,
            "SHOPSYNC_KAFKA_CERTIFICATE_FILE": self.kafka_certificate_file,
            "SHOPSYNC_KAFKA_KEY_FILE": self.kafka_key_file,
            "SHOPSYNC_KAFKA_KEY_PASSWORD": self.kafka_key_password,
        }
        given = [name for name, value in files.items() if value is not None]
        if given and not self.kafka_security_protocol.endswith("SSL"):
            names, protocol = ", ".join(given), self.kafka_security_protocol
            return [f"{names}: needs SHOPSYNC_KAFKA_SECURITY_PROTOCOL=SSL or SASL_SSL (is {protocol})"]
        if self.kafka_certificate_file is None and (alone := given[-1:]) and "_KEY_" in alone[0]:
            return [f"{alone[0]}: needs SHOPSYNC_KAFKA_CERTIFICATE_FILE, the certificate of the key"]
        if not self.kafka_security_protocol.endswith("SSL"):
            return []
        try:
            self.kafka_tls_files.context()
        except UnusableFileError as error:
            return [str(error)]
        return []

    def _sasl_problems(self) -> list[str]:
        secrets = {
            "SHOPSYNC_KAFKA_SASL_MECHANISM": self.kafka_sasl_mechanism,
            "SHOPSYNC_KAFKA_USERNAME": self.kafka_username,
            "SHOPSYNC_KAFKA_PASSWORD": self.kafka_password,
            "SHOPSYNC_KAFKA_TOKEN_FILE": self.kafka_token_file,
        }
        given = {name for name, value in secrets.items() if value is not None}
        protocol, mechanism = self.kafka_security_protocol, self.kafka_sasl_mechanism
        if not protocol.startswith("SASL"):
            names = ", ".join(name for name in secrets if name in given)
            needs = f"{names}: needs SHOPSYNC_KAFKA_SECURITY_PROTOCOL=SASL_SSL or SASL_PLAINTEXT (is {protocol})"
            return [needs] if given else []
        if mechanism is None:
            return [f"SHOPSYNC_KAFKA_SASL_MECHANISM is not set: SHOPSYNC_KAFKA_SECURITY_PROTOCOL={protocol} needs it"]
        wanted = _WANTED[mechanism]
        missing = [f"{name} is not set: {mechanism} needs it" for name in wanted if name not in given]
        unused = [name for name in secrets if name in given - wanted - {"SHOPSYNC_KAFKA_SASL_MECHANISM"}]
        return [*missing, *(f"{name}: {mechanism} does not use it, leave it out" for name in unused)]


_USER = frozenset({"SHOPSYNC_KAFKA_USERNAME", "SHOPSYNC_KAFKA_PASSWORD"})
_WANTED = {
    "SCRAM-SHA-512": _USER,
    "SCRAM-SHA-256": _USER,
    "PLAIN": _USER,
    "OAUTHBEARER": frozenset({"SHOPSYNC_KAFKA_TOKEN_FILE"}),
}


class HttpLink(Environment):
    """How futureshop, TikTok Shop and pictures are reached."""

    model_config = SettingsConfigDict(env_prefix="SHOPSYNC_")

    http_proxy: SecretStr | None = Field(
        None,
        min_length=1,
        description="Proxy for calls to futureshop, TikTok Shop and for pictures, http://[user:password@]host:port;"
        " unset: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY count",
    )
    http_no_proxy: str = Field(
        "", description="Hosts that are called directly: names with all beneath them, addresses, networks, by comma"
    )
    http_ca_file: Path | None = Field(
        None, description="Authorities in PEM that are trusted for these calls beside the public ones"
    )

    @property
    def http_tls_files(self) -> TlsFiles:
        """The authorities for these calls."""
        return TlsFiles("HTTP", self.http_ca_file)

    def http_proxies(self) -> ProxyRules:
        """Which proxy serves which call. Raises SettingsError that names the variable."""
        try:
            return ProxyRules.of(self.http_proxy, self.http_no_proxy, os.environ)
        except ValueError as error:
            raise SettingsError(str(error)) from None

    @model_validator(mode="after")
    def _http_settings_fit(self) -> Self:
        # Not what the environment says for every program: services that call nobody need not mind it.
        if self.http_proxy is not None:
            ProxyRules.of(self.http_proxy, self.http_no_proxy, {})
        elif self.http_no_proxy:
            raise ValueError(
                "SHOPSYNC_HTTP_NO_PROXY: needs SHOPSYNC_HTTP_PROXY; what NO_PROXY says counts with HTTPS_PROXY"
            )
        if self.http_ca_file is not None:
            self.http_tls_files.context()
        return self


class MongoLink(Environment):
    """The link to MongoDB."""

    model_config = SettingsConfigDict(env_prefix="SHOPSYNC_")

    mongo_uri: MongoUri = Field(min_length=1, description="MongoDB connection string of a replica set")
    mongo_password: SecretStr | None = Field(
        None,
        min_length=1,
        description="Password of the user that the connection string names without one; not percent-encoded",
    )
    mongo_database: MongoDatabase = Field("shopsync", description="MongoDB database")
    mongo_ca_file: Path | None = Field(
        None,
        description="Authorities in PEM that MongoDB's certificates must be of; turns TLS on. With `tls=true` in the"
        " connection string alone the system's count",
    )
    mongo_certificate_file: Path | None = Field(
        None,
        description="Our certificate for MongoDB and its key, in one PEM file; turns TLS on. Who we are with"
        " `authMechanism=MONGODB-X509` in the connection string",
    )

    @property
    def mongo_access(self) -> MongoAccess:
        """How to connect and log in."""
        return MongoAccess(self.mongo_uri, self.mongo_password, self.mongo_ca_file, self.mongo_certificate_file)

    @model_validator(mode="after")
    def _mongo_settings_fit(self) -> Self:
        problems = self.mongo_access.problems()
        if problems:
            raise ValueError("; ".join(problems))
        return self

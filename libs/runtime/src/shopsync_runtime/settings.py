"""Settings from environment variables: one class per service, typed durations, masked secrets."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shopsync_runtime.mongo import uri_problem

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>ms|s|m|h|d)?")
_DATABASE = re.compile(r"[^\s.$/\\\"]{1,63}")
_SERVER = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+)(:(?P<port>\d{1,5}))?")


def _read_duration(value: Any) -> Any:
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return timedelta(seconds=float(match["number"]) * _UNITS[match["unit"] or "s"])
    if isinstance(value, str) and not value.strip().upper().startswith("P"):
        raise ValueError("a duration is expected, such as 30s, 500ms, 5m, 1h or PT30S")
    return value


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than zero")
    return value


Duration = Annotated[timedelta, BeforeValidator(_read_duration)]
"""A timedelta, written as `30s`, `500ms`, `5m`, `1h`, `7d` or plain seconds."""

PositiveDuration = Annotated[Duration, AfterValidator(_positive)]


def _kafka_servers(value: str) -> str:
    servers = [server for part in value.split(",") if (server := part.strip())]
    if not servers or not all(map(_is_server, servers)):
        raise ValueError("host:port is expected, such as kafka:9092, several by comma")
    return value


def _is_server(text: str) -> bool:
    match = _SERVER.fullmatch(text)
    return match is not None and 1 <= int(match["port"] or 9092) <= 65535


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


class CommonSettings(BaseSettings):
    """Settings of every service. Variables begin with SHOPSYNC_."""

    model_config = SettingsConfigDict(
        env_prefix="SHOPSYNC_", extra="forbid", frozen=True, env_ignore_empty=True, str_strip_whitespace=True
    )

    kafka_bootstrap_servers: KafkaServers = Field(
        min_length=1, description="Kafka bootstrap servers, host:port, comma-separated"
    )
    mongo_uri: MongoUri = Field(min_length=1, description="MongoDB connection string of a replica set")
    mongo_password: SecretStr | None = Field(
        None,
        min_length=1,
        description="Password of the user that the connection string names without one; not percent-encoded",
    )
    mongo_database: MongoDatabase = Field("shopsync", description="MongoDB database")
    topic_prefix: str = Field(
        "shopsync",
        pattern=r"^[a-zA-Z0-9._-]{1,100}$",
        description="Prefix of topics and consumer groups: two environments can share a cluster",
    )
    sandbox: bool = Field(
        False,
        description="Whether this is a sandbox: only there published passwords and keys, private image addresses and"
        " a faster futureshop are accepted",
    )
    traces: Literal["off", "otlp"] = Field(
        "off",
        description="Whether traces are exported by OTLP; where to is said by OpenTelemetry's own OTEL_ variables",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Lowest level that is logged")
    http_host: str = Field("127.0.0.1", description="Address that the HTTP port listens on")
    http_port: int = Field(
        8080, ge=0, le=65535, description="HTTP port for health, metrics and webhooks; 0 takes a free one"
    )
    instance_id: str | None = Field(
        None,
        pattern=r"^[a-zA-Z0-9._-]{1,100}$",
        description="Name of this replica, e.g. the StatefulSet pod's: static group membership, so that a restart"
        " within the session timeout moves no partitions; a restarted publisher continues at once with the pushes that"
        " it had. Must differ between replicas",
    )
    unknown_variables: Literal["refuse", "warn"] = Field(
        "refuse",
        description="Whether an unknown variable with one of our prefixes prevents the start or is only logged,"
        " for a version that does not know a newer one's settings",
    )
    kafka_session_timeout: PositiveDuration = Field(
        timedelta(seconds=30), description="Time without heartbeats after which the group reassigns partitions"
    )
    kafka_rebalance_timeout: PositiveDuration = Field(
        timedelta(seconds=60), description="How long a rebalance waits for a batch in flight to finish"
    )
    kafka_commit_timeout: PositiveDuration = Field(
        timedelta(seconds=10), description="Timeout of one offset commit; it is repeated with the next batch"
    )
    dead_letter_limit: int = Field(
        1000, ge=1, description="Dead letters in a row after which a subscription stops instead of draining the topic"
    )
    start_timeout: PositiveDuration = Field(
        timedelta(seconds=60), description="How long to wait at start for Kafka, MongoDB and the topics"
    )
    shutdown_grace: PositiveDuration = Field(
        timedelta(seconds=20),
        description="How long a stop waits for the batch in flight; keep below the pod's grace period",
    )
    watchdog_timeout: Duration = Field(
        timedelta(seconds=20),
        description="If the event loop is blocked this long, dump stacks, exit code 70; 0 disables it",
    )
    stall_timeout: Duration = Field(
        timedelta(minutes=5),
        description="/livez fails if messages wait and no batch starts for this long; 0 disables it",
    )


class ServiceSettings(BaseSettings):
    """Base of a service's own settings. The service sets `env_prefix` and describes every field.

    Rules across fields are pydantic validators of the service's class. Their text is shown after the name of the
    variable, so write it to follow a name ("must be …").
    """

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_ignore_empty=True, str_strip_whitespace=True)

    def variables_read_elsewhere(self) -> frozenset[str]:
        """Environment variables that the service reads beside its settings, so they are not reported as unknown."""
        return frozenset()

    def only_in_the_sandbox(self) -> dict[str, str]:
        """Fields whose values are only fit for the sandbox, each with the reason as a text to follow its name."""
        return {}

"""Settings from environment variables: one class per service, typed durations, masked secrets."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import SettingsConfigDict

from shopsync_runtime.settings_links import Environment, HttpLink, KafkaLink, MongoLink

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>ms|s|m|h|d)?")


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


class CommonSettings(HttpLink, MongoLink, KafkaLink):
    """Settings of every service. Variables begin with SHOPSYNC_."""

    model_config = SettingsConfigDict(env_prefix="SHOPSYNC_")

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


class ServiceSettings(Environment):
    """Base of a service's own settings. The service sets `env_prefix` and describes every field.

    Rules across fields are pydantic validators of the service's class. Their text is shown after the name of the
    variable, so write it to follow a name ("must be …").
    """

    def variables_read_elsewhere(self) -> frozenset[str]:
        """Environment variables that the service reads beside its settings, so they are not reported as unknown."""
        return frozenset()

    def only_in_the_sandbox(self) -> dict[str, str]:
        """Fields whose values are only fit for the sandbox, each with the reason as a text to follow its name."""
        return {}

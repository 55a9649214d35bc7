"""Where Kafka and MongoDB are: the same SHOPSYNC_ variables as for the services, or options."""

import os
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pymongo import AsyncMongoClient

from shopsync_cli.errors import WrongCall
from shopsync_runtime.mongo import Document, make_client
from shopsync_runtime.settings import CommonSettings, KafkaServers, MongoDatabase, MongoUri
from shopsync_runtime.settings_loading import reason_of, unknown_variables, variable_of

S = TypeVar("S", bound=BaseSettings)

_UNKNOWN_VARIABLES = variable_of(CommonSettings, "unknown_variables")
_CONFIG = SettingsConfigDict(
    env_prefix="SHOPSYNC_", extra="forbid", frozen=True, env_ignore_empty=True, str_strip_whitespace=True
)


class PrefixSettings(BaseSettings):
    """The environment's prefix on the cluster."""

    model_config = _CONFIG

    topic_prefix: str = Field("shopsync", pattern=r"^[a-zA-Z0-9._-]{1,100}$", description="prefix of topics and groups")


class KafkaSettings(PrefixSettings):
    """The cluster."""

    kafka_bootstrap_servers: KafkaServers = Field(min_length=1, description="Kafka brokers, host:port, comma-separated")


class MongoSettings(BaseSettings):
    """The database."""

    model_config = _CONFIG

    mongo_uri: MongoUri = Field(min_length=1, description="MongoDB connection string")
    mongo_password: SecretStr | None = Field(None, description="password of a user named without one")
    mongo_database: MongoDatabase = Field("shopsync", description="MongoDB database")

    def client(self) -> AsyncMongoClient[Document]:
        """A new client."""
        password = None if self.mongo_password is None else self.mongo_password.get_secret_value()
        return make_client(self.mongo_uri.get_secret_value(), app_name="ops", password=password)


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """The options before the command; None: the environment decides."""

    kafka_bootstrap_servers: str | None = None
    topic_prefix: str | None = None
    mongo_uri: str | None = None
    mongo_database: str | None = None

    def kafka(self) -> KafkaSettings:
        """Raises WrongCall with one line that names the variable and the option."""
        given = {"kafka_bootstrap_servers": self.kafka_bootstrap_servers, "topic_prefix": self.topic_prefix}
        return _load(KafkaSettings, given)

    def prefix(self) -> str:
        """The prefix of topics and groups, for what needs no cluster."""
        return _load(PrefixSettings, {"topic_prefix": self.topic_prefix}).topic_prefix

    def mongo(self) -> MongoSettings:
        """Raises WrongCall with one line that names the variable and the option."""
        return _load(MongoSettings, {"mongo_uri": self.mongo_uri, "mongo_database": self.mongo_database})


OPTIONS = {
    "kafka_bootstrap_servers": "--kafka",
    "topic_prefix": "--prefix",
    "mongo_uri": "--mongo",
    "mongo_database": "--database",
}


def _load(cls: type[S], given: dict[str, Any]) -> S:
    misspelt = [] if os.environ.get(_UNKNOWN_VARIABLES) == "warn" else unknown_variables([CommonSettings])
    try:
        loaded = cls(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        faults = [_describe(cls, detail) for detail in error.errors()]
        raise WrongCall("; ".join([*faults, *misspelt])) from None
    if misspelt:
        raise WrongCall("; ".join(misspelt))
    return loaded


def _describe(cls: type[BaseSettings], detail: Any) -> str:
    field = str(detail["loc"][0])
    place = f"{variable_of(cls, field)} (or {OPTIONS[field]})"
    if detail["type"] == "missing":
        return f"{place} is not set: {cls.model_fields[field].description}"
    return f"{place}: {reason_of(detail)}"

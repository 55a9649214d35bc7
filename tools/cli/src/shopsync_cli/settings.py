"""Where Kafka and MongoDB are: the same SHOPSYNC_ variables as for the services, or options."""

import os
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pymongo import AsyncMongoClient

from shopsync_cli.errors import NotGiven, WrongCall
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.mongo import Document
from shopsync_runtime.settings import CommonSettings
from shopsync_runtime.settings_links import Environment, KafkaLink, MongoLink
from shopsync_runtime.settings_loading import problem_of, unknown_variables
from shopsync_runtime.settings_variables import variable_of

S = TypeVar("S", bound=BaseSettings)

_UNKNOWN_VARIABLES = variable_of(CommonSettings, "unknown_variables")


class PrefixSettings(Environment):
    """The environment's prefix on the cluster."""

    model_config = SettingsConfigDict(env_prefix="SHOPSYNC_")

    topic_prefix: str = Field("shopsync", pattern=r"^[a-zA-Z0-9._-]{1,100}$", description="prefix of topics and groups")


class KafkaSettings(PrefixSettings, KafkaLink):
    """The cluster."""

    def connection(self) -> KafkaConnection:
        """How to connect to it."""
        return KafkaConnection.of(self)


class MongoSettings(MongoLink):
    """The database."""

    def client(self) -> AsyncMongoClient[Document]:
        """A new client."""
        return self.mongo_access.client(app_name="ops")


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """The options before the command; None: the environment decides."""

    kafka_bootstrap_servers: str | None = None
    topic_prefix: str | None = None
    mongo_uri: str | None = None
    mongo_database: str | None = None

    def kafka(self) -> KafkaSettings:
        """Raises WrongCall with one line that names the variable and the option; NotGiven when there is no address."""
        given = {"kafka_bootstrap_servers": self.kafka_bootstrap_servers, "topic_prefix": self.topic_prefix}
        return _load(KafkaSettings, given)

    def prefix(self) -> str:
        """The prefix of topics and groups, for what needs no cluster."""
        return _load(PrefixSettings, {"topic_prefix": self.topic_prefix}).topic_prefix

    def mongo(self) -> MongoSettings:
        """Raises WrongCall with one line that names the variable and the option; NotGiven when there is no address."""
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
        only_missing = not misspelt and all(detail["type"] == "missing" for detail in error.errors())
        raise (NotGiven if only_missing else WrongCall)("; ".join([*faults, *misspelt])) from None
    if misspelt:
        raise WrongCall("; ".join(misspelt))
    return loaded


def _describe(cls: type[BaseSettings], detail: Any) -> str:
    option = OPTIONS.get(str(detail["loc"][0])) if detail["loc"] else None
    return problem_of(cls, detail, aside=f" (or {option})" if option else "")

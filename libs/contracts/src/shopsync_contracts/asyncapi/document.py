"""Builds an AsyncAPI 3 document from what an application sends and receives."""

import copy
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from shopsync_contracts.asyncapi.components import (
    DEAD_LETTER,
    SECURITY_SCHEMES,
    SERVERS,
    TOMBSTONE,
    dead_letter,
    key_schemas,
    message,
    message_name,
    tombstone,
)
from shopsync_contracts.envelope import BodyType
from shopsync_contracts.events import BODIES
from shopsync_contracts.schemas import file_name, schema_of
from shopsync_contracts.topics import DEAD_LETTERS, TOPICS, TopicSpec

PREFIX = "shopsync"
"""Topic names in the documents begin with the default prefix."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sending:
    """What an application publishes to one topic."""

    spec: TopicSpec
    types: tuple[BodyType, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Receiving:
    """One topic of one subscription. `subscription` tells several of one topic apart; `group` is its consumer group."""

    spec: TopicSpec
    description: str = ""
    subscription: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """What one document is about."""

    name: str
    title: str
    description: str
    sends: tuple[Sending, ...]
    receives: tuple[Receiving, ...]


def document(application: Application) -> Json:
    """The AsyncAPI document of an application. Payloads refer to the JSON Schemas by relative path."""
    messages = _messages_by_topic(application)
    used = {name for names in messages.values() for name in names}
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:x-shopsync:asyncapi:{application.name}",
        "info": {
            "title": application.title,
            "version": version("shopsync-contracts"),
            "description": application.description,
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": copy.deepcopy(SERVERS),
        "channels": {spec.name: _channel(spec, names) for spec, names in messages.items()},
        "operations": {**_sends(application), **_receives(application)},
        "components": {
            "messages": {name: _component(name) for name in _in_order(used)},
            "schemas": key_schemas(),
            "securitySchemes": copy.deepcopy(SECURITY_SCHEMES),
        },
    }


def in_one_piece(document_: Mapping[str, Any]) -> Json:
    """The same document with the JSON Schemas inside, for tools that read a single file.

    Tools that generate classes name them by the titles: `ProductChangedEvent`, and `ProductChanged` for its data.
    """
    alone: Json = copy.deepcopy(dict(document_))
    for body in BODIES:
        name = message_name(body)
        found = alone["components"]["messages"].get(name)
        if found is not None:
            place = f"#/components/schemas/{name}"
            found["payload"] = {"$ref": place}
            alone["components"]["schemas"][name] = {**_moved(schema_of(body), place), "title": f"{body.__name__}Event"}
    return alone


def _moved(schema: Json, place: str) -> Json:
    """The schema as it stands at `place` of another document: its references point there, its own name is a comment."""
    text = json.dumps({name: value for name, value in schema.items() if name not in ("$id", "$schema")})
    moved: Json = json.loads(text.replace('"#/$defs/', f'"{place}/$defs/'))
    return {"$comment": schema["$id"], **moved}


def _messages_by_topic(application: Application) -> dict[TopicSpec, list[str]]:
    names: dict[TopicSpec, set[str]] = {}
    for sending in application.sends:
        names.setdefault(sending.spec, set()).update(_names(sending.spec, sending.types))
    for receiving in application.receives:
        names.setdefault(receiving.spec, set()).update(_names(receiving.spec, receiving.spec.types))
    return {spec: _in_order(names[spec]) for spec in TOPICS if spec in names}


def _names(spec: TopicSpec, types: Iterable[BodyType]) -> list[str]:
    """The messages of these types on a topic, its null values and dead letters included."""
    if spec is DEAD_LETTERS:
        return [DEAD_LETTER]
    return [*map(message_name, types), *([TOMBSTONE] if spec.tombstones else [])]


def _in_order(names: Iterable[str]) -> list[str]:
    order = [*map(message_name, BODIES), TOMBSTONE, DEAD_LETTER]
    return sorted(names, key=order.index)


def _component(name: str) -> Json:
    if name == TOMBSTONE:
        return tombstone()
    if name == DEAD_LETTER:
        return dead_letter()
    body = next(one for one in BODIES if name == message_name(one))
    return message(body, {"$ref": f"../jsonschemas/{file_name(body)}"})


def _channel(spec: TopicSpec, names: list[str]) -> Json:
    return {
        "address": spec.full_name(PREFIX),
        "title": spec.name,
        "description": _about(spec),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {
                "topic": spec.full_name(PREFIX),
                "partitions": spec.partitions,
                "topicConfiguration": _topic_configuration(spec),
                "bindingVersion": "0.5.0",
            }
        },
    }


def _about(spec: TopicSpec) -> str:
    key = {
        "subject": "the message's subject: {shop_key}/{product_no}, or {shop_key} where it is about a shop",
        "shop_key": "the shop's key",
        "original key": "that of the message",
    }[spec.key]
    kept = "indefinitely" if spec.retention is None else f"for {spec.retention.days} days"
    if spec.cleanup == "compact":
        kept = "as the newest message of each key"
    return f"Key: {key}. Messages of one key keep their order. Kept {kept}."


_READINGS: dict[str, Callable[[str], Any]] = {
    "cleanup.policy": lambda text: text.split(","),
    "retention.ms": int,
    "delete.retention.ms": int,
    "max.message.bytes": int,
}
"""The settings that AsyncAPI's binding for Kafka knows, and what it takes instead of text."""


def _topic_configuration(spec: TopicSpec) -> Json:
    config = spec.config()
    return {name: read(config[name]) for name, read in _READINGS.items() if name in config}


def _sends(application: Application) -> Json:
    return {
        f"send-{_word(one.spec)}": _operation("send", one.spec, _in_order(_names(one.spec, one.types)), one.description)
        for one in sorted(application.sends, key=lambda each: TOPICS.index(each.spec))
    }


def _receives(application: Application) -> Json:
    operations: Json = {}
    for one in sorted(application.receives, key=lambda each: (TOPICS.index(each.spec), each.subscription)):
        names = _in_order(_names(one.spec, one.spec.types))
        operation = _operation("receive", one.spec, names, one.description)
        if one.group:
            group = {"type": "string", "const": one.group}
            operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": "0.5.0"}}
        operations["-".join(["receive", _word(one.spec), *filter(None, [one.subscription])])] = operation
    return operations


def _word(spec: TopicSpec) -> str:
    return spec.name.replace(".", "-")


def _operation(action: str, spec: TopicSpec, names: list[str], description: str) -> Json:
    channel = f"#/channels/{spec.name}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        **({"description": description} if description else {}),
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in names],
    }

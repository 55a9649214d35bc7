"""Test helpers: every member of every type, and documents with a chosen value at a chosen member."""

import copy
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from shopsync_contracts import ShopBody
from shopsync_contracts.events import BODIES
from shopsync_contracts.examples import example
from shopsync_contracts.schemas import schema_of

Path = tuple[str | int, ...]
Node = dict[str, Any]


def every_member() -> Iterator[tuple[type[ShopBody], Path, Node]]:
    """Every leaf member: its message type, its path (0 in lists) and its schema. Null is left out."""
    for body in BODIES:
        schema = _schema(body)
        for path, node in _walk(schema, schema["$defs"], ()):
            yield body, path, node


def every_list() -> Iterator[tuple[type[ShopBody], Path, Node]]:
    """Every list of every type."""
    for body, path, node in every_node():
        if node.get("type") == "array":
            yield body, path, node


def every_node() -> Iterator[tuple[type[ShopBody], Path, Node]]:
    """Members, objects and lists alike."""
    for body in BODIES:
        schema = _schema(body)
        for path, node in _nodes(schema, schema["$defs"], ()):
            yield body, path, node


def _walk(node: Node, definitions: dict[str, Node], path: Path) -> Iterator[tuple[Path, Node]]:
    for where, one in _nodes(node, definitions, path):
        if one.get("type") not in ("object", "array", "null"):
            yield where, one


def _nodes(node: Node, definitions: dict[str, Node], path: Path) -> Iterator[tuple[Path, Node]]:
    node = resolve(node, definitions)
    if "anyOf" in node:
        for option in node["anyOf"]:
            yield from _nodes(option, definitions, path)
        return
    yield path, node
    for name, member in node.get("properties", {}).items():
        yield from _nodes(member, definitions, (*path, name))
    if "items" in node:
        yield from _nodes(node["items"], definitions, (*path, 0))


def resolve(node: Node, definitions: dict[str, Node]) -> Node:
    """The schema that a reference points to."""
    return definitions[node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node


def with_value(body: type[ShopBody], path: Path, value: Any) -> dict[str, Any]:
    """The worked example with `value` at `path`. Parents that the example lacks are added."""
    document = copy.deepcopy(_example(body))
    schema = _schema(body)
    place: Any = document
    node: Node = resolve(schema, schema["$defs"])
    for step, following in zip(path, (*path[1:], None), strict=True):
        if isinstance(step, int):
            node = resolve(_only(node["items"], schema["$defs"]), schema["$defs"])
            if len(place) <= step:
                place.append(sample(node, schema["$defs"]))
        else:
            node = resolve(_only(node["properties"][step], schema["$defs"]), schema["$defs"])
            if following is not None and place.get(step) in (None, []):
                place[step] = sample(node, schema["$defs"])
        if following is None:
            place[step] = value
        else:
            place = place[step]
    return document


def _only(node: Node, definitions: dict[str, Node]) -> Node:
    """The alternative that is not null."""
    options = [resolve(option, definitions) for option in node.get("anyOf", [node])]
    return next(option for option in options if option.get("type") != "null")


def sample(node: Node, definitions: dict[str, Node]) -> Any:
    """A small value that the schema allows: required members only."""
    node = _only(resolve(node, definitions), definitions)
    match node:
        case {"const": value} | {"enum": [value, *_]}:
            return value
        case {"type": "object"}:
            names = node.get("required", [])
            value = {name: sample(node["properties"][name], definitions) for name in names} or _first(node, definitions)
        case {"type": "array"}:
            value = [sample(node["items"], definitions)]
        case {"type": "integer" | "number"}:
            value = node["minimum"]
        case {"type": "boolean"}:
            value = False
        case {"format": "date-time"}:
            value = "2026-11-22T18:30:00+09:00"
        case {"type": "string", "pattern": _, "maxLength": 5}:
            value = "00:00"
        case _:
            value = "1"
    return value


def _first(node: Node, definitions: dict[str, Node]) -> dict[str, Any]:
    """One optional member where the schema demands any: an attribute's value needs its id or its name."""
    if "allOf" not in node:
        return {}
    name = next(iter(node["properties"]))
    return {name: sample(node["properties"][name], definitions)}


@cache
def _schema(body: type[ShopBody]) -> Node:
    return schema_of(body)


@cache
def _example(body: type[ShopBody]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(example(body))
    return document

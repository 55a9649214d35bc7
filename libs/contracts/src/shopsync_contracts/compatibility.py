"""Checks a new JSON Schema against an old one, for both sides of a topic.

Whoever publishes must be able to go on: the new schema accepts every message that the old one allowed. Whoever reads
must be able to go on: what the old schema promised of a message still holds.

It knows the part of JSON Schema that our models produce. A change that it cannot prove harmless counts as breaking:
a false alarm costs a look, a missed break costs other systems their messages.
"""

import re
from typing import Any

from shopsync_contracts.narrowings import LOOSENINGS, NARROWINGS

Schema = dict[str, Any]

_UPPER_LIMITS = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "x-maxBytes", "x-maxCharactersTogether")
_LOWER_LIMITS = ("minLength", "minItems", "minimum", "exclusiveMinimum")
_SAME = ("pattern", "format", "uniqueItems", "x-unique", "const", "allOf", "if", "then")


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Places where a message that is valid under `old` may be refused under `new`, each as `path: what`."""
    return _compare(_Node(old, old.get("$defs", {})), _Node(new, new.get("$defs", {})), "$", frozenset())


def broken_promises(old: Schema, new: Schema) -> list[str]:
    """What a reader could rely on under `old` and cannot under `new`, each as `path: what`.

    Added members and values and wider limits are no promises broken: docs/compatibility.md asks readers to bear them.
    """
    found = [_promise(problem) for problem in breaking_changes(new, old)]
    return [text for text in found if text]


_PROMISES = (
    (re.compile(r"(.+): became required"), r"\1: may be missing"),
    (re.compile(r"(.+): type (\S+) became (\S+)"), r"\1: may be \2, was \3"),
    (re.compile(r"(.+): (pattern|format|const) became (.+)"), r"\1: \2 was \3"),
)
"""What is refused when the schemas are compared the other way round, in the words of a reader."""


def _promise(problem: str) -> str:
    for pattern, words in _PROMISES:
        if found := pattern.fullmatch(problem):
            return found.expand(words)
    return ""


def undeclared(problems: list[str]) -> list[str]:
    """The breaking changes that `narrowings.py` does not declare."""
    declared = {text for narrowing in (*NARROWINGS, *LOOSENINGS) for text in narrowing.texts()}
    return [problem for problem in problems if problem not in declared]


class _Node:
    """A schema with the definitions its references point into."""

    def __init__(self, schema: Schema, definitions: dict[str, Schema]) -> None:
        self.definitions = definitions
        self.reference = schema.get("$ref", "")
        self.schema = definitions[self.reference.rsplit("/", 1)[1]] if self.reference else schema

    def child(self, schema: Schema) -> "_Node":
        return _Node(schema, self.definitions)

    def alternatives(self) -> list["_Node"]:
        return [self.child(option) for option in self.schema.get("anyOf", [])] or [self]


_Seen = frozenset[tuple[str, str]]


def _compare(old: _Node, new: _Node, path: str, seen: _Seen) -> list[str]:
    if old.reference and new.reference:
        pair = (old.reference, new.reference)
        if pair in seen:
            return []
        seen |= {pair}
    if "anyOf" in old.schema or "anyOf" in new.schema:
        return _compare_alternatives(old, new, path, seen)
    problems = _compare_value(old.schema, new.schema, path)
    problems += _compare_members(old, new, path, seen)
    if "items" in new.schema:
        problems += _compare(old.child(old.schema.get("items", {})), new.child(new.schema["items"]), f"{path}[]", seen)
    return problems


def _compare_alternatives(old: _Node, new: _Node, path: str, seen: _Seen) -> list[str]:
    problems: list[str] = []
    for option in old.alternatives():
        attempts = [_compare(option, candidate, path, seen) for candidate in new.alternatives()]
        if all(attempts):
            nearest: list[str] = min(attempts, key=_distance)
            problems += nearest
    return problems


def _distance(problems: list[str]) -> tuple[bool, int]:
    """How different an alternative is from the old one. A changed type outweighs any number of changed limits."""
    return any(": type " in problem for problem in problems), len(problems)


def _compare_value(old: Schema, new: Schema, path: str) -> list[str]:
    problems: list[str] = []
    if "type" in new and old.get("type") != new["type"] and (old.get("type"), new["type"]) != ("integer", "number"):
        problems.append(f"{path}: type {old.get('type', 'any')} became {new['type']}")
    if "enum" in new:
        lost = set(_values(old)) - set(new["enum"]) if _values(old) else {"any value"}
        problems += [f"{path}: {value!r} is no longer allowed" for value in sorted(map(str, lost))]
    if _values(old) and all(_fits(value, new) for value in _values(old)):
        return problems
    problems += [
        f"{path}: {name} became {new[name]!r}"
        for name in _SAME
        if name in new and new[name] != old.get(name) and not (name == "const" and _values(old) == [new[name]])
    ]
    problems += [
        f"{path}: {name} fell to {new[name]}"
        for name in _UPPER_LIMITS
        if name in new and (name not in old or new[name] < old[name])
    ]
    problems += [
        f"{path}: {name} rose to {new[name]}"
        for name in _LOWER_LIMITS
        if name in new and (name not in old or new[name] > old[name])
    ]
    return problems


def _fits(value: Any, schema: Schema) -> bool:
    """Whether a value of an old enumeration is allowed as a string now. Only knows strings."""
    if not isinstance(value, str) or {"const", "enum"} & schema.keys():
        return False
    longest, pattern = schema.get("maxLength", len(value)), schema.get("pattern", "")
    return schema.get("minLength", 0) <= len(value) <= longest and re.search(pattern, value) is not None


def _values(schema: Schema) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", []))


def _compare_members(old: _Node, new: _Node, path: str, seen: _Seen) -> list[str]:
    newly_required = set(new.schema.get("required", [])) - set(old.schema.get("required", []))
    problems = [f"{path}.{name}: became required" for name in sorted(newly_required)]
    before, after = old.schema.get("properties", {}), new.schema.get("properties", {})
    closed = new.schema.get("additionalProperties") is False
    if closed and old.schema.get("additionalProperties") is not False:
        problems.append(f"{path}: unknown members are no longer allowed")
    for name in sorted(before):
        if name in after:
            problems += _compare(old.child(before[name]), new.child(after[name]), f"{path}.{name}", seen)
        else:
            problems.append(f"{path}.{name}: was removed")
    return problems

"""The JSON Schemas of the wire format. They are made from the models, committed, and checked for breaking changes."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from shopsync_contracts.compatibility import breaking_changes, broken_promises, undeclared
from shopsync_contracts.envelope import BodyType, Event, ShopBody
from shopsync_contracts.events import BODIES


def file_name(body: type[ShopBody]) -> str:
    """Name of the schema's file, such as `product.changed.v1.json`."""
    return f"{body.TYPE}.{body.VERSION}.json"


def schema_of(body: type[ShopBody]) -> dict[str, Any]:
    """JSON Schema (2020-12) of the whole message, envelope included."""
    schema = Event[body].model_json_schema(mode="validation")  # type: ignore[valid-type]
    schema["$id"] = f"urn:x-shopsync:schema:{body.wire_type()}"
    schema["title"] = body.wire_type()
    schema["description"] = (body.__doc__ or "").strip()
    schema["properties"]["type"] = {"const": body.wire_type(), "type": "string"}
    schema["properties"]["specversion"] = {"const": "1.0", "type": "string"}
    schema["required"] = sorted({*schema["required"], "specversion"})
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema


def published(body: BodyType | str) -> str:
    """The committed JSON Schema that is part of this package, as text.

    `body` is a class, or an event's `type`. Raises LookupError for a type that this release does not know.
    """
    if isinstance(body, str):
        body = _body_of(body)
    return files("shopsync_contracts").joinpath("jsonschemas", file_name(body)).read_text(encoding="utf-8")


def _body_of(wire_type: str) -> BodyType:
    for body in BODIES:
        if body.wire_type() == wire_type:
            return body
    raise LookupError(f"type {wire_type!r} is not known")


def render(schema: dict[str, Any]) -> str:
    """The schema as it is committed: stable order, readable Japanese, a newline at the end."""
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def export(folder: Path) -> list[str]:
    """Write every schema and return the names of the files that changed.

    Raises ValueError, and writes nothing, on a breaking change.
    """
    rendered = {file_name(body): schema_of(body) for body in BODIES}
    problems: list[str] = []
    for name, schema in rendered.items():
        committed = folder / name
        if committed.exists():
            before = json.loads(committed.read_text(encoding="utf-8"))
            found = [*breaking_changes(before, schema), *broken_promises(before, schema)]
            problems += [f"{name}: {problem}" for problem in undeclared(found)]
    problems += [f"{path.name}: the type is gone" for path in folder.glob("*.json") if path.name not in rendered]
    if problems:
        raise ValueError(
            "breaking changes within v1 (give the type a new version instead, or declare in narrowings.py why nobody"
            " can have sent what is refused now):\n  " + "\n  ".join(problems)
        )
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, schema in rendered.items():
        text = render(schema)
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text:
            (folder / name).write_text(text, encoding="utf-8")
            changed.append(name)
    return changed


def release(folder: Path, version: str) -> Path:
    """Keep all schemas of a release in one file, which later ones are compared with. Raises FileExistsError."""
    path = folder / f"{version}.json"
    lines = [f"{json.dumps(file_name(body))}: {_compact(schema_of(body))}" for body in BODIES]
    with path.open("x", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(sorted(lines)) + "\n}\n")
    return path


def _compact(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

"""The two files that an operator writes: the shops with their credentials, and changes to the mapping table."""

import os
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from pydantic import SecretStr, ValidationError

from ingestor.records.source_map import SourceMap
from shopsync_contracts import describe
from shopsync_contracts.events import ImportRequested
from shopsync_runtime import SettingsError
from shopsync_runtime.file_secrets import SUFFIX, UnusableSecretError, secret_of

IN_FOLDER = "shops.yaml"
"""Name of the shops file if the setting is a folder."""
_FIELDS = ("base_url", "client_id", "client_secret")
_ENV = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class ShopAccess:
    """A shop's credentials for futureshop (AU-6). `base_url` does not end with '/'."""

    shop_key: str
    base_url: str
    client_id: str
    client_secret: SecretStr


class _UniqueKeys(yaml.SafeLoader):
    """A loader that refuses repeated keys, of which the last would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


class ShopsFile:
    """The file with the shops. It is only parsed again when it has changed.

    `given`: the file, or the folder that contains it as `shops.yaml`.
    """

    def __init__(self, given: Path, environ: Mapping[str, str] = os.environ) -> None:
        self._given = given
        self._environ = environ
        self._text: str | None = None
        self._document: Any = None
        self._problem: str | None = None

    @property
    def path(self) -> Path:
        """Path of the file itself."""
        return self._given / IN_FOLDER if self._given.is_dir() else self._given

    def load(self) -> dict[str, ShopAccess]:
        """The shops, with the present values of the variables and files that they name.

        Raises SettingsError with one line that names file, shop and field, but never a value.
        """
        document = self._read()
        if not isinstance(document, dict) or not document:
            raise SettingsError(f"{self.path}: must map shop keys to {', '.join(_FIELDS)}")
        path = self.path
        return {str(key): _shop(path, str(key), entry, self._environ) for key, entry in document.items()}

    def variables(self) -> frozenset[str]:
        """Environment variables that the file names, by themselves and by the path of a file. Raises SettingsError."""
        self._read()
        names = [match["name"] for match in _ENV.finditer(self._text or "")]
        return frozenset([*names, *(name + SUFFIX for name in names)])

    def _read(self) -> Any:
        path = self.path
        text = _read_text(path)
        if text != self._text:
            self._text, (self._document, self._problem) = text, _parsed(path, text)
        if self._problem is not None:
            raise SettingsError(self._problem)
        return self._document


def load_shops(given: Path, environ: Mapping[str, str] = os.environ) -> dict[str, ShopAccess]:
    """Read the shops file once. Raises SettingsError with file, shop and field, but never a value."""
    return ShopsFile(given, environ).load()


def load_mapping(path: Path | None) -> SourceMap:
    """The mapping table, with the file's changes if there is one. Raises SettingsError with file and row."""
    if path is None:
        return SourceMap()
    document = _parse_yaml(path, _read_text(path))
    if not isinstance(document, dict):
        raise SettingsError(f"{path}: must map contract fields to source fields")
    for target, source in document.items():
        if source is not None and not isinstance(source, str):
            raise SettingsError(f"{path}: {target}: must be a source field such as comment.main, or null")
    try:
        return SourceMap().adjusted({str(target): source for target, source in document.items()})
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from None


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8") from None


def _parsed(path: Path, text: str) -> tuple[Any, str | None]:
    """(document, error): the other one is None."""
    try:
        return _parse_yaml(path, text), None
    except SettingsError as error:
        return None, str(error)


def _parse_yaml(path: Path, text: str) -> Any:
    try:
        return yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        # The line itself is not shown, since it may contain a secret.
        raise SettingsError(f"{path}{line}: is no YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        # An impossible date, a list as a key and deep nesting raise other errors than YAMLError.
        raise SettingsError(f"{path}: is no YAML") from None


def _shop(path: Path, key: str, entry: Any, environ: Mapping[str, str]) -> ShopAccess:
    place = f"{path}: shop {key!r}"
    try:
        ImportRequested(shop_key=key, mode="enumerate")
    except ValidationError as error:
        raise SettingsError(f"{place}: {describe(error)}") from None
    if not isinstance(entry, dict):
        raise SettingsError(f"{place}: must have {', '.join(_FIELDS)}")
    if unknown := sorted(str(name) for name in entry.keys() - set(_FIELDS)):
        raise SettingsError(f"{place}: {unknown[0]}: there is no such field; known are {', '.join(_FIELDS)}")
    values = {name: _value(f"{place}: {name}", entry.get(name), path.parent, environ) for name in _FIELDS}
    return ShopAccess(
        shop_key=key,
        base_url=_base_url(f"{place}: base_url", values["base_url"]),
        client_id=values["client_id"],
        client_secret=SecretStr(values["client_secret"]),
    )


def _value(place: str, value: Any, folder: Path, environ: Mapping[str, str]) -> str:
    if value is None or value == "":
        raise SettingsError(f"{place}: is missing")
    if not isinstance(value, str):
        raise SettingsError(f"{place}: must be a text; put it in quotes")
    if value.startswith("file:"):
        return _from_file(place, folder / value.removeprefix("file:"))

    def from_environment(match: re.Match[str]) -> str:
        try:
            found = secret_of(match["name"], environ)
        except UnusableSecretError as error:
            raise SettingsError(f"{place}: {error}") from None
        if found is None:
            raise SettingsError(f"{place}: the environment variable {match['name']} is not set")
        return found.get_secret_value()

    return _ENV.sub(from_environment, value)


def _from_file(place: str, path: Path) -> str:
    try:
        content = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise SettingsError(f"{place}: the file {path} cannot be read: {why}") from None
    if not content:
        raise SettingsError(f"{place}: the file {path} is empty")
    return content


def _base_url(place: str, value: str) -> str:
    try:
        url = httpx.URL(value)
    except (httpx.InvalidURL, ValueError):
        raise SettingsError(f"{place}: is no URL") from None
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment or url.userinfo:
        raise SettingsError(f"{place}: must be http(s)://host[:port][/path], without user, query and fragment")
    return value.rstrip("/")

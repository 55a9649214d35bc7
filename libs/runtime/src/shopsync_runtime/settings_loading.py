"""From the environment to a settings object, or to one line that names each variable at fault."""

import difflib
import os
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import SecretBytes, SecretStr, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from shopsync_runtime.errors import SettingsError
from shopsync_runtime.settings import CommonSettings

S = TypeVar("S", bound=BaseSettings)

# Read by others than a service's settings: the sandbox's choice of broker and database, crash tests.
_ELSEWHERE = frozenset({"SHOPSYNC_KAFKA", "SHOPSYNC_MONGO", "SHOPSYNC_FAILPOINT"})


def load_settings(cls: type[S]) -> S:
    """Read the environment. Raises SettingsError with one line for all variables that are missing or wrong."""
    try:
        return cls()
    except ValidationError as error:
        raise SettingsError("; ".join(_describe(cls, detail) for detail in error.errors())) from None


def common_settings_with(default_http_port: int) -> type[CommonSettings]:
    """CommonSettings whose HTTP port has this service's default."""
    port = CommonSettings.model_fields["http_port"]
    field = FieldInfo.merge_field_infos(port, default=default_http_port)
    created: type[CommonSettings] = create_model("CommonSettings", __base__=CommonSettings, http_port=(int, field))
    created.__doc__ = CommonSettings.__doc__
    return created


def variable_of(cls: type[BaseSettings], field: str) -> str:
    """Environment variable of a field."""
    alias = cls.model_fields[field].validation_alias if field in cls.model_fields else None
    if isinstance(alias, str):
        return alias.upper()
    return f"{cls.model_config.get('env_prefix', '')}{field}".upper()


def unknown_variables(classes: list[type[BaseSettings]], environ: Mapping[str, str] | None = None) -> list[str]:
    """One sentence per variable that looks meant for us but that nobody reads, with the nearest known name.

    The common prefix is shared with other tools, so there only a near miss is worth a word.
    """
    environ = os.environ if environ is None else environ
    known = {variable_of(cls, field) for cls in classes for field in cls.model_fields} | _ELSEWHERE
    prefixes = {cls: str(cls.model_config.get("env_prefix", "")).upper() for cls in classes}
    found = []
    for name in sorted(environ):
        cls = next((c for c, prefix in prefixes.items() if prefix and name.upper().startswith(prefix)), None)
        if cls is None or name.upper() in known:
            continue
        near = difflib.get_close_matches(name.upper(), sorted(known), n=1, cutoff=0.8)
        if near:
            found.append(f"{name} is not read by anything; did you mean {near[0]}?")
        elif not issubclass(cls, CommonSettings):
            found.append(f"{name} is not read by anything")
    return found


def _describe(cls: type[BaseSettings], detail: Any) -> str:
    if not detail["loc"]:
        return _reason(detail)
    field, *inner = detail["loc"]
    name = variable_of(cls, str(field))
    place = name + "".join(f"[{part}]" for part in inner)
    if detail["type"] == "missing":
        meaning = cls.model_fields[str(field)].description
        return f"{place} is not set ({meaning})" if meaning else f"{place} is not set"
    return f"{place}: {_reason(detail)}{_given(cls, str(field), detail)}"


def _reason(detail: Any) -> str:
    text = str(detail["msg"]).removeprefix("Value error, ").replace("\n", " ")
    return text[:1].lower() + text[1:]


def _given(cls: type[BaseSettings], field: str, detail: Any) -> str:
    given = detail.get("input")
    if is_secret(cls, field) or not isinstance(given, str | int | float | bool):
        return ""
    return f" (is {given!r:.80})"


def is_secret(cls: type[BaseSettings], field: str) -> bool:
    """True for fields whose value must never be shown."""
    info = cls.model_fields.get(field)
    return info is not None and any(secret.__name__ in str(info.annotation) for secret in (SecretStr, SecretBytes))

"""Loads settings from the environment. Errors name every invalid variable in one line."""

import difflib
import os
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from shopsync_runtime.errors import SettingsError
from shopsync_runtime.settings import CommonSettings
from shopsync_runtime.settings_variables import Unusable, is_secret, variable_of, variables_of

S = TypeVar("S", bound=BaseSettings)

ELSEWHERE = frozenset(
    {
        "SHOPSYNC_CACHE",
        "SHOPSYNC_DEMO_BEGAN",
        "SHOPSYNC_DEMO_INSTALL_SECONDS",
        "SHOPSYNC_FAILPOINT",
        "SHOPSYNC_KAFKA",
        "SHOPSYNC_MONGO",
        "SHOPSYNC_MONTH_SEEDS",
        "SHOPSYNC_PUBLISHER_URL",
        "SHOPSYNC_CONSOLE_URL",
        "SHOPSYNC_SCRATCH",
    }
)
"""Variables with the common prefix that other programs read: the command line, the sandbox, the demo, crash tests."""

# Kubernetes sets variables for every service in the namespace: INGESTOR_SERVICE_HOST, INGESTOR_PORT=tcp://… and so on.
_SERVICE_LINK = re.compile(r"\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
_SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://")


def load_settings(cls: type[S]) -> S:
    """Read the environment. Raises SettingsError with one line for all variables that are missing or wrong."""
    try:
        return cls()
    except ValidationError as error:
        raise SettingsError("; ".join(problem_of(cls, detail) for detail in error.errors())) from None


def common_settings_with(default_http_port: int) -> type[CommonSettings]:
    """CommonSettings whose HTTP port has this service's default."""
    port = CommonSettings.model_fields["http_port"]
    field = FieldInfo.merge_field_infos(port, default=default_http_port)
    created: type[CommonSettings] = create_model("CommonSettings", __base__=CommonSettings, http_port=(int, field))
    created.__doc__ = CommonSettings.__doc__
    return created


def unknown_variables(
    classes: Sequence[type[BaseSettings]],
    environ: Mapping[str, str] | None = None,
    *,
    also_read: Collection[str] = (),
) -> list[str]:
    """One sentence per variable with one of our prefixes that nobody reads, with the closest known name.

    Empty variables do not count. `also_read` are variables that are read by other means than the settings.
    """
    environ = os.environ if environ is None else environ
    settings = {name for cls in classes for name in variables_of(cls)}
    known = settings | ELSEWHERE | {name.upper() for name in also_read}
    prefixes = tuple(prefix for cls in classes if (prefix := str(cls.model_config.get("env_prefix", "")).upper()))
    return [
        _unknown(name, settings)
        for name, value in sorted(environ.items())
        if value
        and name.upper().startswith(prefixes)
        and name.upper() not in known
        and not _is_service_link(name, value)
    ]


def _unknown(name: str, settings: Collection[str]) -> str:
    near = difflib.get_close_matches(name.upper(), sorted(settings), n=1, cutoff=0.75)
    return f"{name} is not read by anything" + (f"; did you mean {near[0]}?" if near else "")


def _is_service_link(name: str, value: str) -> bool:
    at_port = name.endswith("_PORT") and _SERVICE_ADDRESS.match(value) is not None
    return at_port or _SERVICE_LINK.fullmatch(name) is not None


def problem_of(cls: type[BaseSettings], detail: Any, *, aside: str = "") -> str:
    """One fault of a ValidationError as a sentence that names its variable; `aside` follows the name."""
    if not detail["loc"]:
        return _reason_of(detail)
    given = detail.get("input")
    if isinstance(given, Unusable):
        return given.problem
    field, *inner = detail["loc"]
    place = variable_of(cls, str(field)) + "".join(f"[{part}]" for part in inner) + aside
    if detail["type"] == "missing":
        meaning = cls.model_fields[str(field)].description
        return f"{place} is not set ({meaning})" if meaning else f"{place} is not set"
    return f"{place}: {_reason_of(detail)}{_given(cls, str(field), detail)}"


def _reason_of(detail: Any) -> str:
    text = str(detail["msg"]).removeprefix("Value error, ").replace("\n", " ")
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _given(cls: type[BaseSettings], field: str, detail: Any) -> str:
    given = detail.get("input")
    if is_secret(cls, field) or not isinstance(given, str | int | float | bool):
        return ""
    return f" (is {given!r:.80})"

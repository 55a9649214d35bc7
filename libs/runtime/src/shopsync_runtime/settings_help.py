"""The output of `--help` and `--print-config`."""

from datetime import timedelta
from typing import Any

from pydantic import SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from shopsync_runtime.file_secrets import SUFFIX
from shopsync_runtime.settings_variables import is_secret, variable_of


def help_text(service: str, classes: list[type[BaseSettings]]) -> str:
    """The service's usage and all its variables with description and default."""
    lines = [
        f"usage: python -m {service} [--help] [--version] [--print-config]",
        "",
        f"Runs the shopsync service {service!r} until SIGTERM. Settings come from environment variables.",
        "The value of a secret X may instead lie in a file, whose path is in X_FILE.",
    ]
    for cls in classes:
        lines += ["", *((cls.__doc__ or cls.__name__).strip().splitlines()[:1])]
        for name, field in cls.model_fields.items():
            secret = f" (or {variable_of(cls, name)}{SUFFIX})" if is_secret(cls, name) else ""
            lines.append(f"  {variable_of(cls, name)}{secret}")
            lines.append(f"      {field.description or name} [{_default(field)}]")
    lines += [
        "",
        "options:",
        "  --help          this text",
        "  --version       the version, one for all services, and exit",
        "  --print-config  the settings in force, secrets masked, and exit",
    ]
    return "\n".join(lines)


def config_text(settings: list[BaseSettings]) -> str:
    """`VARIABLE=value` per line, secrets masked."""
    return "\n".join(
        f"{variable_of(type(one), name)}={show(getattr(one, name))}"
        for one in settings
        for name in type(one).model_fields
    )


def show(value: Any) -> str:
    """A setting's value as an operator would write it, secrets as asterisks."""
    if value is None:
        return ""
    if isinstance(value, SecretStr | SecretBytes):
        return "**********" if value else ""
    if isinstance(value, timedelta):
        return _duration(value.total_seconds())
    return str(value)


def _duration(seconds: float) -> str:
    """The duration as a whole number of the largest possible unit."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds:g}s"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    shown = show(field.get_default(call_default_factory=True, validated_data={}))
    return f"default: {shown}" if shown else "optional"

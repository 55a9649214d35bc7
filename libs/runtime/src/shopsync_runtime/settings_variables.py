"""Which environment variable a setting is read from; secrets also from the file that `X_FILE` names."""

import os
from typing import Any

from pydantic import SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from shopsync_runtime.file_secrets import SUFFIX, UnusableSecretError, secret_of


class Unusable:
    """In place of a secret that cannot be had: its validation fails, and `problem` says why."""

    def __init__(self, problem: str) -> None:
        self.problem = problem


class SecretFiles(PydanticBaseSettingsSource):
    """The secrets whose `X_FILE` is set. It goes before the source of variables."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - pydantic's
        """The secret or an Unusable, None when its `X_FILE` is not set; its key; that it is no JSON."""
        name = variable_of(self.settings_cls, field_name)
        environ = {known.upper(): value for known, value in os.environ.items() if known.upper().startswith(name)}
        if not is_secret(self.settings_cls, field_name) or not environ.get(name + SUFFIX):
            return None, field_name, False
        try:
            return secret_of(name, environ), field_name, False
        except UnusableSecretError as error:
            return Unusable(str(error)), field_name, False

    def __call__(self) -> dict[str, Any]:
        """The secrets by field."""
        found = [self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items()]
        return {key: value for value, key, _ in found if value is not None}


def variable_of(cls: type[BaseSettings], field: str) -> str:
    """Environment variable of a field."""
    alias = cls.model_fields[field].validation_alias if field in cls.model_fields else None
    if isinstance(alias, str):
        return alias.upper()
    return f"{cls.model_config.get('env_prefix', '')}{field}".upper()


def variables_of(cls: type[BaseSettings]) -> list[str]:
    """Every environment variable of a class, the `X_FILE` of secrets among them."""
    found: list[str] = []
    for field in cls.model_fields:
        name = variable_of(cls, field)
        found += [name, name + SUFFIX] if is_secret(cls, field) else [name]
    return found


def is_secret(cls: type[BaseSettings], field: str) -> bool:
    """Whether the field's value must never be shown."""
    info = cls.model_fields.get(field)
    return info is not None and any(secret.__name__ in str(info.annotation) for secret in (SecretStr, SecretBytes))

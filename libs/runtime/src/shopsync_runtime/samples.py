"""Finds settings that are only fit for the sandbox, such as secrets that are published with the sources."""

import re
from collections.abc import Iterable, Mapping, Sequence

from pydantic import SecretStr
from pydantic_settings import BaseSettings

from shopsync_runtime.settings import CommonSettings, ServiceSettings
from shopsync_runtime.settings_variables import variable_of

SAMPLE_SECRETS: Mapping[str, str] = {
    "sandbox-root": "password",
    "sandbox-ingestor": "password",
    "sandbox-catalog": "password",
    "sandbox-publisher": "password",
    "sandbox-janitor": "password",
    "sandbox-console": "password",
    "sandbox-operator": "password",
    "sandbox-internal-token": "token",
    "c2FuZGJveC1zYW5kYm94LXNhbmRib3gtc2FuZGJveC0=": "key",
    "d65680a9f0465f689d1d335c376612048e8f550e": "app secret",
}
"""Secrets of `sandbox.env`, which anybody can read, with what each is."""

_PARTS = re.compile(r"[\s,:@/?&]+")


def outside_the_sandbox(common: CommonSettings, settings: ServiceSettings) -> list[str]:
    """Why these settings are unfit for production, one sentence per variable; none if SHOPSYNC_SANDBOX is true."""
    if common.sandbox:
        return []
    problems = [*_samples([common, settings]), *_fields(settings, settings.only_in_the_sandbox())]
    if problems:
        problems.append("SHOPSYNC_SANDBOX=true allows this, on a sandbox and nowhere else")
    return problems


def sample_in(secret: str) -> str | None:
    """What is wrong with a value that contains a published secret, as a text to follow its name; else None."""
    known = [SAMPLE_SECRETS[part] for part in _PARTS.split(secret) if part in SAMPLE_SECRETS]
    return f"holds the {known[0]} that is published for the sandbox: set your own" if known else None


def _samples(every: Sequence[BaseSettings]) -> Iterable[str]:
    for settings in every:
        for field in type(settings).model_fields:
            value = getattr(settings, field)
            if not isinstance(value, SecretStr):
                continue
            problem = sample_in(value.get_secret_value())
            if problem is not None:
                yield f"{variable_of(type(settings), field)} {problem}"


def _fields(settings: ServiceSettings, reasons: Mapping[str, str]) -> Iterable[str]:
    for field, reason in reasons.items():
        yield f"{variable_of(type(settings), field)} {reason}"

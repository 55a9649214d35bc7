"""Every text that a merchant reads, in Japanese and English. One module per screen, each with `TEXTS`.

A key is `screen.name`; in a template `{{ t("screen.name") }}`, with values `{{ t("screen.name", n=3) }}` for a
text with `{n}`. A test fails for a key that is used and not there, or there and not used.
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from console.model import Language
from shopsync_readmodel.words import Words

Pair = tuple[str, str]
"""Japanese and English."""


def _all() -> dict[str, Pair]:
    found: dict[str, Pair] = {}
    for module in iter_modules(__path__):
        texts: Mapping[str, Pair] = import_module(f"{__name__}.{module.name}").TEXTS
        found |= {f"{module.name}.{key}": pair for key, pair in texts.items()}
    return found


ALL = _all()


def text(key: str, language: Language, **values: object) -> str:
    """The text of a key; values may be in both languages themselves. Raises KeyError for one that does not exist."""
    japanese, english = ALL[key]
    chosen = japanese if language == "ja" else english
    return chosen.format(**{name: _in(value, language) for name, value in values.items()}) if values else chosen


def _in(value: object, language: Language) -> object:
    if not isinstance(value, Words):
        return value
    return value.japanese if language == "ja" else value.english

"""A text in two languages: English for operators, Japanese for merchants. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Words:
    """The same said twice. Words of futureshop and TikTok Shop are the same in both."""

    english: str
    japanese: str

    @classmethod
    def same(cls, text: str) -> Self:
        """What is quoted, and so stays as it is."""
        return cls(text, text)

    def fill(self, **values: "object | Words") -> "Words":
        """Both with `{values}`; one that is itself in two languages goes into each."""
        return Words(
            self.english.format(**{name: _in(value, "english") for name, value in values.items()}),
            self.japanese.format(**{name: _in(value, "japanese") for name, value in values.items()}),
        )


def _in(value: object, language: str) -> object:
    return getattr(value, language) if isinstance(value, Words) else value


class Sentences:
    """Sentences of our own, each an English pattern with its Japanese; `{0}` stands for the first group."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._known = tuple((re.compile(pattern, re.DOTALL), japanese) for pattern, japanese in pairs)

    def words(self, text: str) -> Words:
        """The text beside its Japanese; the same in both when it is not one of these."""
        for pattern, japanese in self._known:
            if (found := pattern.fullmatch(text)) is not None:
                return Words(text, japanese.format(*found.groups()))
        return Words.same(text)

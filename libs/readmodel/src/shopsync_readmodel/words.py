"""A text in two languages: Japanese for merchants, English for operators and, where it differs, merchants. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

_RULES = re.compile(r" \([A-Z]{2}-\d+(?:, [A-Z]{2}-\d+)*\)")
_NOTHING = re.compile(r"^nothing(?=[:,]|$)")
_A_WORD = re.compile(r"[a-z]+(?:[ ,]|: |$)")


@dataclass(frozen=True, slots=True)
class Words:
    """The same said twice. Words of futureshop and TikTok Shop are the same in both.

    `plain`: English for merchants, where operators are told more: names of members, commands, codes.
    """

    english: str
    japanese: str
    plain: str = ""

    @property
    def for_merchants(self) -> str:
        """Their English, as a sentence; what is quoted stays as it is."""
        if self.english == self.japanese:
            return self.english
        text = _NOTHING.sub("nothing to do", _plain(self))
        return f"{text[0].upper()}{text[1:]}" if _A_WORD.match(text) else text

    @classmethod
    def same(cls, text: str) -> Self:
        """What is quoted, and so stays as it is."""
        return cls(text, text)

    def fill(self, **values: "object | Words") -> "Words":
        """Both with `{values}`; one that is itself in two languages goes into each."""
        return Words(
            self.english.format(**{name: _in(value, "english") for name, value in values.items()}),
            self.japanese.format(**{name: _in(value, "japanese") for name, value in values.items()}),
            _plain(self).format(
                **{name: _plain(value) if isinstance(value, Words) else value for name, value in values.items()}
            ),
        )


def _in(value: object, language: str) -> object:
    return getattr(value, language) if isinstance(value, Words) else value


def _plain(words: Words) -> str:
    """Numbers of rules are for operators; what is quoted has none of ours."""
    is_quoted = words.english == words.japanese
    return words.plain or (words.english if is_quoted else _RULES.sub("", words.english))


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

"""A text in two languages: English for operators, Japanese for merchants. Pure."""

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

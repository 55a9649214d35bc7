"""What is wrong with a text that was entered. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shopsync_readmodel.words import Words


@dataclass(frozen=True, slots=True)
class FieldError:
    """`key`: of the text, without its screen."""

    key: str
    values: Mapping[str, str | int | Words] = field(default_factory=dict)


class Wrong(ValueError):
    """A text that is no value of its field."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.error = FieldError(key, values)

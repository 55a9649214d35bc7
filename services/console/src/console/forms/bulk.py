"""The form of 一括入力・変更: only what is filled in, or ticked to be cleared, is written (ED-6). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from starlette.datastructures import FormData

from console.forms.errors import FieldError, Wrong
from console.forms.fields import SIDES, plain, value_of
from console.forms.numbers import AMOUNTS, whole_number
from console.forms.product import Errors, validated
from shopsync_contracts.events import EditChanges

Target = Literal["keep", "on", "off"]

TEXTS: Final = ("category_id", "brand_id", "package_weight_g", *SIDES, "price")
CLEARABLE: Final = ("category_id", "brand_id", "package_weight_g", "package_dimensions_cm", "price")
"""A cleared price is futureshop's again."""
_SIZE: Final = "package_dimensions_cm"


@dataclass(frozen=True, slots=True)
class BulkEntered:
    """What stands in the inputs. Blank and not ticked: the field stays as it is."""

    texts: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(TEXTS, ""))
    clear: frozenset[str] = frozenset()
    target: Target = "keep"

    @classmethod
    def from_form(cls, form: FormData) -> "BulkEntered":
        """As it was sent."""
        target = form.get("target")
        return cls(
            texts={name: plain(name, str(form.get(f"f.{name}", ""))) for name in TEXTS},
            clear=frozenset(str(one) for one in form.getlist("clear")) & frozenset(CLEARABLE),
            target="on" if target == "on" else "off" if target == "off" else "keep",
        )

    def fields(self) -> list[tuple[str, str]]:
        """Names and texts, for the page between the form and the sending."""
        texts = [(f"f.{name}", text) for name, text in self.texts.items() if text]
        return [*texts, *(("clear", name) for name in sorted(self.clear)), ("target", self.target)]

    @property
    def sync_enabled(self) -> bool | None:
        """連携対象 to set; None: as it is."""
        return {"keep": None, "on": True, "off": False}[self.target]

    def shown(self) -> Sequence[tuple[str, str | None]]:
        """What is written, field by field; None: cleared."""
        return [
            (name, None if name in self.clear else self.texts[name]) for name in (*CLEARABLE, *SIDES) if self._is(name)
        ]

    def amounts(self) -> dict[str, int]:
        """The numbers by their fields, of texts in which nothing is wrong."""
        return {
            name: whole_number(text, AMOUNTS[name]) for name, text in self.texts.items() if name in AMOUNTS and text
        }

    def _is(self, name: str) -> bool:
        return name in self.clear or bool(self.texts.get(name))


def bulk_changes(entered: BulkEntered) -> tuple[EditChanges, Errors]:
    """What is to be written, and what is wrong by the name of its input. `form`: nothing is filled in."""
    document: dict[str, Any] = {}
    errors: Errors = {}
    for name, text in entered.texts.items():
        outer = _SIZE if name in SIDES else name
        if text and outer in entered.clear:
            errors[name] = FieldError("both_back" if name == "price" else "both")
        elif text:
            try:
                value = value_of(name, text)
            except Wrong as wrong:
                errors[name] = wrong.error
                continue
            if name in SIDES:
                document.setdefault(_SIZE, {})[name] = value
            else:
                document[name] = value
    document |= dict.fromkeys(entered.clear)
    if not document and not errors and entered.sync_enabled is None:
        errors["form"] = FieldError("nothing")
    changes, faults = validated(document)
    return changes, {**faults, **errors}

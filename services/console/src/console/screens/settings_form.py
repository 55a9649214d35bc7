"""The form of 連携設定: read, checked and shown again as it was entered. Pure."""

import json
from dataclasses import dataclass, field
from typing import Final, Literal, Self, cast, get_args

from pydantic import ValidationError
from starlette.datastructures import FormData

from console.forms.errors import Wrong
from console.forms.numbers import MINUTES, PERCENT, Amount, whole_number
from shopsync_contracts.events import SyncSettings, TaxDefaults
from shopsync_contracts.events.upstream import Rounding
from shopsync_contracts.limits import MAX_TIMES

Mode = Literal["manual", "auto", "scheduled"]
MODES: Final[tuple[Mode, ...]] = get_args(Mode)
ROUNDINGS: Final[tuple[Rounding, ...]] = get_args(Rounding)

LEAST_TIMES: Final = 3
MORE_TIMES: Final = 3
_QUOTED: Final = 40
_TIME_DIGITS: Final = str.maketrans("０１２３４５６７８９：", "0123456789:")


@dataclass(frozen=True, slots=True)
class Values:
    """What a form says when nothing is wrong with it."""

    sync: SyncSettings
    tax: TaxDefaults

    def text(self) -> str:
        """For a form to carry: always the same for the same values."""
        both = {"sync": self.sync.model_dump(mode="json"), "tax": self.tax.model_dump(mode="json")}
        return json.dumps(both, sort_keys=True)

    @property
    def is_timed(self) -> bool:
        """Whether products are sent without a press of a button."""
        return self.sync.mode != "manual"


@dataclass(frozen=True, slots=True)
class Entered:
    """The texts of the fields, right or wrong."""

    mode: str
    interval: str
    times: tuple[str, ...]
    included: str
    rate: str
    rounding: str

    @classmethod
    def of(cls, values: Values) -> Self:
        """The fields of a page that is opened."""
        sync, tax = values.sync, values.tax
        return cls(
            mode=sync.mode,
            interval=str(sync.interval_minutes),
            times=sync.times,
            included="yes" if tax.included else "no",
            rate=str(tax.rate_percent),
            rounding=tax.rounding,
        )

    @classmethod
    def from_form(cls, form: FormData) -> Self:
        """As it was sent; numbers and times with plain digits where they can be read."""

        def one(name: str) -> str:
            return str(form.get(name, "")).strip()

        times = (str(each).translate(_TIME_DIGITS).strip() for each in form.getlist("times"))
        return cls(
            mode=one("mode"),
            interval=_digits(one("interval"), MINUTES),
            times=tuple(filter(None, times)),
            included=one("included"),
            rate=_digits(one("rate"), PERCENT),
            rounding=one("rounding"),
        )

    def fields(self) -> list[tuple[str, str]]:
        """Names and texts, for a page between this form and the sending."""
        single = ("mode", "interval", "included", "rate", "rounding")
        return [*((name, str(getattr(self, name))) for name in single), *(("times", one) for one in self.times)]


@dataclass(slots=True)
class Checked:
    """`values` None: something is wrong. `errors`: name of a text by field; `wrong`: what was written there."""

    values: Values | None = None
    errors: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)


def check(entered: Entered, now: Values) -> Checked:
    """Fields of a mode that is not chosen may be empty: they stay as they are."""
    result = Checked()
    mode = entered.mode if entered.mode in MODES else "manual"
    if entered.mode not in MODES:
        result.errors["mode"] = "choose_mode"
    interval = now.sync.interval_minutes
    if entered.interval or mode == "auto":
        interval = _number(result, "interval", entered.interval, MINUTES)
    rate = _number(result, "rate", entered.rate, PERCENT)
    times = _times(result, entered, mode)
    if entered.included not in {"yes", "no"}:
        result.errors["included"] = "choose"
    if entered.rounding not in ROUNDINGS:
        result.errors["rounding"] = "choose"
    if result.errors:
        return result
    result.values = Values(
        SyncSettings(mode=mode, interval_minutes=interval, times=times),
        TaxDefaults(included=entered.included == "yes", rate_percent=rate, rounding=cast("Rounding", entered.rounding)),
    )
    return result


def _number(result: Checked, name: str, text: str, amount: Amount) -> int:
    if not text:
        result.errors[name] = "enter"
        return amount.least
    try:
        return whole_number(text, amount)
    except Wrong:
        result.errors[name] = name
        result.wrong[name] = text[:_QUOTED]
        return amount.least


def _digits(text: str, amount: Amount) -> str:
    """A number as the page shows it; anything else stays as it was entered."""
    try:
        return str(whole_number(text, amount))
    except Wrong:
        return text


def _times(result: Checked, entered: Entered, mode: str) -> tuple[str, ...]:
    """In order, each once. `3:00` is `03:00`, as some browsers and people write it."""
    times = sorted({one.zfill(len("HH:MM")) for one in entered.times})
    wrong = [one for one in times if not _is_time(one)]
    if wrong:
        result.errors["times"] = "times"
        result.wrong["times"] = "、".join(wrong)
    elif mode == "scheduled" and not times:
        result.errors["times"] = "enter_time"
    elif len(times) > MAX_TIMES:
        result.errors["times"] = "times"
    return tuple(times)


def _is_time(text: str) -> bool:
    try:
        SyncSettings(mode="scheduled", times=(text,))
    except ValidationError:
        return False
    return True


def differences(now: Entered, entered: Entered) -> list[tuple[str, str, str]]:
    """Names of the fields that differ, with both texts."""
    shown = [(name, _text(now, name), _text(entered, name)) for name in _SHOWN]
    return [(name, one, two) for name, one, two in shown if one != two]


_SHOWN: Final = ("mode", "interval", "times", "included", "rate", "rounding")


def _text(entered: Entered, name: str) -> str:
    return "、".join(entered.times) if name == "times" else str(getattr(entered, name))

"""The form of 商品詳細 as its page shows it, and what the page is told while it is open. Pure."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import ImmutableMultiDict

from console.errors import NoSuchPage
from console.forms import product as forms
from console.forms.attributes import AttributeInput, Values, as_lines, choices_of, inputs, needed_certificates
from console.forms.errors import FieldError, Wrong
from console.forms.fields import UPSTREAM, texts_of
from console.forms.meanwhile import Saved, changed_by_others, input_of, knowing, overtaken, renewed, values_of
from console.forms.missing import still_missing
from console.forms.numbers import STOCK, whole_number
from console.forms.product import Entered, Errors, Rendered
from console.model import Action
from console.screens.product_lists import Lists, Picking
from console.screens.product_view import ProductView
from shopsync_contracts.events import ProductSnapshot
from shopsync_readmodel.products.fields import sku_rows
from shopsync_readmodel.products.product import StoredProduct
from shopsync_readmodel.words import Words

_TAKEN: Final = ("in_review", "synced")
_TOLD: Final = ("saved", "shown", "changed")
_MOST_FOLLOWED: Final = 10
_LONGEST: Final = 60
_BLANK: Final = Words("blank", "空欄")


@dataclass(frozen=True, slots=True)
class Told:
    """What an open page knows. `version`: of the product when its form was made.

    `following`: its own actions whose end it does not know. `what` it says: `saved`, its own has arrived; `shown`, its
    renewed form has what others changed, too; `changed`, others have changed what it does not show.
    `is_due`: its form is to be asked for again, since all that it followed has ended.
    """

    version: str = ""
    following: tuple[str, ...] = ()
    what: tuple[str, ...] = ()
    is_due: bool = False

    @classmethod
    def of(cls, given: "ImmutableMultiDict[str, object]") -> "Told":
        """From a form or an address."""
        following = tuple(dict.fromkeys(str(one) for one in given.getlist("following")))[-_MOST_FOLLOWED:]
        return cls(
            str(given.get("version", "")), following, tuple(one for one in _TOLD if one in given.getlist("told"))
        )

    def after(self, sent: str) -> "Told":
        """Once something was sent from the page."""
        following = tuple(dict.fromkeys((*self.following, sent)))[-_MOST_FOLLOWED:]
        return replace(self, following=following, what=tuple(one for one in self.what if one == "changed"))

    @property
    def query(self) -> str:
        """For an address."""
        following, told = (("following", one) for one in self.following), (("told", one) for one in self.what)
        return urlencode([("version", self.version), *following, *told])


@dataclass(frozen=True, slots=True)
class FormState:
    """All that a form shows: what it was made with, what is entered, what is wrong, and how far the pickers are.

    `message`: the name of the text on top. `failed`: it was not sent, and the same form may be sent again. `stepped`:
    the part in which a step was made; the focus goes there. `is_fresh`: nothing was entered yet. `fill`: what is to go
    into all blank SKUs and is in none yet. `reached`: actions of the page whose end it now knows.
    """

    was: Rendered
    entered: Entered
    picking: Picking = field(default_factory=Picking)
    errors: Errors = field(default_factory=dict)
    action_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    message: str | None = None
    failed: bool = False
    sent: str | None = None
    stepped: str = ""
    is_fresh: bool = False
    fill: str = ""
    told: Told = field(default_factory=Told)
    reached: tuple[str, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether all that is entered is what is saved: then the page says what still lacks."""
        return self.sent is not None or self.message == "no_changes" or "saved" in self.told.what


def fresh(found: StoredProduct, following: Sequence[str]) -> FormState:
    """Of a page that is opened."""
    snapshot = _snapshot(found)
    was = forms.rendered(snapshot, sku_rows(found))
    told = Told(str(snapshot.version), tuple(following))
    return FormState(was, forms.untouched(snapshot, was), is_fresh=True, told=told)


def _snapshot(found: StoredProduct) -> ProductSnapshot:
    if found.snapshot is None:
        raise NoSuchPage("the product is not in the tool")
    return found.snapshot


def wanted_by_enter(state: FormState) -> str:
    """The step: the enter key saves only where nothing is entered that a button of its own takes."""
    step = state.picking.wanted_by_enter
    return "fill" if step == "save" and state.fill else step


def filled(state: FormState) -> FormState:
    """One number into every SKU that has none; what is no number of pieces stays where it was entered."""
    text = state.fill
    try:
        number = str(whole_number(text, STOCK)) if text else ""
    except Wrong as wrong:
        return replace(state, errors={"fill": wrong.error}, message="wrong")
    stock = {place: state.entered.stock.get(place, "") or number for place in range(len(state.was.skus))}
    return replace(state, entered=replace(state.entered, stock=stock), stepped="stock", fill="")


def differs(state: FormState, found: StoredProduct) -> bool:
    """Whether something is entered that was not sent."""
    if state.is_fresh:
        return False
    changes, errors = forms.changes_of(state.was, state.entered, _snapshot(found), None)
    return bool(changes.model_fields_set or errors or state.fill)


def as_answered(state: FormState, before: FormState) -> FormState:
    """What is entered now, with what the page said of it."""
    said = {name: error for name, error in before.errors.items() if name != "fill" or state.fill}
    return replace(state, errors=said, message=before.message, failed=before.failed, stepped=before.stepped)


# While the page is open


def is_followed(action: Action) -> bool:
    """Whether its end is still to come, or to be found out."""
    return action.is_open or action.state == "unknown"


def told_now(told: Told, version: str, own: Sequence[Action]) -> Told:
    """What the page is told now. `own`: what it follows, as far as it is known.

    Until that has ended nobody can say whose a change is; then its form says it.
    """
    if told.following:
        return replace(told, is_due=not any(is_followed(one) for one in own))
    return told if told.version == version else replace(told, what=("changed",))


def with_own_ends(state: FormState, found: StoredProduct, own: Sequence[Action]) -> FormState:
    """The form with what is stored after all that was saved from it has ended, and what was entered since."""
    if any(is_followed(one) for one in own):
        return state
    snapshot, edits = _snapshot(found), [one for one in own if one.kind == "edit" and one.marks is not None]
    saved = Saved(
        taken=tuple(one.marks for one in edits if one.marks is not None and one.state != "refused"),
        refused=tuple(one.marks for one in edits if one.marks is not None and one.state == "refused"),
    )
    now = forms.rendered(snapshot, sku_rows(found))
    # What was told before this is answered by the renewed form. What stays as entered does not show another's value.
    is_replaced = any(one.state == "done" and one.code is not None for one in edits)
    others = changed_by_others(state.was, now, saved)
    is_saved = any(one.state == "done" and one.code is None for one in edits)
    was, entered = renewed(state.was, state.entered, now, texts_of(snapshot.content), saved)
    is_changed = bool(changed_by_others(was, now, Saved()))
    is_shown = not is_changed and (is_replaced or bool(others))
    what = tuple(name for name, is_so in zip(_TOLD, (is_saved, is_shown, is_changed), strict=True) if is_so)
    told = Told(str(snapshot.version), what=what)
    return replace(state, was=was, entered=entered, sent=None, told=told, reached=tuple(one.id for one in own))


def on_its_way(own: Sequence[Action]) -> Saved:
    """What was saved from the page and may not be stored yet."""
    return Saved(taken=tuple(one.marks for one in own if is_followed(one) and one.marks is not None))


def asking_first(state: FormState, found: StoredProduct, lists: Lists, own: Sequence[Action]) -> FormState | None:
    """The form with what others changed beside the fields that would replace it; None where there is nothing of it.

    Once: what the merchant has now seen is replaced by the next press.
    """
    snapshot = _snapshot(found)
    now, fields = forms.rendered(snapshot, sku_rows(found)), lists.fields or ()
    if not (keys := overtaken(state.was, state.entered, now, on_its_way(own), fields)):
        return None
    errors = {input_of(key, state.was, state.entered): _changed(key, now, snapshot, lists) for key in keys}
    return replace(state, was=knowing(state.was, now, keys), errors=errors, message="wrong")


def asking_before_restoring(
    state: FormState, found: StoredProduct, lists: Lists, own: Sequence[Action], name: str
) -> FormState | None:
    """Likewise, before a field goes back to futureshop's value. What stands there now is shown in its place."""
    snapshot = _snapshot(found)
    now = forms.rendered(snapshot, sku_rows(found))
    if name not in changed_by_others(state.was, now, on_its_way(own)) or name not in snapshot.edited_fields:
        return None
    entered = replace(state.entered, texts={**state.entered.texts, name: texts_of(snapshot.content)[name]})
    errors = {name: _changed(name, now, snapshot, lists)}
    return replace(state, was=knowing(state.was, now, [name]), entered=entered, errors=errors, message="wrong")


def _changed(key: str, now: Rendered, snapshot: ProductSnapshot, lists: Lists) -> FieldError:
    is_imported = key in UPSTREAM and key not in snapshot.edited_fields
    value = _value(key, now, snapshot, lists)
    return FieldError("changed_by_import" if is_imported else "changed_elsewhere", {"value": value or _BLANK})


def _value(key: str, now: Rendered, snapshot: ProductSnapshot, lists: Lists) -> str:
    """As the page shows it, cut where it is long."""
    texts = texts_of(snapshot.content)
    if key.startswith("a."):
        return _short("、".join(_names(key.removeprefix("a."), now, lists)))
    if key == "category_id":
        return lists.path_of(texts[key]) or texts[key]
    if key == "brand_id":
        return lists.brand_name(texts[key]) or texts[key]
    return _short(texts[key] if key in texts else str(values_of(now).get(key, "")))


def _names(attribute_id: str, now: Rendered, lists: Lists) -> list[str]:
    known = next((one.values for one in lists.fields or () if one.id == attribute_id), {})
    return [known.get(id_ or "", name or id_ or "") for id_, name in now.attributes.get(attribute_id, ())]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


# Its parts


@dataclass(frozen=True, slots=True)
class AttributesPart:
    """`fields` None: TikTok's list is not known, the attributes stand in `lines`.

    `certificates`: names of documents that the category requires with these attributes.
    """

    fields: tuple[AttributeInput, ...] | None
    lines: str
    unknown: tuple[str, ...]
    certificates: tuple[str, ...] = ()


def attributes_part(state: FormState, lists: Lists, found: StoredProduct, names: Mapping[str, str]) -> AttributesPart:
    """The category's attributes, with what is entered. `names`: of attributes by id, as far as they are known."""
    choices = {**choices_of(_snapshot(found).content.attributes), **state.entered.attributes}
    lines = state.entered.lines if state.entered.lines is not None else as_lines(state.was.attributes)
    if lists.fields is None:
        return AttributesPart(None, lines, ())
    known = {one.id for one in lists.fields}
    unknown = tuple(_called(one, values, names) for one, values in choices.items() if values and one not in known)
    certificates = needed_certificates(lists.requirements, choices)
    return AttributesPart(inputs(lists.fields, choices), lines, unknown, certificates)


def _called(attribute_id: str, values: Values, names: Mapping[str, str]) -> str:
    """One that the category does not have: by its name, or by its id and the values that have a text of their own."""
    texts = "、".join(name for _, name in values if name)
    return names.get(attribute_id) or (f"{attribute_id}（{_short(texts)}）" if texts else attribute_id)


def gaps_of(state: FormState, lists: Lists, part: AttributesPart, found: StoredProduct) -> tuple[str, ...]:
    """What still lacks a value."""
    snapshot, needed = _snapshot(found), lists.needs_size_chart
    before = inputs(lists.fields or (), choices_of(snapshot.content.attributes))
    return still_missing(snapshot, state.was, state.entered, part.fields or (), before, needs_size_chart=needed)


def demand_of(state: FormState, view: ProductView) -> str:
    """The text about what the category requires and is blank. None while that is not what is stored.

    What TikTok Shop has taken is sent again, and so checked again, only once it is changed (RB-9).
    """
    if not view.demanded or not (state.is_fresh or state.is_settled):
        return ""
    return "later" if state.sent is None and view.status in _TAKEN else "sync"


@dataclass(frozen=True, slots=True)
class SkuInput:
    """`place` None: its stock cannot be entered here."""

    row: object
    place: int | None
    text: str


def sku_inputs(state: FormState, view: ProductView) -> tuple[SkuInput, ...]:
    """Of every SKU."""
    places = {(vertical, horizontal): place for place, (vertical, horizontal, _) in enumerate(state.was.skus)}
    found = []
    for row in view.skus:
        place = places.get((row.vertical_no, row.horizontal_no)) if row.stock_sent is None else None
        text = "" if place is None else state.entered.stock.get(place, state.was.skus[place][2])
        found.append(SkuInput(row, place, text))
    return tuple(found)

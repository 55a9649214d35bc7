"""What others changed while a form was open, what of it the form would replace, and what the form shows next."""

import pytest

from console.forms.fields import TEXTS
from console.forms.meanwhile import Saved, changed_by_others, input_of, knowing, overtaken, renewed
from console.forms.product import Entered, Rendered, digest
from console.publisher_api import AttributeField
from shopsync_readmodel.stored.effects import EditMarks

NOBODY = Saved()
RED, BLUE = (("11", None),), (("12", None),)
COLOUR = AttributeField("1", "色", False, frozenset(), False, True, False, {"11": "赤", "12": "青"})


def form(*, attributes=None, skus=(), **texts):
    """As it was made. `skus`: pairs of the number and the stock."""
    texts = {**dict.fromkeys(TEXTS, ""), **texts}
    texts["description"] = digest(texts["description"])
    return Rendered(texts, attributes or {}, tuple(("M", number, stock) for number, stock in skus))


def entered(*, attributes=None, stock=None, lines=None, **texts):
    return Entered(texts, attributes or {}, stock or {}, lines)


def taken(*fields, skus=()):
    return Saved(taken=(EditMarks(tuple(fields), tuple(("M", one) for one in skus)),))


def refused(*fields, skus=()):
    return Saved(refused=taken(*fields, skus=skus).taken)


# What others changed

CHANGES = [
    ("name", form(name="x"), form(name="y")),
    ("description", form(description="x"), form(description="y")),
    ("package_weight_g", form(package_weight_g="300"), form()),
    ("width", form(), form(width="7")),
    ("a.1", form(attributes={"1": RED}), form(attributes={"1": BLUE})),
    ("a.1", form(), form(attributes={"1": RED})),
    ("a.1", form(attributes={"1": RED}), form()),
    ("stock M S", form(skus=[("S", "1")]), form(skus=[("S", "2")])),
    ("stock M S", form(skus=[("S", "1")]), form()),
]


@pytest.mark.parametrize(("key", "was", "now"), CHANGES)
def test_what_is_not_as_it_was_and_was_not_saved_is_somebody_elses(key, was, now):
    assert changed_by_others(was, now, NOBODY) == {key}
    assert changed_by_others(was, was, NOBODY) == changed_by_others(now, now, NOBODY) == set()


@pytest.mark.parametrize("saved", [taken, refused])
@pytest.mark.parametrize(
    ("key", "fields", "skus"),
    [
        ("name", ["name"], []),
        ("width", ["package_dimensions_cm.width"], []),
        ("a.1", ["attributes"], []),
        ("stock M S", [], ["S"]),
    ],
)
def test_what_was_saved_from_the_form_is_ones_own_and_nothing_else_is(saved, key, fields, skus):
    was = form(skus=[("S", "1"), ("L", "1")])
    now = form(name="y", width="7", length="7", attributes={"1": RED}, skus=[("S", "2"), ("L", "2")])
    all_of_them = {"name", "width", "length", "a.1", "stock M S", "stock M L"}
    assert changed_by_others(was, now, NOBODY) == all_of_them
    assert changed_by_others(was, now, saved(*fields, skus=skus)) == all_of_them - {key}


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (form(package_weight_g="５００g"), form(package_weight_g="500")),
        (form(price="￥1,200"), form(price="1200")),
        (form(skus=[("S", "１０個")]), form(skus=[("S", "10")])),
        (form(attributes={"1": ((None, "赤"),)}), form(attributes={"1": RED})),
        (form(attributes={"1": ()}), form()),
    ],
)
def test_the_same_value_written_in_another_way_is_no_change(was, now):
    assert changed_by_others(was, now, NOBODY, [COLOUR]) == set()
    assert changed_by_others(form(name="500"), form(name="５００g"), NOBODY) == {"name"}


def test_a_text_is_a_choice_of_its_own_attribute_alone():
    was, now = form(attributes={"2": ((None, "赤"),)}), form(attributes={"2": RED})
    assert changed_by_others(was, now, NOBODY, [COLOUR]) == {"a.2"}


def test_of_several_saves_each_is_ones_own():
    saved = Saved(taken=(*taken("name").taken, *taken("price").taken))
    assert changed_by_others(form(), form(name="y", price="1", width="7"), saved) == {"width"}


# What the form would replace unseen

PLACES = [
    ("name", form(name="x"), form(name="theirs"), entered(name="mine"), entered(name="x")),
    ("description", form(description="x"), form(description="theirs"), entered(description="mine"), entered()),
    ("width", form(width="1"), form(width="7"), entered(width="9"), entered(width="1")),
    (
        "a.1",
        form(attributes={"1": RED}),
        form(attributes={"1": BLUE}),
        entered(attributes={"1": ()}),
        entered(attributes={"1": RED}),
    ),
    (
        "stock M S",
        form(skus=[("S", "1")]),
        form(skus=[("S", "4")]),
        entered(stock={0: "9"}),
        entered(stock={0: " 1 "}),
    ),
    (
        "a.1",
        form(attributes={"1": RED}),
        form(attributes={"1": BLUE}),
        entered(lines="1 = 13"),
        entered(lines="1 = 11"),
    ),
]


@pytest.mark.parametrize(("key", "was", "now", "mine", "untouched"), PLACES)
def test_what_both_changed_is_overtaken_and_nothing_else_is(key, was, now, mine, untouched):
    assert overtaken(was, mine, now, NOBODY) == [key]
    assert overtaken(was, untouched, now, NOBODY) == []
    assert overtaken(was, mine, was, NOBODY) == []


@pytest.mark.parametrize(("key", "was", "now", "mine", "untouched"), PLACES)
def test_what_is_on_its_way_from_the_form_itself_is_no_conflict(key, was, now, mine, untouched):
    marks = {"a.1": "attributes", "width": "package_dimensions_cm.width"}
    sent = taken(marks.get(key, key), skus=["S"])
    assert overtaken(was, mine, now, sent) == []


@pytest.mark.parametrize(
    ("was", "now", "mine"),
    [
        (form(name="x"), form(name="y"), entered(name="y")),
        (form(description="x"), form(description="y"), entered(description="y")),
        (form(price="1"), form(price="1200"), entered(price="￥1,200")),
        (form(), form(attributes={"1": RED}), entered(attributes={"1": ((None, "赤"),)})),
        (form(skus=[("S", "1")]), form(skus=[("S", "4")]), entered(stock={0: "４"})),
        (form(), form(attributes={"1": RED}), entered(lines="1 = 11")),
    ],
)
def test_who_enters_what_somebody_else_has_entered_replaces_nothing(was, now, mine):
    assert overtaken(was, mine, now, NOBODY, [COLOUR]) == []


@pytest.mark.parametrize(
    ("was", "now", "mine"),
    [
        (form(attributes={"1": ((None, "赤"),)}), form(attributes={"1": RED}), entered(attributes={"1": BLUE})),
        (form(attributes={"1": RED}), form(attributes={"1": BLUE}), entered(attributes={"1": ((None, "赤"),)})),
        (form(skus=[("S", "")]), form(skus=[("S", "4")]), entered(stock={0: " "})),
    ],
)
def test_what_only_looks_changed_on_one_side_is_not_asked_for(was, now, mine):
    assert overtaken(was, mine, now, NOBODY, [COLOUR]) == []


def test_a_sku_that_is_gone_or_was_sent_is_not_asked_for():
    assert overtaken(form(skus=[("S", "1")]), entered(stock={0: "9"}), form(), NOBODY) == []


def test_an_attribute_that_somebody_has_removed_is():
    was = form(attributes={"1": RED})
    assert overtaken(was, entered(attributes={"1": BLUE}), form(), NOBODY) == ["a.1"]


def test_by_hand_only_the_lines_that_differ_count():
    was = form(attributes={"1": RED, "2": RED})
    now = form(attributes={"1": BLUE, "2": BLUE})
    assert overtaken(was, entered(lines="1 = 11\n2 = 13"), now, NOBODY) == ["a.2"]
    assert overtaken(was, entered(lines="1 = 11"), now, NOBODY) == ["a.2"]
    assert overtaken(form(), entered(lines="1 = 13"), now, NOBODY) == ["a.1"]
    assert overtaken(was, entered(lines="nothing"), now, NOBODY) == []


# The form that names them


def test_only_what_was_named_is_known_afterwards():
    was = form(name="x", price="1", attributes={"1": RED, "2": RED}, skus=[("S", "1"), ("L", "1")])
    now = form(name="y", price="2", attributes={"1": BLUE, "3": BLUE}, skus=[("S", "2"), ("L", "2")])
    assert knowing(was, now, []) == was
    assert knowing(was, now, ["name", "a.1", "stock M L"]) == form(
        name="y", price="1", attributes={"1": BLUE, "2": RED}, skus=[("S", "1"), ("L", "2")]
    )
    assert knowing(was, now, ["a.2", "a.3"]).attributes == {"1": RED, "3": BLUE}
    assert knowing(was, form(), ["stock M S"]).skus == was.skus


def test_what_is_known_is_not_named_again():
    was, now, mine = form(name="x"), form(name="theirs"), entered(name="mine")
    assert overtaken(knowing(was, now, ["name"]), mine, now, NOBODY) == []
    assert overtaken(knowing(was, now, ["name"]), mine, form(name="a third one's"), NOBODY) == ["name"]


def test_it_stands_beside_its_input():
    was = form(skus=[("S", "1"), ("L", "1")])
    assert [input_of(key, was, entered()) for key in ("name", "a.1", "stock M L")] == ["name", "a.1", "stock.1"]
    assert input_of("a.1", was, entered(lines="")) == "lines"
    assert input_of("name", was, entered(lines="")) == "name"


# The form after what was saved from it has ended


def after(was, mine, now, saved=NOBODY, **texts):
    return renewed(was, mine, now, {**now.texts, **texts}, saved)


def test_what_nobody_has_entered_becomes_what_is_stored():
    was = form(name="x", description="x", attributes={"1": RED}, skus=[("S", "1")])
    now = form(name="y", description="<p>y", attributes={"1": BLUE}, skus=[("S", "2")])
    mine = entered(name="x", description="x", attributes={"1": RED, "2": ()}, stock={0: "1"})
    known, shown = after(was, mine, now, description="<p>y")
    assert known == now
    assert (shown.texts["name"], shown.texts["description"]) == ("y", "<p>y")
    assert (shown.attributes, shown.stock) == ({"1": BLUE, "2": ()}, {0: "2"})


def test_what_was_entered_since_stays():
    was = form(name="x", description="x", attributes={"1": RED, "2": RED}, skus=[("S", "1"), ("L", "1")])
    mine = entered(name="mine", description="mine", attributes={"1": BLUE, "2": RED}, stock={0: "9", 1: "1"})
    known, shown = after(was, mine, was)
    assert known == was
    assert (shown.texts["name"], shown.texts["description"], shown.texts["price"]) == ("mine", "mine", "")
    assert (shown.attributes, shown.stock) == (mine.attributes, mine.stock)


def test_what_both_have_changed_stays_and_is_named_when_it_is_saved():
    was, now, mine = form(name="x"), form(name="theirs"), entered(name="mine")
    known, shown = after(was, mine, now)
    assert (known.texts["name"], shown.texts["name"]) == ("x", "mine")
    assert overtaken(known, shown, now, NOBODY) == ["name"]


def test_stock_that_both_have_changed_is_named_too():
    was, now = form(skus=[("S", "1")]), form(skus=[("S", "4")])
    known, shown = after(was, entered(stock={0: "9"}), now)
    assert (known.skus, shown.stock) == (was.skus, {0: "9"})
    assert overtaken(known, shown, now, NOBODY) == ["stock M S"]


def test_attributes_that_came_and_went_are_known():
    now = form(attributes={"2": BLUE})
    assert after(form(attributes={"1": RED}), entered(attributes={"1": RED}), now)[0] == now


def test_what_was_saved_and_is_changed_again_is_no_conflict_with_it():
    was, now, mine = form(name="x"), form(name="saved"), entered(name="next")
    known, shown = after(was, mine, now, taken("name"))
    assert (known.texts["name"], shown.texts["name"]) == ("saved", "next")
    assert overtaken(known, shown, now, NOBODY) == []


def test_what_was_refused_stays_entered_and_differs_from_what_is_stored():
    saved_as = form(name="mine", attributes={"1": BLUE}, skus=[("S", "9")])
    now = form(name="x", attributes={"1": RED}, skus=[("S", "1")])
    mine = entered(name="mine", attributes={"1": BLUE}, stock={0: "9"})
    known, shown = after(saved_as, mine, now, refused("name", "attributes", skus=["S"]))
    assert known == now
    assert (shown.texts["name"], shown.attributes, shown.stock) == ("mine", {"1": BLUE}, {0: "9"})


def test_stock_follows_its_sku_to_another_place():
    was, now = form(skus=[("S", "1"), ("L", "1")]), form(skus=[("XS", "5"), ("L", "2"), ("S", "1")])
    known, shown = after(was, entered(stock={0: "9", 1: "1"}), now)
    assert (known.skus, shown.stock) == (now.skus, {0: "5", 1: "2", 2: "9"})


@pytest.mark.parametrize(
    ("lines", "saved", "stays"),
    [
        ("1 = 11", NOBODY, False),
        ("1 = 12", NOBODY, True),
        ("1 = 11", refused("name"), False),
        ("1 = 12", taken("attributes"), True),
        ("1 = 11", refused("attributes"), True),
    ],
)
def test_attributes_by_hand_stay_as_long_as_they_differ_or_were_refused(lines, saved, stays):
    was = form(attributes={"1": RED})
    _, shown = after(was, entered(lines=lines, name="mine"), was, saved)
    assert shown.lines == (lines if stays else None)


def test_attributes_that_were_removed_by_hand_in_vain_are_still_to_be_removed():
    known, shown = after(form(), entered(lines=""), form(attributes={"1": RED}), refused("attributes"))
    assert (known.attributes, shown.lines) == ({"1": RED}, "")


@pytest.mark.parametrize(("saved", "stays"), [(NOBODY, True), (taken("name"), True), (taken("attributes"), False)])
def test_the_box_that_removes_attributes_is_empty_once_they_are_saved(saved, stays):
    mine = Entered({}, drops_unknown=True)
    assert after(form(), mine, form(), saved)[1].drops_unknown is stays
    assert after(form(), mine, form(), refused("attributes"))[1].drops_unknown
    assert not after(form(), entered(), form())[1].drops_unknown

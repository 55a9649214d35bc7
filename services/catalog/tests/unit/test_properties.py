"""The merge under any order that Kafka allows: each topic in its order, topics in any interleaving, any batches."""

from dataclasses import replace
from datetime import UTC

import bson
from bson.codec_options import CodecOptions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.documents import product_document, read_product
from catalog.merge import fold
from catalog.model import State

COMMON = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

MINUTES = st.integers(0, 60)
SKUS = ("S", "M", "L")
NUMBERS = st.lists(st.sampled_from(SKUS), min_size=1, max_size=3, unique=True)
NAMES = st.sampled_from(["甲", "乙", "丙"])

CHANGE = st.fixed_dictionaries(
    {
        "kind": st.just("change"),
        "observed": MINUTES,
        "updated": MINUTES,
        "mode": st.sampled_from(["changed_only", "overwrite_all"]),
        "name": NAMES,
        "numbers": NUMBERS,
        "stock": st.integers(0, 99),
        "managed": st.booleans(),
    }
)
REMOVAL = st.fixed_dictionaries({"kind": st.just("removal"), "started": MINUTES})
EDIT = st.fixed_dictionaries(
    {"kind": st.just("edit")},
    optional={
        "name": st.none() | NAMES,
        "price": st.none() | st.integers(1, 9999),
        "category_id": st.none() | st.sampled_from(["1", "2"]),
        "package_weight_g": st.none() | st.integers(1, 500),
        "package_dimensions_cm": st.none()
        | st.fixed_dictionaries(
            {}, optional={side: st.none() | st.integers(1, 50) for side in ("length", "width", "height")}
        ),
        "stock": st.lists(
            st.fixed_dictionaries({"vertical_no": st.sampled_from(SKUS), "quantity": st.integers(0, 99)}),
            unique_by=lambda one: one["vertical_no"],
            max_size=2,
        ),
    },
)
TARGET = st.fixed_dictionaries({"kind": st.just("target"), "enabled": st.booleans()})


@st.composite
def topics(draw):
    """Two topics' messages as specifications; edits and targets bear stamps that differ from each other."""
    changes = draw(st.lists(CHANGE | REMOVAL, min_size=1, max_size=6))
    tool = draw(st.lists(EDIT | TARGET, max_size=6))
    stamps = draw(st.lists(MINUTES, min_size=len(tool), max_size=len(tool), unique=True))
    return changes, [{**one, "at": stamp} for one, stamp in zip(tool, stamps, strict=True)]


@st.composite
def interleaving(draw, sizes):
    """One order of the topics' turns, and where batches end."""
    turns = draw(st.permutations([index for index, size in enumerate(sizes) for _ in range(size)]))
    ends = draw(st.lists(st.booleans(), min_size=len(turns), max_size=len(turns)))
    return turns, ends


def message_of(story, at_minute, spec):
    members = {name: value for name, value in spec.items() if name not in ("kind", "at")}
    match spec["kind"]:
        case "change":
            number, managed = members.pop("stock"), members.pop("managed")
            skus = [{"vertical_no": one, "stock": number} for one in members.pop("numbers")]
            return story.message(story.change(**members, skus=skus, stock_managed=managed))
        case "removal":
            return story.message(story.removal(members["started"], f"E{members['started']}"))
        case "edit":
            return story.message(story.edit(spec["at"], **members))
        case _:
            return story.message(story.target(members["enabled"]), time=at_minute(spec["at"]))


class Log:
    """The topics' messages, made once, so that every replay is of the same records."""

    def __init__(self, new_story, at_minute, specs):
        self.story = new_story()
        self.topics = [[message_of(self.story, at_minute, one) for one in topic] for topic in specs]
        self.sizes = [len(topic) for topic in self.topics]

    def play(self, order, on_batch=lambda *_: None):
        """Fold batch by batch; what waits comes again first, as held, like the service does it."""
        turns, ends = order
        left = [list(topic) for topic in self.topics]
        state, batch, held = State(), [], []
        for turn, end in [*zip(turns, ends, strict=True), (None, True)]:
            if turn is not None:
                batch.append(left[turn].pop(0))
            if end:
                before = state
                folded = fold(state, held + batch, self.story.rules, self.story.now)
                assert folded.refused == []
                state, held = folded.state, [replace(one, held=True) for one, _ in folded.waiting]
                on_batch(before, batch, folded)
                batch = []
        return state, [one.place for one in held]


def visible(state):
    """The snapshot without what tells how often it was made."""
    if state.snapshot is None:
        return None
    return state.snapshot.model_dump(exclude={"version", "content_version", "changed_at", "overwritten_edits"})


@COMMON
@given(data=st.data(), specs=topics())
def test_any_interleaving_and_any_batches_give_the_same_product(data, specs, new_story, at_minute):
    log = Log(new_story, at_minute, specs)
    one, waiting = log.play(data.draw(interleaving(log.sizes)))
    other, also_waiting = log.play(data.draw(interleaving(log.sizes)))
    assert visible(one) == visible(other)
    assert waiting == also_waiting
    if one.record is not None:
        assert (one.record.upstream, one.record.stock) == (other.record.upstream, other.record.stock)
        assert (one.record.edits, one.record.tool, one.record.target) == (
            other.record.edits,
            other.record.tool,
            other.record.target,
        )


@COMMON
@given(data=st.data(), specs=topics())
def test_im7_redelivery_changes_nothing(data, specs, new_story, at_minute):
    """Whatever tail of each topic comes again, as after a crash before the commit."""
    log = Log(new_story, at_minute, specs)
    order = data.draw(interleaving(log.sizes))
    state, _ = log.play(order)
    for topic in log.topics:
        tail = topic[data.draw(st.integers(0, len(topic))) :]
        again = fold(state, tail, log.story.rules, log.story.now)
        if {one.place for one in tail} & {place for place, _ in _applied(state, tail)}:
            assert again.repeated
        assert visible(again.state) == visible(state)
        assert again.state.record == state.record


def _applied(state, messages):
    return [
        (one.place, True)
        for one in messages
        if (known := state.applied.get((one.topic, one.partition))) is not None and one.offset <= known.offset
    ]


@COMMON
@given(data=st.data(), specs=topics())
def test_ed7_no_tool_only_value_is_ever_lost(data, specs, new_story, at_minute):
    log = Log(new_story, at_minute, specs)
    state, waiting = log.play(data.draw(interleaving(log.sizes)))
    if state.record is None:
        return
    applied = [one for one in log.topics[1] if one.place not in waiting]
    edits = [one.event.data for one in applied if one.event.data.TYPE == "product.edited"]
    for name in ("category_id", "package_weight_g"):
        sent = [one for one in edits if name in one.changes.model_fields_set]
        newest = max(sent, key=lambda one: one.edited_at, default=None)
        expected = None if newest is None else getattr(newest.changes, name)
        assert getattr(state.snapshot.content, name) == expected


@COMMON
@given(data=st.data(), specs=topics())
def test_nv3_stock_never_changes_after_its_import_but_by_an_edit(data, specs, new_story, at_minute):
    def check(before, _batch, folded):
        if before.record is None or folded.state.record is None:
            return
        for number, stock in before.record.stock.items():
            after = folded.state.record.stock[number]
            assert (after.imported, after.unmanaged) == (stock.imported, stock.unmanaged)
            if after.edit == stock.edit:
                assert after.quantity == stock.quantity

    log = Log(new_story, at_minute, specs)
    log.play(data.draw(interleaving(log.sizes)), check)


@COMMON
@given(data=st.data(), specs=topics())
def test_versions_only_grow_and_status_is_of_one_mind_with_missing(data, specs, new_story, at_minute):
    def check(before, _batch, folded):
        after = folded.state
        if after.snapshot is None:
            return
        assert (after.snapshot.status == "incomplete") == bool(after.snapshot.missing)
        if before.snapshot is None:
            return
        assert after.snapshot.version - before.snapshot.version in (0, 1)
        assert after.snapshot.content_version - before.snapshot.content_version in (0, 1)
        if after.snapshot.version == before.snapshot.version:
            assert after.snapshot is before.snapshot
        if after.snapshot.content != before.snapshot.content:
            assert after.snapshot.content_version > before.snapshot.content_version

    log = Log(new_story, at_minute, specs)
    log.play(data.draw(interleaving(log.sizes)), check)


@COMMON
@given(data=st.data(), specs=topics())
def test_documents_keep_every_layer(data, specs, new_story, at_minute):
    log = Log(new_story, at_minute, specs)
    state, _ = log.play(data.draw(interleaving(log.sizes)))
    if state.record is None:
        return
    written = bson.encode(product_document(state, revision=1, writer="w"))
    assert read_product(bson.decode(written, CodecOptions(tz_aware=True, tzinfo=UTC))) == state

"""Which key seals while replicas know different ones (decision 0010)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.consent.rotation import key_to_reseal_with, may_be_opened_elsewhere, sealing_key
from publisher.model import KeyHolder

OLD, BOTH, NEW = ("old",), ("new", "old"), ("new",)


def holders(*keys):
    return [KeyHolder(f"publisher-{number}", tuple(own)) for number, own in enumerate(keys)]


@pytest.mark.parametrize(
    ("running", "seals"),
    [
        ([OLD, OLD], ["old", "old"]),
        ([BOTH, OLD], ["old", "old"]),
        ([BOTH, BOTH, OLD], ["old", "old", "old"]),
        ([BOTH, BOTH], ["new", "new"]),
        ([NEW, BOTH], ["new", "new"]),
        ([NEW, NEW], ["new", "new"]),
        # the other order: the old key stays in front until all know the new one
        ([("old", "new"), OLD], ["old", "old"]),
        ([("old", "new"), BOTH], ["old", "new"]),
        # nothing in common: each its own
        ([NEW, OLD], ["new", "old"]),
    ],
)
def test_every_step_of_a_key_change_encrypts_with_a_key_that_all_have(running, seals):
    assert [sealing_key(own, holders(*running)) for own in running] == seals


@pytest.mark.parametrize(
    ("sealed_with", "own", "running", "wanted"),
    [
        ("old", BOTH, [BOTH, OLD], None),  # not before all know the new key
        ("old", BOTH, [BOTH, BOTH], "new"),
        ("old", BOTH, [BOTH, NEW], "new"),  # the old key was dropped too early
        ("new", BOTH, [BOTH, OLD], "old"),  # a replica came back with the old key alone
        ("new", BOTH, [BOTH, BOTH], None),
        ("old", ("old", "new"), [("old", "new"), BOTH], None),  # two orders: neither undoes the other
        ("new", ("old", "new"), [("old", "new"), BOTH], None),
        ("new", NEW, [NEW, OLD], None),  # no help
    ],
)
def test_a_record_is_sealed_again_when_that_helps_everyone(sealed_with, own, running, wanted):
    assert key_to_reseal_with(sealed_with, own, holders(*running)) == wanted


@pytest.mark.parametrize(
    ("sealed_with", "running", "expected"),
    [
        ("new", [OLD, BOTH], True),
        ("new", [OLD, OLD], False),
        ("older", [OLD, BOTH], False),
        (None, [OLD, BOTH], True),  # nobody has noted it: whoever has more keys may open it
        (None, [OLD, OLD], False),
        ("old", [OLD, BOTH], True),  # noted wrongly, by a version that does not note it
        ("old", [OLD, OLD], False),
    ],
)
def test_a_shop_is_left_to_others_only_when_there_are_such(sealed_with, running, expected):
    assert may_be_opened_elsewhere(sealed_with, OLD, holders(*running)) is expected


key_lists = st.lists(st.sampled_from(["k1", "k2", "k3", "k4"]), min_size=1, max_size=4, unique=True).map(tuple)


@given(st.lists(key_lists, min_size=1, max_size=5), st.sampled_from(["k1", "k2", "k3", "k4"]), st.randoms())
def test_every_key_change_ends_readable_for_all_without_reencrypting_back_and_forth(running, sealed_with, chance):
    """Rounds of replicas in any order: what one encrypts again, no other encrypts back."""
    there = holders(*running)
    common = set.intersection(*(set(own) for own in running))
    writes = 0
    for _ in range(4):
        for own in chance.sample(running, len(running)):
            wanted = key_to_reseal_with(sealed_with, own, there) if sealed_with in own else None
            if wanted is not None:
                sealed_with, writes = wanted, writes + 1
    assert writes <= 1
    if common and (writes or any(sealed_with in own for own in running)):
        assert sealed_with in common

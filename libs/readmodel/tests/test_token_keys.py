"""When an old key of the tokens may go."""

import pytest

from shopsync_readmodel.token_keys import key_report

BOTH, OLD, NEW = ("new", "old"), ("old",), ("new",)


@pytest.mark.parametrize(
    ("running", "shops", "states", "problem"),
    [
        ([OLD, OLD], {"old": 3}, {"old": "newest"}, None),
        (
            [BOTH, OLD],
            {"old": 3},
            {"new": "not used before every publisher has it: p1 lacks it", "old": "newest"},
            "different newest keys: new, old",
        ),
        (
            [BOTH, OLD, OLD],
            {"old": 3},
            {"new": "not used before every publisher has it: p1, p2 lack it", "old": "newest"},
            "different newest keys: new, old",
        ),
        ([BOTH, BOTH], {"old": 3}, {"new": "newest", "old": "still needed"}, "of 3 shops"),
        ([BOTH, BOTH], {"new": 2, "old": 1}, {"new": "newest", "old": "still needed"}, "of 1 shop are"),
        ([BOTH, BOTH], {"new": 3}, {"new": "newest", "old": "may be dropped"}, None),
        ([BOTH, BOTH], {"new": 3, None: 1}, {"new": "newest", "old": "still needed"}, "of 1 shop are"),
        ([BOTH, NEW], {"new": 3}, {"new": "newest", "old": "may be dropped"}, None),
        (
            [NEW, NEW],
            {"old": 1, "new": 2},
            {"new": "newest", "old": "missing: no publisher has it, put it back behind the newest key"},
            "of 1 shop are",
        ),
        ([], {"old": 1}, {"old": "missing: no publisher has it, put it back behind the newest key"}, "no publisher"),
    ],
)
def test_every_step_of_a_change_says_which_key_is_needed(running, shops, states, problem):
    told = key_report(shops, [(f"p{number}", keys) for number, keys in enumerate(running)])
    assert {use.key: use.state for use in told.keys} == states
    assert (problem in (told.problem or "")) if problem else told.problem is None

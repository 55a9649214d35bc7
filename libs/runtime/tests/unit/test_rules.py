"""Rules that matter get a check: acks by hand, no publish_batch, in every package of the workspace."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
SOURCES = sorted([*ROOT.glob("services/*/src/**/*.py"), *ROOT.glob("libs/*/src/**/*.py")])


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node


def problems(tree):
    """What of the tree breaks the rules of streaming."""
    for name, call in calls(tree):
        if name == "publish_batch":
            yield f"line {call.lineno}: publish_batch sends all keys to one partition"
        if name == "subscriber":
            policy = next((word.value for word in call.keywords if word.arg == "ack_policy"), None)
            if policy is None or ast.unparse(policy) != "AckPolicy.MANUAL":
                yield f"line {call.lineno}: a subscriber must say ack_policy=AckPolicy.MANUAL"
        if name == "commit" and not call.args and not call.keywords and "consumer" in ast.unparse(call.func):
            yield f"line {call.lineno}: a commit must name its offsets"


def test_there_is_something_to_check():
    assert any(path.name == "broker.py" and "shopsync_runtime" in path.parts for path in SOURCES)
    subscribers = [
        call for path in SOURCES for name, call in calls(ast.parse(path.read_text())) if name == "subscriber"
    ]
    assert subscribers


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_acks_by_hand_and_no_batches_without_keys(path):
    assert list(problems(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "code",
    [
        "broker.subscriber('t')",
        "broker.subscriber('t', ack_policy=AckPolicy.ACK)",
        "broker.publish_batch(1, 2, topic='t')",
        "self.consumer.commit()",
    ],
)
def test_the_check_finds_breaches(code):
    assert len(list(problems(ast.parse(code)))) == 1

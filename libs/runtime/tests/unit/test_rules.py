"""Rules that matter get a check: acks by hand, no publish_batch, in every package of the workspace."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
SOURCES = sorted(
    [*ROOT.glob("services/*/src/**/*.py"), *ROOT.glob("libs/*/src/**/*.py"), *ROOT.glob("tools/*/src/**/*.py")]
)


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node


def problems(tree):
    """Places in the tree that break the rules of streaming."""
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


COMMITTED_ONLY = {"'read_committed'", "ISOLATION"}


MAY_CANCEL = {
    "cancelling.py",
    "partitions.py",  # timers
    "stream.py",  # a timer
    "batching.py",  # futures
    "lifecycle.py",  # a step of the stop, which is not waited for
    "service.py",  # a wait for an event
}


def cancellations(tree):
    """Calls of `.cancel()`, by the name of the cancelled object."""
    for name, call in calls(tree):
        if name == "cancel" and not call.args:
            yield f"line {call.lineno}: {ast.unparse(call)}: use shopsync_runtime.cancelling.stop, which cancels again"


RUNNING = [path for path in SOURCES if "services" in path.parts or "shopsync_runtime" in path.parts]


@pytest.mark.parametrize("path", RUNNING, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_task_is_cancelled_until_it_ends(path):
    assert path.name in MAY_CANCEL or list(cancellations(ast.parse(path.read_text(encoding="utf-8")))) == []


def test_the_check_finds_a_single_cancellation():
    assert len(list(cancellations(ast.parse("self._reader.cancel()")))) == 1


def consumers(tree):
    """Every call that creates a consumer or subscriber, with its isolation level."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).split(".")[-1]
            subscribes = name == "subscriber" and isinstance(node.func, ast.Attribute)
            if subscribes or name in {"AIOKafkaConsumer", "KafkaConsumer"}:
                yield node, next((ast.unparse(w.value) for w in node.keywords if w.arg == "isolation_level"), None)


def consumer_classes(tree):
    """Every subclass of aiokafka's consumer."""
    for node in ast.walk(tree):
        bases = [ast.unparse(base) for base in node.bases] if isinstance(node, ast.ClassDef) else []
        if any(base.split(".")[-1] == "AIOKafkaConsumer" for base in bases):
            yield node


def uncommitted(tree):
    """Consumers that would read uncommitted records; the `reader` and `Consumer` of the runtime set the level."""
    yield from (
        f"line {node.lineno}: reads uncommitted" for node, level in consumers(tree) if level not in COMMITTED_ONLY
    )
    for node in consumer_classes(tree):
        if "ISOLATION" not in ast.unparse(node):
            yield f"line {node.lineno}: a consumer class that does not set its isolation level"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_consumer_reads_committed_messages_only(path):
    assert list(uncommitted(ast.parse(path.read_text(encoding="utf-8")))) == []


def test_there_are_consumers_to_check():
    runtime = [path for path in SOURCES if "shopsync_runtime" in path.parts]
    trees = {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in runtime}
    assert "broker.py" in {name for name, tree in trees.items() if any(consumers(tree))}
    assert [node.name for node in consumer_classes(trees["consumer.py"])] == ["Consumer", "_Reader"]


@pytest.mark.parametrize(
    "code",
    [
        "AIOKafkaConsumer(bootstrap_servers=b)",
        "aiokafka.AIOKafkaConsumer('t', isolation_level='read_uncommitted')",
        "AIOKafkaConsumer(**options)",
        "broker.subscriber('t', ack_policy=AckPolicy.MANUAL)",
        "class Mine(AIOKafkaConsumer): pass",
    ],
)
def test_the_check_finds_readers_of_uncommitted_messages(code):
    assert len(list(uncommitted(ast.parse(code)))) == 1

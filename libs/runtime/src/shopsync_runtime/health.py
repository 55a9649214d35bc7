"""The answers of /livez and /readyz, without HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shopsync_runtime.background import BackgroundTask
from shopsync_runtime.consuming.subscription import Subscription
from shopsync_runtime.wording import counted


@dataclass(frozen=True, slots=True)
class Report:
    """Outcome of all checks, each "ok" or the reason why not. `notes` are additional and do not affect `ok`."""

    checks: dict[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True when every check passed."""
        return all(text == "ok" for text in self.checks.values())


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What is wrong with MongoDB, Kafka and the producer; None where nothing is."""

    mongo_error: str | None = None
    kafka_error: str | None = None
    producer_error: str | None = None


def readiness(
    *,
    state: str,
    dependencies: Dependencies,
    subscriptions: Sequence[Subscription],
    background: Sequence[BackgroundTask],
    notes: Mapping[str, str],
    own: Mapping[str, str | None],
) -> Report:
    """Whether the service does its work.

    That is: partitions assigned (none is fine with more replicas than partitions), MongoDB writable, Kafka answering,
    the producer working, no subscription stopped by the dead-letter limit, no background task waiting after a failure,
    and no problem in the service's `own` checks.

    An open port proves none of this. An answering broker does not either: it says nothing about our membership in the
    group.

    A partition that is stuck before an unreadable record is only a note. The other partitions go on, and any other
    process would read the same bytes. A 503 would block the very update that fixes it.
    """
    checks = {
        "started": "ok" if state == "running" else state,
        "mongo": dependencies.mongo_error or "ok",
        "kafka": dependencies.kafka_error or "ok",
        "producer": dependencies.producer_error or "ok",
    }
    for subscription in subscriptions:
        checks[f"subscription {subscription.name}"] = _subscription(subscription)
    for task in background:
        checks[f"background {task.name}"] = _background(task)
    checks |= {name: problem or "ok" for name, problem in own.items()}
    for subscription in subscriptions:
        notes = {**notes, **subscription.polling.stuck.notes()}
    return Report(checks, notes)


def liveness(*, subscriptions: Sequence[Subscription], stall_after: float) -> Report:
    """Alive means that every subscription with waiting messages has attempted a batch within `stall_after` seconds.

    0 disables the check. A subscription stopped by the dead-letter limit needs an operator, not a restart.
    """
    checks = {"loop": "ok"}
    for subscription in subscriptions:
        stalled = 0.0 if subscription.halted else subscription.progress.stalled_for()
        stuck = 0 < stall_after < stalled
        checks[f"subscription {subscription.name}"] = (
            f"{counted(subscription.progress.lag, 'message')} waiting and none was taken for {stalled:.0f} s"
            if stuck
            else "ok"
        )
    return Report(checks)


def _subscription(subscription: Subscription) -> str:
    if subscription.halted:
        return subscription.halted
    if subscription.outside:
        return subscription.outside
    if refusal := subscription.polling.refusal.text:
        return refusal
    return "ok" if subscription.partitions.joined else "waiting for an assignment"


def _background(task: BackgroundTask) -> str:
    if task.healthy:
        return "ok"
    return task.failure or "not started"

"""What /livez and /readyz answer, decided without HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shopsync_runtime.background import BackgroundTask
from shopsync_runtime.consuming.subscription import Subscription
from shopsync_runtime.wording import counted


@dataclass(frozen=True, slots=True)
class Report:
    """Outcome of all checks. Each is "ok" or the reason why not. `notes` say more and decide nothing."""

    checks: dict[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True when every check passed."""
        return all(text == "ok" for text in self.checks.values())


def readiness(
    *,
    state: str,
    mongo_error: str | None,
    kafka_error: str | None,
    producer_fault: str | None,
    subscriptions: Sequence[Subscription],
    background: Sequence[BackgroundTask],
    notes: Mapping[str, str],
    own: Mapping[str, str | None],
) -> Report:
    """Ready means that the service does its work.

    That is: partitions assigned (none is fine with more replicas than partitions), MongoDB writable, Kafka
    answering, the producer whole, no subscription stopped by the dead-letter limit, no background task waiting after a
    failure, none of the service's `own` checks with a problem.

    An open port proves none of this, nor does an answering broker: it says nothing about our place in the group.

    A partition that stands still before a record that cannot be read is a note: the other partitions go on, and
    whichever process takes its place meets the same bytes. A 503 would stop the very update that mends it.
    """
    checks = {"started": "ok" if state == "running" else state, "mongo": mongo_error or "ok"}
    checks["kafka"] = kafka_error or "ok"
    checks["producer"] = producer_fault or "ok"
    for subscription in subscriptions:
        checks[f"subscription {subscription.name}"] = _subscription(subscription)
    for task in background:
        checks[f"background {task.name}"] = _background(task)
    checks |= {name: problem or "ok" for name, problem in own.items()}
    for subscription in subscriptions:
        notes = {**notes, **subscription.polling.stuck.notes()}
    return Report(checks, notes)


def liveness(*, subscriptions: Sequence[Subscription], stall_after: float) -> Report:
    """Alive means: every subscription with messages waiting has at least tried a batch lately. 0 switches it off.

    A subscription stopped by the dead-letter limit waits for an operator, not for a restart.
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
    return "ok" if subscription.partitions.joined else "waiting for an assignment"


def _background(task: BackgroundTask) -> str:
    if task.healthy:
        return "ok"
    return task.failure or "not started"

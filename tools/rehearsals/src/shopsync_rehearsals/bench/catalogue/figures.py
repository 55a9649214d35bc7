"""What is known of one contender in one phase, and medians over the rounds. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from shopsync_rehearsals.bench.catalogue.messages import count
from shopsync_rehearsals.bench.catalogue.plan import Amount, Kind, Phase, Plan

OWN = "own"
"""The contender's own process, among the names of `Effort.cpu`; the others are the servers."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How many messages were done at a moment (seconds), and the processor seconds used until then.

    `machine`: of everything that runs on this machine; None where it is not known.
    """

    at: float
    done: int
    cpu: Mapping[str, float]
    machine: float | None


@dataclass(frozen=True, slots=True)
class Counts:
    """What a phase left behind. `snapshots`: published in the phase.

    `newest`: documents that hold the phase's newest 更新日. `versions`: those with the right version number.
    None: not promised, or not known in advance.
    """

    documents: int
    newest: int
    snapshots: int | None = None
    versions: int | None = None


@dataclass(frozen=True, slots=True)
class Effort:
    """One contender in one phase of one round. `cpu`: milliseconds per message; `memory`: highest RSS in MiB.

    `others`: the share of all cores' time that was used by what is no part of the benchmark.
    """

    kind: Kind
    phase: Phase
    messages: int
    seconds: float
    cpu: Mapping[str, float]
    memory: float | None
    others: float | None
    counts: Counts
    wanted: Counts

    @property
    def rate(self) -> float:
        """Messages per second."""
        return self.messages / self.seconds

    @property
    def problems(self) -> list[str]:
        """Counts that are not as wanted. More snapshots than wanted are right: delivery is at least once."""
        found = []
        for name in ("documents", "newest", "versions"):
            is_, should = getattr(self.counts, name), getattr(self.wanted, name)
            if should is not None and is_ != should:
                found.append(f"{self.phase}: {name} {is_}, not {should}")
        if self.wanted.snapshots is not None and (self.counts.snapshots or 0) < self.wanted.snapshots:
            found.append(f"{self.phase}: snapshots {self.counts.snapshots}, not {self.wanted.snapshots}")
        return found


def wanted(kind: Kind, phase: Phase, amount: Amount) -> Counts:
    """The counts after a phase. What is stored already is published by nobody who looks first."""
    sent, some = count(phase, amount), amount.in_a_row() if phase is Phase.IN_A_ROW else amount
    least = sent.products
    if kind is Kind.CATALOGUE:
        # Several versions in one batch become one snapshot.
        least = 0 if phase is Phase.NOTHING_CHANGED else some.products
    if kind is Kind.RAW_LOOP and phase in (Phase.NOTHING_CHANGED, Phase.RE_DELIVERY):
        least = 0
    return Counts(
        documents=amount.products,
        newest=some.products,
        snapshots=least if kind.publishes else None,
        versions=amount.products if kind is Kind.CATALOGUE and phase is not Phase.IN_A_ROW else None,
    )


def version_after(phase: Phase) -> int:
    """The catalogue's `version` of every product after a phase; of the phase in a row it is not known in advance."""
    return 1 if phase is Phase.FIRST_IMPORT else 2


def measured_stretch(readings: Sequence[Reading], warm_up: int) -> tuple[Reading, Reading]:
    """The first reading after the warm-up, and the last.

    Where the work was over before a second reading, it is everything from the process's start: only tiny runs are.
    """
    first, *_, last = readings
    warm = next((one for one in readings if one.done >= warm_up), last)
    return (warm, last) if warm.done < last.done else (first, last)


def cpu_per_message(first: Reading, last: Reading) -> dict[str, float]:
    """Milliseconds of processor time per message, of each process."""
    done = last.done - first.done
    return {name: (used - first.cpu[name]) * 1000 / done for name, used in last.cpu.items()}


def share_of_others(first: Reading, last: Reading, cores: int) -> float | None:
    """The share of all cores' time that no process of the readings has used; None where it is not known."""
    if first.machine is None or last.machine is None:
        return None
    ours = sum(last.cpu.values()) - sum(first.cpu.values())
    return max(0.0, last.machine - first.machine - ours) / ((last.at - first.at) * cores)


def middle(
    efforts: Iterable[Effort], kind: Kind, phase: Phase, value: Callable[[Effort], float | None]
) -> float | None:
    """The median over the rounds; None where nothing was measured."""
    found = [value(one) for one in efforts if one.kind is kind and one.phase is phase]
    known = [one for one in found if one is not None]
    return median(known) if known else None


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything the benchmark is judged by.

    `skipped`: contenders that could not be had here, and why. `parts`: microseconds per message of each part of the
    catalogue's work, by phase.
    """

    plan: Plan
    rounds: Sequence[Sequence[Effort]]
    skipped: Mapping[Kind, str]
    parts: Mapping[str, Mapping[str, float]]

    @property
    def efforts(self) -> list[Effort]:
        """Of all rounds."""
        return [effort for efforts in self.rounds for effort in efforts]


def rate_ratio(measured: Measured, kind: Kind, phase: Phase) -> float | None:
    """The catalogue's messages per second divided by the other's."""
    return _ratio(measured.rounds, kind, phase, lambda one: one.rate)


def cpu_ratio(measured: Measured, kind: Kind, phase: Phase) -> float | None:
    """The processor time per message of the catalogue's process divided by that of the other's."""
    return _ratio(measured.rounds, kind, phase, lambda one: one.cpu.get(OWN))


def _ratio(
    rounds: Iterable[Sequence[Effort]], kind: Kind, phase: Phase, value: Callable[[Effort], float | None]
) -> float | None:
    """The median of the rounds' quotients; None where one of the two was not measured.

    Within a round both ran shortly after one another, so a machine that slows down over the rounds hardly matters.
    """
    quotients = []
    for efforts in rounds:
        ours = middle(efforts, Kind.CATALOGUE, phase, value)
        theirs = middle(efforts, kind, phase, value)
        if ours is not None and theirs:
            quotients.append(ours / theirs)
    return median(quotients) if quotients else None

"""The two halves of a shop's pace: one line of send times shared by all replicas, and a guard in each process. Pure.

Replicas take stretches of the line, one behind the other, and send evenly spaced within their own. A send that comes
late because the machine was busy closes up to the next ones. How late it may be and still go out depends on who else is
on the line: while a replica is alone its own guard keeps every second within the rate, so its sends are close to each
other, and it may make up for half a second. With others on the line only what the spacing has to spare, SLACK, is free.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil

SLACK = 0.035
"""Beside others sends are this much further apart than the rate says: uneven delays on the way must not push arrivals
over it, and no replica knows what became of another one's calls.
"""
_SLACK_ALONE = 0.012
"""The same for a replica alone, whose guard knows of each of its calls how late it may have arrived."""
_GUARD_SLACK = 0.010
"""The guard's share of it: what is left, two milliseconds a second, makes up for late sends."""
_GUARD_SPARE = 0.06
"""Seconds that a call may be quicker on its way than the usual one, while few replies are known."""
_GUARD_LEAST_SPARE, _GUARD_MOST_SPARE = 0.008, 0.08
_GUARD_MARGIN = 1.25
"""The same once it is learned: how much quicker the quickest of the newest replies was, by a quarter more."""
_GUARD_MOST = 0.35
_GUARD_COLD, _GUARD_SPARE_COLD = 0.15, 0.02
_GUARD_MOST_COLD = 0.8
_WARM_SECONDS = 2.0
_DRIFT_UP, _DRIFT_DOWN = 0.01, 0.02
_NEWEST, _FEW = 100, 10
_LATE_SHARED = 0.02
LATE_ALONE = timedelta(milliseconds=500)
SHARED_FOR = timedelta(seconds=10)
"""A line counts as shared this long after two replicas were seen on it."""
_CLOCK_MEMORY = 30.0
_RECENT = timedelta(seconds=1) + LATE_ALONE


@dataclass(frozen=True, slots=True)
class Line:
    """`next_at`: the first time that nobody has yet. `holder` took the newest stretch; `shared_at`: two were on it."""

    next_at: datetime | None = None
    holder: str | None = None
    shared_at: datetime | None = None


def take_stretch(line: Line, now: datetime, me: str, *, length: timedelta, lead: timedelta) -> tuple[Line, datetime]:
    """The line afterwards, and where the stretch of `length` begins: at `now + lead` or after the last one.

    A replica that joins another leaves a gap of LATE_ALONE, into which the other's late sends may still fall.
    """
    is_other = line.holder not in {None, me} and line.next_at is not None and line.next_at > now - _RECENT
    gap = LATE_ALONE if is_other and not is_shared(line.shared_at, now) else timedelta(0)
    start = now + lead if line.next_at is None else max(line.next_at + gap, now + lead)
    return Line(start + length, me, now if is_other else line.shared_at), start


def is_shared(shared_at: datetime | None, now: datetime) -> bool:
    """Whether others may be on the line."""
    return shared_at is not None and shared_at > now - SHARED_FOR


def spacing(rate: float, *, alone: bool = False) -> float:
    """Seconds between two sends."""
    return (1.0 + (_SLACK_ALONE if alone else SLACK)) / rate


def late_limit(rate: float, *, alone: bool) -> float:
    """Seconds that a send may be behind its time."""
    return LATE_ALONE.total_seconds() if alone else _LATE_SHARED * max(1.0, 1.0 / rate)


@dataclass(slots=True)
class Send:
    """When a call went out, how long beyond the second its place stays taken, and if connections were to be opened.

    `took`: seconds until its reply; None: there is none yet.
    """

    at: float
    clear: float
    cold: bool = False
    kind: str = ""
    took: float | None = None


class Window:
    """No more than `rate`, rounded up, sends of this process in any second; below one, one per `1/rate` seconds.

    A call whose reply takes longer than the quickest of its kind may have arrived late by as much: up to 350 ms are
    kept clear, 8 ms at least. The first second of calls after a start or a rest has connections to open: up to 800 ms,
    and never less than 150, as there is little to compare them with.
    """

    def __init__(self, rate: float) -> None:
        self._seconds = max(1.0, 1.0 / rate)
        self._sends: deque[Send] = deque(maxlen=ceil(rate))
        self._cold = 0
        self._usual: dict[str, _Usual] = {}

    def earliest(self, now: float) -> float:
        """When the next send may be, as far as is known now, in the clock of `note`; minus infinity: at once."""
        if len(self._sends) < (self._sends.maxlen or 0):
            return float("-inf")
        first = self._sends[0]
        return first.at + self._seconds + max(first.clear, self._late(first, now))

    def _late(self, send: "Send", now: float) -> float:
        """Seconds that a send may have been on its way, by how long its reply took or takes already."""
        took = now - send.at if send.took is None else send.took
        if send.cold:  # of its kind there may be no other yet
            usual = min((one.seconds for one in self._usual.values()), default=took)
            return min(took - usual + _GUARD_SPARE_COLD, _GUARD_MOST_COLD)
        known = self._usual.get(send.kind)
        late = 0.0 if known is None else took - known.seconds
        return min(late + self._spare(known), _GUARD_MOST)

    def _spare(self, known: "_Usual | None") -> float:
        """Of a kind with few replies that of the others: they go the same way."""
        if known is not None and known.is_known:
            return known.spare
        return max((one.spare for one in self._usual.values() if one.is_known), default=_GUARD_SPARE)

    def note(self, now: float) -> "Send":
        """A send."""
        if not self._sends or now - self._sends[-1].at > _WARM_SECONDS:
            self._cold = self._sends.maxlen or 1
        cold = self._cold > 0
        send = Send(now, _GUARD_COLD if cold else self._seconds * _GUARD_SLACK, cold)
        self._cold -= cold
        self._sends.append(send)
        return send

    def replied(self, send: "Send", now: float) -> None:
        """Its reply came."""
        send.took = now - send.at
        self._usual.setdefault(send.kind, _Usual(send.took)).learn(send.took, cold=send.cold)


@dataclass(slots=True)
class _Usual:
    """How long replies take: the shortest of those that opened connections, then a third of the others are shorter."""

    seconds: float
    newest: deque[float] = field(default_factory=lambda: deque(maxlen=_NEWEST))

    def learn(self, took: float, *, cold: bool) -> None:
        if cold:
            self.seconds = min(self.seconds, took)
        else:
            self.seconds *= 1.0 + _DRIFT_UP if took > self.seconds else 1.0 - _DRIFT_DOWN
            self.newest.append(took)

    @property
    def is_known(self) -> bool:
        """Whether there are enough replies to tell how uneven they are."""
        return len(self.newest) >= _FEW

    @property
    def spare(self) -> float:
        """Seconds that another call may be quicker on its way than `seconds` says."""
        quicker = max(0.0, self.seconds - min(self.newest))
        return min(quicker * _GUARD_MARGIN + _GUARD_LEAST_SPARE, _GUARD_MOST_SPARE)


@dataclass(frozen=True, slots=True)
class _Sample:
    taken: float
    offset: float
    round_trip: float


class ServerClock:
    """The database server's clock in terms of this process's monotonic one.

    An answer tells the server's time with its own delay on top: the smallest of the newest differences is the truest.
    """

    def __init__(self) -> None:
        #: how far off, in seconds, the last result may have been
        self.uncertain = 0.0
        self._samples: deque[_Sample] = deque(maxlen=32)

    def local(self, moment: datetime, *, server_now: datetime, asked: float, answered: float) -> float:
        """`moment` of the server in local seconds, by an exchange that began and ended at these local times."""
        now = server_now.timestamp()
        self._samples.append(_Sample(answered, answered - now, answered - asked))
        recent = [sample for sample in self._samples if sample.taken > answered - _CLOCK_MEMORY]
        best = min(sample.offset for sample in recent)
        self.uncertain = min(sample.round_trip for sample in recent)
        ahead = moment.timestamp() - now
        # Within what this exchange alone proves: a server's clock may jump, as when another one takes over.
        return min(max(moment.timestamp() + best, asked + ahead), answered + ahead)


@dataclass(frozen=True, slots=True)
class SlotReservation:
    """Send times that were taken, local seconds. `alone` decides how late they may be used."""

    first: float
    step: float
    count: int
    alone: bool

    def without_first(self) -> "SlotReservation | None":
        """After a send, or a time that was missed; None: nothing is left."""
        return replace(self, first=self.first + self.step, count=self.count - 1) if self.count > 1 else None

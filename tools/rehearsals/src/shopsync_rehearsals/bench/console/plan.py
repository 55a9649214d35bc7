"""What is measured, and what it found. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median, quantiles

MOST_RATIO = 2.0
"""How much longer a page may take for one of many merchants than for one alone."""


class Kind(StrEnum):
    """What a merchant opens."""

    LIST = "list"
    FILTER = "filter"
    DETAIL = "detail"


@dataclass(frozen=True, slots=True)
class Plan:
    """One run.

    `merchants` click at once, spread over `shops` of `products` each and over `replicas` of the console. `think`:
    seconds between a page and the next click, on average. A merchant who is alone clicks ten times as fast, so that
    there are enough pages: nothing else is there either way. `rush`: seconds without any pause between the clicks.
    """

    products: int = 100_000
    shops: int = 5
    merchants: int = 50
    replicas: int = 1
    think: float = 4.0
    seconds: float = 30.0
    rush: float = 15.0
    rounds: int = 3
    cache: int = 2
    seed: int = 7

    @property
    def think_alone(self) -> float:
        """Between the clicks of the only merchant."""
        return self.think / 10


@dataclass(frozen=True, slots=True)
class Click:
    """One page: its kind, how long it took, and what was wrong with it."""

    kind: Kind
    seconds: float
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """Clicks of a stretch of time. `cpu`: seconds of processor time in it, by process."""

    merchants: int
    seconds: float
    clicks: Sequence[Click]
    cpu: Mapping[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Pages a second."""
        return len(self.clicks) / self.seconds

    @property
    def faults(self) -> list[str]:
        """What was wrong, page by page."""
        return [one.fault for one in self.clicks if one.fault]

    def times(self, kind: Kind | None = None) -> list[float]:
        """Seconds of each page, of one kind or of all."""
        return [one.seconds for one in self.clicks if kind in {None, one.kind}]


@dataclass(frozen=True, slots=True)
class Measured:
    """Stages of one merchant alone and of all together, in turn; and each without pauses."""

    plan: Plan
    alone: Stage
    together: Stage
    rush_alone: Stage
    rush_together: Stage

    @property
    def stages(self) -> dict[str, Stage]:
        """By the name that the report gives them."""
        return {
            "one merchant": self.alone,
            "all merchants": self.together,
            "one, no pauses": self.rush_alone,
            "all, no pauses": self.rush_together,
        }


def joined(stages: Sequence[Stage]) -> Stage:
    """The rounds of a stage as one."""
    names = {name for one in stages for name in one.cpu}
    return Stage(
        stages[0].merchants,
        sum(one.seconds for one in stages),
        [click for one in stages for click in one.clicks],
        {name: sum(one.cpu.get(name, 0.0) for one in stages) for name in sorted(names)},
    )


def middle(times: Sequence[float]) -> float | None:
    """The median; None without a page."""
    return median(times) if times else None


def slow(times: Sequence[float]) -> float | None:
    """What one page in twenty takes at the least; None for fewer than two pages."""
    return quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else None


def ratio(together: float | None, alone: float | None) -> float | None:
    """How much longer it takes together."""
    return together / alone if together is not None and alone else None

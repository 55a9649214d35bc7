"""What is measured, and what it found. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median


class Part(StrEnum):
    """One of the questions."""

    PRODUCTS = "products"
    REPLICAS = "replicas"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. `few`, `many`: products in the database while `updates` of them are worked off, so often as `rounds`.

    `cache`: GB that MongoDB keeps of them, where it is the benchmark's own; 0 leaves it at the test kit's 0.25.
    `imported`: products that each number of `replicas` imports together. `long`: messages over which memory is watched.
    """

    parts: tuple[Part, ...] = tuple(Part)
    few: int = 10_000
    many: int = 1_000_000
    updates: int = 9_000
    rounds: int = 2
    cache: int = 2
    replicas: tuple[int, ...] = (1, 2, 4)
    imported: int = 20_000
    long: int = 60_000
    seed: int = 7
    patience: float = 600.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Messages per second, and milliseconds of processor time per message by process: the catalogue's, the servers'.

    `others`: the share of all cores' time that was used by what is no part of the benchmark.
    """

    rate: float
    cpu: Mapping[str, float]
    others: float | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Resident memory of the catalogue in MiB after so many messages."""

    done: int
    mib: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything the run is judged by; what was not asked for is empty.

    `products`: by number of products, a stretch per round. `filling`: documents a second, written directly.
    """

    plan: Plan
    products: Mapping[int, Sequence[Stretch]] = field(default_factory=dict)
    filling: float | None = None
    replicas: Mapping[int, Stretch] = field(default_factory=dict)
    memory: Sequence[Sample] = ()

    def rate(self, products: int) -> float | None:
        """The median of the rounds."""
        found = self.products.get(products, ())
        return median(one.rate for one in found) if found else None

    @property
    def others(self) -> list[float]:
        """Shares of all cores' time that something else used, of every stretch where it is known."""
        stretches = [*self.replicas.values(), *(one for some in self.products.values() for one in some)]
        return [one.others for one in stretches if one.others is not None]

    @property
    def kept(self) -> float | None:
        """The rate with many products divided by that with few."""
        few, many = self.rate(self.plan.few), self.rate(self.plan.many)
        return many / few if few and many else None

    @property
    def memory_growth(self) -> float | None:
        """By what share the last third's memory exceeds the first third's, medians; None: too few samples."""
        first = [one.mib for one in self.memory if 0 < one.done <= self.plan.long / 3]
        last = [one.mib for one in self.memory if one.done > self.plan.long * 2 / 3]
        return median(last) / median(first) - 1 if first and last else None

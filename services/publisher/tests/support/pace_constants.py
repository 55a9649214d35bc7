"""What the constants of `publisher.pace` do: each is made smaller and larger, and the simulations are run again.

`make pace-constants` prints, for every change, which outcomes differ by more than two percent. A constant that changes
nothing here is a bound for rare cases, or it is seen by a test of its own only.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import ModuleType
from typing import Any

import structlog
from pace_simulation import (
    FakeTime,
    Shop,
    Store,
    Uneven,
    chance,
    keep_calling,
    limit_lifted_after_two_minutes,
    most_in_a_second,
    pace,
    stalls,
    told_to_wait_ten_seconds,
)

from publisher.pace import adaptive_rate, call_queue, known_state, rate_limiter, reserved_times, slots

Outcome = tuple[float, ...]

_NOTICED = 0.02
_FACTORS = (0.5, 2.0)
_SHARES = {"_CUT": (0.72, 0.94), "_PLATEAU": (0.82, 0.99), "_LOW_FACTOR": (0.81, 0.99), "_TOP_FACTOR": (1.08, 1.5)}
"""Values to try of constants near 1, which cannot be halved or doubled."""
_MODULES = (adaptive_rate, call_queue, known_state, rate_limiter, reserved_times, slots)


def used(rate: float, replicas: int, *, slowest: float = 0.004, blocked: Any = ()) -> Outcome:
    """Share of the rate that is used, the shortest time of rate + 1 calls, reservations."""
    shop, store = Shop(0.2), Store(chance(1), slowest)

    async def scenario() -> None:
        limiters = [pace(store, rate, me=str(number)) for number in range(replicas)]
        await asyncio.gather(keep_calling(limiters, shop, until=1040.0, callers=int(rate * 0.3) + 4), stalls(blocked))

    FakeTime().play(scenario())
    counted = sum(1002 <= at < 1040 for at in shop.arrivals)
    return counted / rate / 38, min(most_in_a_second(shop.arrivals, rate), 1.5), store.reservations


def uneven(seconds: float) -> Outcome:
    """Delays on the way of up to so many seconds: share of the rate that is used, calls too many once it is settled."""
    shop = Uneven(0.2, uneven=seconds)
    FakeTime().play(keep_calling([pace(Store())], shop, until=1120.0, callers=8))
    settled = sorted(at for at in shop.arrivals if at >= 1005)
    close = sum(later - first < 1.0 for first, later in zip(settled, settled[10:], strict=False))
    return sum(at < 1115 for at in settled) / 1100, close


def limited(replicas: int, gap: float, wish: timedelta | None) -> Outcome:
    """TikTok allows one call per `gap` seconds: share that is used, refusals after half a minute and before."""
    shop, store = Shop(0.2, gap=gap, wish=wish), Store()

    async def scenario() -> None:
        await keep_calling([pace(store, me=str(number)) for number in range(replicas)], shop, until=1400.0, callers=4)

    FakeTime().play(scenario())
    settled = sum(at >= 1030 for at in shop.arrivals)
    refused = sum(at >= 1030 for at in shop.limits)
    return (settled - refused) * gap / 370, refused, len(shop.limits) - refused


def lifted() -> Outcome:
    """A limit of one a second ends after two minutes: calls in the last ten seconds, and in the first forty."""
    shop = Shop(0.2, gap=1.0)
    FakeTime().play(limit_lifted_after_two_minutes(shop))
    return sum(at >= 1290 for at in shop.arrivals), sum(1120 <= at < 1160 for at in shop.arrivals)


def told_to_wait() -> Outcome:
    """Retry-After of ten seconds to one of three replicas: calls during the pause, and in the time after it."""
    shop = Shop(0.2)
    FakeTime().play(told_to_wait_ten_seconds(shop, Store()))
    return sum(1006.3 < at < 1015 for at in shop.arrivals), sum(1015 < at < 1030 for at in shop.arrivals)


def _one_replica_after_another(seed: int) -> float:
    random = chance(seed)
    shop, store = Shop(random.uniform(0.01, 0.8)), Store(chance(seed))
    blocked = [(random.uniform(0.01, 2), random.uniform(0.001, 0.4)) for _ in range(4)]
    joining = [(random.uniform(0, 4), random.randint(1, 6)) for _ in range(3)]

    async def joins(number: int, after: float, callers: int) -> None:
        await asyncio.sleep(after)
        until = asyncio.get_running_loop().time() + 4
        await keep_calling([pace(store, me=f"replica-{number}")], shop, until=until, callers=callers)

    async def scenario() -> None:
        await asyncio.gather(stalls(blocked), *(joins(number, *one) for number, one in enumerate(joining)))

    FakeTime().play(scenario())
    return most_in_a_second(shop.arrivals, 10)


SIMULATIONS: dict[str, Callable[[], Outcome]] = {
    "one replica": lambda: used(10, 1),
    "three replicas": lambda: used(10, 3),
    "two, one call a second": lambda: used(1, 2),
    "100 calls a second": lambda: used(100, 1),
    "uneven, 10 ms": lambda: uneven(0.01),
    "uneven, 60 ms": lambda: uneven(0.06),
    "slow database": lambda: used(10, 2, slowest=0.3),
    "short stalls": lambda: used(10, 1, blocked=[(0.94, 0.06)] * 40),
    "long stalls": lambda: used(10, 2, blocked=[(2, 0.5)] * 15),
    "limit 1/s": lambda: limited(1, 1.0, None),
    "limit 1/s, two": lambda: limited(2, 1.0, timedelta(seconds=1)),
    "limit 1/10 s, two": lambda: limited(2, 10.0, None),
    "limit lifted": lifted,
    "Retry-After": told_to_wait,
    "joining, blocked": lambda: (min(map(_one_replica_after_another, range(12))),),
}


def constants() -> Iterator[tuple[ModuleType, str]]:
    """The numbers and durations that are written in the modules of `publisher.pace`."""
    for module in _MODULES:
        for name, value in vars(module).items():
            if name.strip("_").isupper() and isinstance(value, int | float | timedelta):
                yield module, name


def differences(before: dict[str, Outcome], after: dict[str, Outcome]) -> list[str]:
    """What differs, as `simulation: before → after`."""
    found = []
    for name, outcome in before.items():
        pairs = zip(outcome, after[name], strict=True)
        if any(abs(a - b) > max(_NOTICED * abs(a), 0.011) for a, b in pairs):
            found.append(f"{name}: {_shown(outcome)} → {_shown(after[name])}")
    return found


def _shown(outcome: Outcome) -> str:
    return " ".join(f"{one:.3g}" for one in outcome)


def _values(name: str, value: Any) -> list[Any]:
    if name in _SHARES:
        return list(_SHARES[name])
    return [max(1, int(value * by)) if isinstance(value, int) else value * by for by in _FACTORS]


def _run() -> dict[str, Outcome]:
    return {name: simulate() for name, simulate in SIMULATIONS.items()}


def main() -> None:
    """Print the table, as Markdown."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    before = _run()
    print("simulations:", "; ".join(f"{name}: {_shown(one)}" for name, one in before.items()), end="\n\n")  # noqa: T201
    print("| constant | value | tried | what changes |\n|---|---|---|---|")  # noqa: T201
    for module, name in constants():
        value = getattr(module, name)
        for tried in _values(name, value):
            setattr(module, name, tried)
            found = differences(before, _run())
            print(f"| `{name}` | {value} | {tried} | {'; '.join(found) or 'nothing'} |", flush=True)  # noqa: T201
        setattr(module, name, value)


if __name__ == "__main__":
    main()

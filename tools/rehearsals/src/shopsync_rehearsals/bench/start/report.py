"""The starts as a table for people, judged lines, and JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from statistics import median

from rich.table import Table

from shopsync_rehearsals.bench.lines import Line, all_good
from shopsync_rehearsals.bench.start.plan import SUBSCRIPTIONS, Plan
from shopsync_rehearsals.bench.start.run import Start
from shopsync_rehearsals.tables import table


def judge(plan: Plan, starts: Sequence[Start]) -> list[Line]:
    """The slowest start of each service."""
    lines = []
    for service in SUBSCRIPTIONS:
        slowest = max(one.first_message for one in starts if one.service == service)
        good, wanted = slowest <= plan.wanted_seconds, f"≤ {plan.wanted_seconds:g} s"
        lines.append(Line(f"{service}: first message, slowest", f"{slowest:.2f} s", wanted, good, is_speed=True))
    return lines


def phases_table(starts: Sequence[Start]) -> Table:
    """What each service's start went into: the very first one, and the median of the later ones."""
    columns = [(one, later) for one in SUBSCRIPTIONS for later in (False, True) if _of(starts, one, later=later)]
    titles = [f"{service}, {'later' if later else 'first'}" for service, later in columns]
    rows = table("seconds since the process began, phase by phase", "phase", *titles)
    for phase in starts[0].phases:
        rows.add_row(phase, *(_median([one.phases[phase] for one in _of(starts, *c)]) for c in columns))
    rows.add_row("all: started", *(_median([one.started for one in _of(starts, *c)]) for c in columns))
    rows.add_row("first message", *(_median([one.first_message for one in _of(starts, *c)]) for c in columns))
    rows.add_row("processor time until then", *(_median([one.cpu for one in _of(starts, *c)]) for c in columns))
    return rows


def _of(starts: Sequence[Start], service: str, later: bool) -> list[Start]:
    return [one for one in starts if one.service == service and (one.number > 0) == later]


def as_json(starts: Sequence[Start], lines: Sequence[Line]) -> str:
    """The same as one JSON object."""
    document = {"starts": [asdict(one) for one in starts], "lines": [asdict(one) for one in lines]}
    return json.dumps({**document, "good": all_good(lines)}, ensure_ascii=False)


def _median(values: Sequence[float]) -> str:
    return f"{median(values):.2f}"

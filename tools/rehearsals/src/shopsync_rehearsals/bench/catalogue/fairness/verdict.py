"""Compares what was promised with what was measured, as lines and as JSON. Pure."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from shopsync_rehearsals.bench.catalogue.delays.trips import PERCENTILES, Delays
from shopsync_rehearsals.bench.catalogue.fairness.plan import Measured
from shopsync_rehearsals.bench.lines import Line, all_good

MOST_SECONDS = 2.0


def judge(measured: Measured) -> list[Line]:
    """Every line of the report."""
    edits = measured.edits
    good = None if edits is None else edits.p99 <= MOST_SECONDS * 1000
    return [
        Line("snapshots that never came", f"{measured.lost}", "0", measured.lost == 0),
        Line("the other shop's edits, p99", _p99(edits), f"≤ {MOST_SECONDS:.0f} s", good, is_speed=True),
        Line("the other shop's edits", _shown(edits)),
        Line("snapshots of the backlog while an edit was under way, median", f"{measured.usual:,.0f}"),
        Line("the other shop's changes, behind the backlog", _shown(measured.changes)),
        Line("the backlog, messages per second", f"{measured.rate:,.0f}"),
    ]


def _p99(found: Delays | None) -> str:
    return "-" if found is None else f"{found.p99 / 1000:.2f} s"


def _shown(found: Delays | None) -> str:
    if found is None:
        return "-"
    each = ", ".join(f"p{one} {found.percentiles[one] / 1000:.2f} s" for one in PERCENTILES)
    return f"{found.messages}: {each}, longest {found.longest / 1000:.2f} s"


def as_json(measured: Measured, lines: Sequence[Line]) -> str:
    """The same as one JSON object."""
    document = {**asdict(measured), "lines": [asdict(line) for line in lines], "good": all_good(lines)}
    return json.dumps(document, ensure_ascii=False)

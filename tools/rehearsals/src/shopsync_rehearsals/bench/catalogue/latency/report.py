"""The result as a table for people and as JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from statistics import median

from rich.table import Table

from shopsync_rehearsals.bench.catalogue.delays.trips import PERCENTILES
from shopsync_rehearsals.bench.catalogue.latency.plan import CONTENDERS, Level, Measured
from shopsync_rehearsals.bench.lines import Line, all_good
from shopsync_rehearsals.tables import table


def levels_table(measured: Measured) -> Table:
    """One row per rate and contender: medians of the rounds."""
    title = f"milliseconds until the snapshot is read; 100 % are {measured.sustained:,.0f} messages per second"
    rows = table(title, "", "msg/s", *(f"p{one}" for one in PERCENTILES), "max", "core", "busy", "others")
    rows.caption = "core: of one, by the contender; busy, others: of all cores, by anything and by nobody of ours"
    for share in measured.plan.shares:
        rows.add_row(f"[bold]{share} %[/bold]")
        for kind in CONTENDERS:
            if levels := [level for level in measured.of(kind, share) if level.delays is not None]:
                rows.add_row(kind, *_row(levels))
        rows.add_section()
    return rows


def _row(levels: Sequence[Level]) -> list[str]:
    known = [level.delays for level in levels if level.delays is not None]
    return [
        f"{median(level.rate for level in levels):,.0f}",
        *(f"{median(one.percentiles[percent] for one in known):,.1f}" for percent in PERCENTILES),
        f"{median(one.longest for one in known):,.1f}",
        *(_share([getattr(level, name) for level in levels]) for name in ("core", "busy", "others")),
    ]


def _share(found: Sequence[float | None]) -> str:
    known = [one for one in found if one is not None]
    return f"{median(known):.0%}" if known else "-"


def as_json(measured: Measured, lines: Sequence[Line]) -> str:
    """The same as one JSON object, with every round."""
    document = {**asdict(measured), "lines": [asdict(line) for line in lines], "good": all_good(lines)}
    return json.dumps(document, ensure_ascii=False)

"""What became of published messages, as a table or as JSON."""

from collections.abc import Sequence

from shopsync_cli.errors import CommandFailed
from shopsync_cli.publishing.outcomes import Fate, Outcome
from shopsync_cli.views.output import print_json, print_table, say
from shopsync_readmodel.statuses import in_words

OUTCOME_COLUMNS = ("product", "what", "fate", "version", "状態", "because")


def print_outcomes(outcomes: Sequence[Outcome], *, as_json: bool, shown: Sequence[Outcome] | None = None) -> None:
    """Print them; the table has only those `shown`. Raises CommandFailed when one needs somebody to act."""
    if as_json:
        print_json([one.document() for one in outcomes])
    else:
        print_table(OUTCOME_COLUMNS, map(_row, outcomes if shown is None else shown))
    counts = {fate: sum(one.fate is fate for one in outcomes) for fate in Fate}
    bad = {fate: count for fate, count in counts.items() if count and not fate.is_good}
    if bad:
        told = ", ".join(f"{count} {fate.value}" for fate, count in bad.items())
        has_letter = any(one.fate is Fate.REFUSED and one.error_type for one in outcomes)
        hint = "; refused ones: `shopsync dead-letters list`" if has_letter else ""
        raise CommandFailed(f"of {len(outcomes)}: {told}{hint}")
    if not as_json and len(outcomes) > 1:
        say(", ".join(f"{count} {fate.value}" for fate, count in counts.items() if count))


def _row(one: Outcome) -> tuple[object, ...]:
    because = f"{one.error_type}: {one.reason}" if one.error_type else one.reason
    status = None if one.status is None else in_words(one.status)
    return one.subject, one.sent.type, one.fate.value, one.version, status, because

"""What the checks found, as tables by group."""

from collections.abc import Sequence

from shopsync_cli.doctor.model import Examined, Verdict
from shopsync_cli.views.output import print_table, say

COLUMNS = ("", "what", "found", "what to do")


def print_examined(examined: Sequence[Examined]) -> None:
    """A table per group, then the counts."""
    for group in dict.fromkeys(one.group for one in examined):
        rows = [
            (finding.verdict, finding.what, finding.text, finding.do or None)
            for one in examined
            if one.group == group
            for finding in one.findings
        ]
        print_table(COLUMNS, rows, title=group)
        say("")
    say(summary(examined))


def summary(examined: Sequence[Examined]) -> str:
    """`9 ok, 1 warn, 0 fail, 2 skipped`."""
    verdicts = [finding.verdict for one in examined for finding in one.findings]
    return ", ".join(f"{verdicts.count(one)} {one}" for one in Verdict)

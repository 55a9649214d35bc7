"""What services report about a request. Pure."""

from dataclasses import dataclass, field

from shopsync_contracts import ShopBody
from shopsync_contracts.events import BulkEditCompleted, EditVerdict, ImportFailed, SweepCompleted, SyncCompleted


@dataclass(slots=True)
class BulkReport:
    """The pages of one bulk edit's report, as far as they have come."""

    pages: dict[int, BulkEditCompleted] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """All pages have come."""
        first = next(iter(self.pages.values()), None)
        return first is not None and len(self.pages) >= first.pages

    @property
    def verdicts(self) -> list[EditVerdict]:
        """Of all pages that have come, in order."""
        return [verdict for _, page in sorted(self.pages.items()) for verdict in page.verdicts]


def refusal_of(report: ShopBody) -> str | None:
    """Why the request was not done, or None when it was."""
    if isinstance(report, ImportFailed):
        return f"{report.code}: {report.message}"
    if isinstance(report, SyncCompleted | SweepCompleted):
        return report.refused_because
    return None

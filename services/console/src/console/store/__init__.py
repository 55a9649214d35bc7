"""The console's own collections. Everything else it reads through the read model."""

from console.store.actions import ActionStore
from console.store.bulk_reports import BulkReports
from console.store.drafts import Drafts
from console.store.notes import Notes
from console.store.sessions import Sessions
from console.store.throttle import Attempt, LoginThrottle

__all__ = ["ActionStore", "Attempt", "BulkReports", "Drafts", "LoginThrottle", "Notes", "Sessions"]

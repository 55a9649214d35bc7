"""The console's own collections. Everything else it reads through the read model."""

from console.store.sessions import Sessions

__all__ = ["Sessions"]

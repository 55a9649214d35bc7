"""What the merchant does: the only place of the console that publishes."""

from console.actions.publishing import Actions

__all__ = ["Actions"]

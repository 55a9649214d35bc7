"""Follows actions to their end, and tells open pages what changed."""

from console.live.following import Follower
from console.live.hub import Hub
from console.live.reading import Reader
from console.live.situation import Situation

__all__ = ["Follower", "Hub", "Reader", "Situation"]

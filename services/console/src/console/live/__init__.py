"""Follows actions to their end, and tells open pages what changed."""

from console.live.following import Follower
from console.live.hub import Hub
from console.live.reading import Reader
from console.live.situation import Situation
from console.live.watching import SessionWatch

__all__ = ["Follower", "Hub", "Reader", "SessionWatch", "Situation"]

"""Ends the streams of sessions that are over. Those that end here are told; those that end elsewhere are looked for."""

import asyncio

from console.live.hub import Hub
from console.store import Sessions

EVERY_SECONDS = 15.0
"""As often as an open stream says that it is still there."""


class SessionWatch:
    """One question for the sessions of all open streams, however many there are."""

    def __init__(self, hub: Hub, sessions: Sessions) -> None:
        self._hub = hub
        self._sessions = sessions
        sessions.on_end(one=lambda digest: hub.end({digest}), all_of=hub.end_all_of)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Once: by time, by another replica, or by an operator."""
        if followed := self._hub.sessions:
            self._hub.end(await self._sessions.ended(followed))

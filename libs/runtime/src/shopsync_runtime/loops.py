"""The event loop of every service: uvloop if available, because most of a service's CPU time is spent in the loop."""

import asyncio
import sys

if sys.platform == "win32":
    new_event_loop = asyncio.new_event_loop
else:
    from uvloop import new_event_loop

__all__ = ["new_event_loop"]

"""Running something in the foreground until it is told to stop."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import typer

from shopsync_testkit.backends import Unavailable, UnknownChoice
from shopsync_testkit.children import StartFailed

T = TypeVar("T")


def hold(opened: AbstractAsyncContextManager[T], announce: Callable[[T], None]) -> None:
    """Enter `opened`, announce what it gives, and leave it on SIGINT or SIGTERM, also one that comes while it starts.

    What cannot be started is told in words on stderr, with exit code 1.
    """
    try:
        asyncio.run(_hold(opened, announce))
    except (Unavailable, UnknownChoice, StartFailed) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


async def _hold(opened: AbstractAsyncContextManager[T], announce: Callable[[T], None]) -> None:
    loop, holding = asyncio.get_running_loop(), asyncio.current_task()
    if holding is None:
        raise RuntimeError("not in a task")
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, holding.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        async with opened as value:
            announce(value)
            await asyncio.Event().wait()


def print_ready(**facts: object) -> None:
    """The JSON line that tells a starting program that this one serves."""
    sys.stdout.write(json.dumps({"event": "ready", **facts}, ensure_ascii=False) + "\n")
    sys.stdout.flush()

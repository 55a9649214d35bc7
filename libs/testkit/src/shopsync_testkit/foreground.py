"""Runs something in the foreground until SIGINT or SIGTERM."""

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
    """Enter `opened`, announce its value, and leave it on SIGINT or SIGTERM, even on one that comes while it starts.

    If it cannot be started, prints the reason on stderr and exits with code 1.
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
    """Print the JSON line that tells whoever started this program that it is ready."""
    sys.stdout.write(json.dumps({"event": "ready", **facts}, ensure_ascii=False) + "\n")
    sys.stdout.flush()

"""Choosing how a server is provided: the most real one that works here, or the one asked for."""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from shopsync_testkit.children import StartFailed

S = TypeVar("S")
AUTO = "auto"


class Unavailable(RuntimeError):
    """A backend cannot be used on this machine; the text says why and what would change that."""


class UnknownChoice(ValueError):
    """The choice is no backend's name."""


@dataclass(frozen=True)
class Wish:
    """What a server is asked to be.

    `auto`: nobody asked for this backend by name, so it may not do what takes long, such as pulling an image.
    `port`: on the loopback interface; None takes a free one. An external server has its own.
    """

    auto: bool = False
    port: int | None = None


@dataclass(frozen=True)
class Backend(Generic[S]):
    """One way to provide a server. `start` raises Unavailable or StartFailed."""

    name: str
    start: Callable[[Wish], Awaitable[S]]


@dataclass(frozen=True)
class Started(Generic[S]):
    """A started server and how it was chosen."""

    server: S
    why: str


async def start(
    backends: Sequence[Backend[S]], *, choice: str | None, variable: str, port: int | None = None
) -> Started[S]:
    """Start the chosen backend, or for `auto` the first of `backends` that starts.

    `choice` None reads the environment variable `variable` (unset or empty: auto). Raises UnknownChoice, Unavailable
    or StartFailed; for `auto` Unavailable with every backend's reason.
    """
    wanted = choice or os.environ.get(variable) or AUTO
    if wanted == AUTO:
        return await _first_working(backends, variable, Wish(auto=True, port=port))
    for backend in backends:
        if backend.name == wanted:
            return Started(await backend.start(Wish(port=port)), f"{variable}={wanted}")
    allowed = ", ".join([*(backend.name for backend in backends), AUTO])
    raise UnknownChoice(f"{variable}={wanted!r} is not known; choose one of: {allowed}")


async def _first_working(backends: Sequence[Backend[S]], variable: str, wish: Wish) -> Started[S]:
    reasons: list[str] = []
    for backend in backends:
        try:
            server = await backend.start(wish)
        except (Unavailable, StartFailed) as error:
            reasons.append(f"{backend.name}: {error}")
        else:
            skipped = f"; not {'; not '.join(_first_lines(reasons))}" if reasons else ""
            return Started(server, f"auto took {backend.name}{skipped}")
    raise Unavailable(f"no backend of {variable} works here:\n  " + "\n  ".join(reasons))


def _first_lines(reasons: Sequence[str]) -> list[str]:
    return [reason.splitlines()[0].rstrip(":") for reason in reasons]

"""Chooses how a server is provided: the most realistic way that works here, or the one asked for."""

import importlib.util
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from shopsync_testkit.children import StartFailed

S = TypeVar("S")
AUTO = "auto"


class Unavailable(RuntimeError):
    """A backend cannot be used on this machine. The text says why, and what would change that."""


def require_package(name: str) -> None:
    """Raise Unavailable unless the package is installed: those of the extra `servers` are not in every installation."""
    if importlib.util.find_spec(name) is None:
        raise Unavailable(f"the package {name} is not installed")


class UnknownChoice(ValueError):
    """No backend has the chosen name."""


@dataclass(frozen=True)
class Wish:
    """How a server is wanted.

    `auto`: nobody asked for this backend by name, so it must not do anything slow, such as pulling an image.
    `port`: on the loopback interface; None takes a free one. An external server keeps its own.
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

"""Every route of the console, as its application has them: what a new screen adds is walked with the rest."""

import re
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import httpx
from starlette.routing import Mount, Route

from shopsync_contracts.topics import IMPORT_COMMANDS, SHOP_SETTINGS, SYNC_COMMANDS, TOOL_EDITS
from shopsync_runtime.http_server import make_http_app
from shopsync_sandbox.serving import running as serving

PUBLISHED = (TOOL_EDITS, SHOP_SETTINGS, IMPORT_COMMANDS, SYNC_COMMANDS)
FOR_EVERYBODY = {"/login", "/language", "/password/{secret}", "/static"}
"""Each of them is a decision: whoever adds one changes this line."""
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True)
class Place:
    """A pattern and a method that it takes."""

    pattern: str
    method: str

    @property
    def is_for_everybody(self) -> bool:
        return self.pattern in FOR_EVERYBODY

    def path(self, default: str = "1", **values: str) -> str:
        """With values in it; `product_no` and others that are not given are `default`."""
        if self.pattern == "/static":
            return "/static/console.css"
        return _PARAMETER.sub(lambda found: quote(values.get(found[1], default), safe=""), self.pattern)

    def __str__(self) -> str:
        return f"{self.method} {self.pattern}"


def places(world: Any, method: str | None = None) -> list[Place]:
    """All, or those that take this method."""
    found = [one for route in application_of(world.runtime).routes for one in _places(route)]
    return [one for one in found if method in {None, one.method}]


def application_of(runtime: Any) -> Any:
    """The Starlette application behind the service's port."""
    (mount,) = [one for one in runtime.routes if isinstance(one, Mount)]
    return mount.app


def _places(route: Any) -> Iterator[Place]:
    if isinstance(route, Route):
        yield from (Place(route.path, method) for method in sorted(route.methods or ()))
    else:
        assert isinstance(route, Mount), f"a kind of route that nobody walks: {route}"
        assert route.path == "/static"
        yield Place(route.path, "GET")


async def stored(world: Any) -> dict[str, Any]:
    """All documents of the database."""
    names = await world.database.list_collection_names()
    return {name: await world.database[name].find({}).sort("_id", 1).to_list() for name in names}


async def published(world: Any) -> list[Any]:
    """What the console has published so far."""
    return [event for spec in PUBLISHED for event in await world.events(spec)]


@asynccontextmanager
async def served(world: Any) -> Any:
    """The console on a port: answers that do not end, and bytes that no client would send."""
    at = world.runtime
    app = make_http_app(livez=at.livez, readyz=at.readyz, routes=at.routes, is_started=lambda: True)
    async with serving(app) as url:
        yield url


@asynccontextmanager
async def browser_at(url: str, like: httpx.AsyncClient) -> Any:
    """A browser with the same cookies at that port."""
    async with httpx.AsyncClient(base_url=url, timeout=20) as browser:
        for name, value in like.cookies.items():
            browser.cookies.set(name, value)
        yield browser


async def begin(browser: httpx.AsyncClient, method: str, path: str, **how: Any) -> tuple[httpx.Response, str]:
    """The answer and its text, or the beginning of one that does not end."""
    async with browser.stream(method, path, **how) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer, ""
        return answer, (await answer.aread()).decode(errors="replace")


def a_form(**fields: str) -> dict[str, str]:
    """Fields that many screens read, with an id of its own."""
    common = {
        "name": "新しい名前",
        "product_no": "A-1",
        "on": "1",
        "sync": "on",
        "mode": "manual",
        "step": "save",
    }
    return {**common, "action_id": str(uuid4()), **fields}


class Faults(HTMLParser):
    """What must not be in a page: script of others, script inside, what the policy would have to forbid."""

    _LINKS = frozenset({"href", "src", "action", "formaction", "srcset", "poster", "data"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    @classmethod
    def of(cls, text: str) -> list[str]:
        parser = cls()
        parser.feed(text)
        parser.close()
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"iframe", "object", "embed", "base", "style", "template", "marquee"}:
            self.found.append(f"<{tag}>")
        if tag == "script" and not given.get("src", "").startswith("/static/"):
            self.found.append(f"<script {given}>")
        for name, value in given.items():
            if (
                name.startswith(("on", "hx-on", "hx-vars"))
                or name == "style"
                or value.startswith(("js:", "javascript:"))
            ):
                self.found.append(f"<{tag} {name}={value!r}>")
            if name in self._LINKS or name in {"hx-get", "hx-post", "sse-connect"}:
                self._check_link(tag, given, value)

    def _check_link(self, tag: str, given: dict[str, str], value: str) -> None:
        parts = urlsplit(value)
        is_own = not parts.scheme and not parts.netloc and not value.startswith(("//", "/\\"))
        is_apart = {"noopener", "noreferrer"} & set(given.get("rel", "").split())
        leads_away = tag == "a" and parts.scheme == "https" and is_apart
        if not (is_own or leads_away):
            self.found.append(f"<{tag} → {value!r} rel={given.get('rel')!r}>")

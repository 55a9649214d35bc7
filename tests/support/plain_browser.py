"""A merchant at the console without a browser: opens pages, and sends their forms as they stand there."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self

import httpx


@dataclass
class Form:
    """A form of a page with what a browser would send of it. `button`: the one that stands out, or the last."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    button: dict[str, str] = field(default_factory=dict)
    is_chosen: bool = False


class _Forms(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self.found.append(Form(given.get("action") or ""))
        elif not self.found:
            return
        elif tag == "input" and name:
            if given.get("type") not in {"checkbox", "radio"} or "checked" in given:
                self.found[-1].fields[name] = value
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self.found[-1].fields[self._select] = value
        elif tag == "button" and not self.found[-1].is_chosen:
            self.found[-1].button = {name: value} if name else {}
            self.found[-1].is_chosen = "primary" in (given.get("class") or "")


class PlainBrowser:
    """One session. Raises AssertionError for whatever is no page."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx.AsyncClient(base_url=url, timeout=60, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def log_in(self, email: str, password: str) -> None:
        """From then on everything is of the account's shop."""
        await self.press("/login", "/login", email=email, password=password)

    async def open(self, path: str) -> str:
        """The page."""
        answer = await self._http.get(path)
        assert answer.status_code == httpx.codes.OK, f"{path}: {answer.status_code}"
        return answer.text

    async def press(self, path: str, action: str, **entered: str) -> httpx.Response:
        """Open the page and send its form of that address, with these fields filled in."""
        form = next(one for one in _Forms(await self.open(path)).found if one.action == action)
        fields = {**form.fields, **form.button, **entered}
        answer = await self._http.post(action, data=fields, headers={"origin": self._url})
        assert answer.is_success or answer.is_redirect, f"{action}: {answer.status_code} {answer.text[:2000]}"
        return answer

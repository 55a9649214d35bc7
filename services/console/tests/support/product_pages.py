"""商品詳細 without a browser: its form, as one would send it back, and what was sent."""

import html
import json
import re
from collections.abc import Mapping
from typing import Any

import httpx

from console.web import csrf
from shopsync_contracts.topics import TOOL_EDITS


def fields_of(page: httpx.Response) -> dict[str, list[str]]:
    """What a browser would send back: every input of the product's form as the page has it."""
    beside = "".join(re.findall(r'<input type="hidden" form="product-form"[^>]*>', page.text))
    text = beside + page.text.split('<form id="product-form"')[1].split("</form>")[0]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input\b[^>]*>", text):
        given = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if given.get("type") in {"checkbox", "radio"} and " checked" not in tag:
            continue
        if "name" in given:
            found.setdefault(html.unescape(given["name"]), []).append(html.unescape(given.get("value", "")))
    for name, body in re.findall(r'<textarea[^>]*\bname="([^"]*)"[^>]*>\n(.*?)</textarea>', text, re.DOTALL):
        found.setdefault(html.unescape(name), []).append(html.unescape(body))
    for name, body in re.findall(r'<select[^>]*\bname="([^"]*)"[^>]*>(.*?)</select>', text, re.DOTALL):
        chosen = re.findall(r'<option value="([^"]*)" selected', body)
        found.setdefault(html.unescape(name), []).append(html.unescape(chosen[0]) if chosen else "")
    found.pop(csrf.FIELD)
    return found


async def opened(world: Any, number: str = "A-1", browser: Any = None) -> httpx.Response:
    page: httpx.Response = await (browser or world.client).get(f"/products/{number}")
    assert page.status_code == 200, page.text[:300]
    return page


async def send(
    world: Any, fields: Mapping[str, Any], number: str = "A-1", step: str = "save", **differs: Any
) -> httpx.Response:
    given = {**fields, **{name.replace("__", "."): value for name, value in differs.items()}, "step": step}
    answer: httpx.Response = await world.post(world.client, f"/products/{number}", **given)
    return answer


async def edits(world: Any) -> list[Any]:
    return [event.data for event in await world.events(TOOL_EDITS)]


async def changes(world: Any) -> list[Any]:
    return [json.loads(one.changes.model_dump_json()) for one in await edits(world)]

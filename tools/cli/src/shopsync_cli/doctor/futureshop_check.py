"""futureshop: whether each shop's credentials open it. One token and one page of products are read.

A call a second and shop, as futureshop allows. An import that runs beside it may have to wait for a second.
"""

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import yaml

from shopsync_cli.doctor.clocks_check import judge
from shopsync_cli.doctor.model import Finding, Patient, Verdict, fail, ok, skipped, warn
from shopsync_cli.errors import WrongCall
from shopsync_cli.moments import now

_IN_FOLDER = "shops.yaml"
_FIELDS = ("base_url", "client_id", "client_secret")
_ENV = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_APART_SECONDS = 1.1
_AT_ONCE = 8
_REQUEST_SECONDS = 10.0
_MARGIN_SECONDS = 1.0
_MOST_BYTES = 64 * 1024 * 1024
_CREDENTIALS = (
    "correct client_id, client_secret and shop key in the shops file; ask futureshop whether the key is active"
)


@dataclass(frozen=True, slots=True)
class Access:
    """One shop of the shops file."""

    shop_key: str
    base_url: str
    client_id: str
    client_secret: str


async def check(patient: Patient) -> Sequence[Finding]:
    """A line for each shop that is not open, and whose clock is off."""
    if patient.shops_file is None:
        return [skipped("futureshop", "no shops file is given", "--shops-file FILE, or INGESTOR_SHOPS_FILE")]
    shops, faults = read_shops(patient.shops_file, os.environ)
    chosen = [one for one in shops if not patient.shops or one.shop_key in patient.shops]
    found = [one for one in faults if not patient.shops or one.what in patient.shops]
    named = {*(one.shop_key for one in shops), *(one.what for one in faults)}
    found += [skipped(key, "is not in the shops file") for key in patient.shops if key not in named]
    turns = asyncio.Semaphore(_AT_ONCE)
    tasks = [asyncio.create_task(_within(turns, one)) for one in chosen]
    if tasks:
        await asyncio.wait(tasks, timeout=max(_MARGIN_SECONDS, patient.seconds - _MARGIN_SECONDS))
    told = [finding for task in tasks if task.done() for finding in task.result()]
    unasked = [task for task in tasks if not task.done()]
    for task in unasked:
        task.cancel()
    found += [one for one in told if one.verdict is not Verdict.OK]
    good = sum(1 for one in told if one.verdict is Verdict.OK)
    if good:
        found.append(
            ok("futureshop", f"{good} of {len(chosen)} opened with their credentials; a page was read of each")
        )
    if unasked:
        text = f"{len(unasked)} of {len(chosen)} were not asked within {patient.seconds:g} s"
        found.append(skipped("futureshop", text, "--timeout 120, or --shop KEY"))
    return found


def read_shops(given: Path, environ: Mapping[str, str]) -> tuple[list[Access], list[Finding]]:
    """The shops, and those that cannot be used. No value of the file is ever repeated. Raises WrongCall."""
    path = given / _IN_FOLDER if given.is_dir() else given
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise WrongCall(f"cannot read {path}: {error.strerror}") from None
    except (yaml.YAMLError, ValueError):
        raise WrongCall(f"{path}: is no YAML") from None
    if not isinstance(document, dict) or not document:
        raise WrongCall(f"{path}: must map shop keys to {', '.join(_FIELDS)}")
    shops, faults = [], []
    for key, entry in document.items():
        try:
            values = {name: _value(path, entry, name, environ) for name in _FIELDS}
        except WrongCall as error:
            faults.append(fail(str(key), f"{path}: {error}", "correct the shops file"))
        else:
            shops.append(Access(str(key), values["base_url"].rstrip("/"), values["client_id"], values["client_secret"]))
    return shops, faults


def _value(path: Path, entry: Any, name: str, environ: Mapping[str, str]) -> str:
    given = entry.get(name) if isinstance(entry, dict) else None
    if not isinstance(given, str) or not given.strip():
        raise WrongCall(f"{name} is missing")
    if lacking := [one for one in _ENV.findall(given) if one not in environ]:
        raise WrongCall(f"{name} names {', '.join(lacking)}, which is not set here")
    text = _ENV.sub(lambda found: environ[found[1]], given)
    if not text.startswith("file:"):
        return text.strip()
    try:
        return (path.parent / text.removeprefix("file:")).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise WrongCall(f"{name}: its file cannot be read") from None


async def _within(turns: asyncio.Semaphore, shop: Access) -> list[Finding]:
    async with turns:
        try:
            async with httpx.AsyncClient(timeout=_REQUEST_SECONDS, follow_redirects=False) as http:
                return await ask(http, shop)
        except UnicodeEncodeError:
            return [fail(shop.shop_key, "the shop key holds what no HTTP header can hold", "correct the shops file")]
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            return [fail(shop.shop_key, "base_url is no address", "correct the shops file")]
        except httpx.HTTPError as error:
            text = f"does not answer at {httpx.URL(shop.base_url).host}: {_reason(error)}"
            return [fail(shop.shop_key, text, "look whether this machine's address is registered with futureshop")]


async def ask(http: httpx.AsyncClient, shop: Access) -> list[Finding]:
    """Ask for a token and a page of products. What the answers say, and how far the clock is off if it is."""
    ours = {"X-SHOP-KEY": shop.shop_key, "Accept": "application/json"}
    credentials = httpx.BasicAuth(shop.client_id, shop.client_secret)
    form = {"grant_type": "client_credentials"}
    asked = now()
    reply = await http.post(f"{shop.base_url}/oauth/token", data=form, headers=ours, auth=credentials)
    clock = _clock(shop.shop_key, reply, asked)
    token = _member(reply, "access_token")
    if token is None:
        return [_refused(shop.shop_key, "the token call", reply), *clock]
    await asyncio.sleep(_APART_SECONDS)
    headers = {**ours, "Authorization": f"Bearer {token}"}
    page = await http.get(f"{shop.base_url}/admin-api/v1/products", params={"count": "50"}, headers=headers)
    if page.status_code != HTTPStatus.OK or _member(page, "productList") is None:
        return [_refused(shop.shop_key, "the search of products", page), *clock]
    return [ok(shop.shop_key, "opens"), *clock]


def _refused(shop_key: str, what: str, reply: httpx.Response) -> Finding:
    """Without the reply's body: an error page may repeat what was sent."""
    told = f"{what} answers HTTP {reply.status_code}"
    if reply.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.BAD_REQUEST}:
        return fail(shop_key, f"{told}: refused", _CREDENTIALS)
    if reply.status_code == HTTPStatus.TOO_MANY_REQUESTS or reply.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return warn(shop_key, f"{told}: an import runs, or a maintenance", "try again later")
    return fail(shop_key, f"{told}, which is not what futureshop answers", "correct base_url in the shops file")


def _member(reply: httpx.Response, name: str) -> Any:
    if reply.status_code != HTTPStatus.OK or len(reply.content) > _MOST_BYTES:
        return None
    try:
        document = reply.json()
    except ValueError:
        return None
    return document.get(name) if isinstance(document, dict) else None


def _clock(shop_key: str, reply: httpx.Response, asked: datetime) -> list[Finding]:
    try:
        told = parsedate_to_datetime(reply.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return []
    found = judge(f"{shop_key}'s clock", told, asked.replace(microsecond=0), now())
    return [] if found.verdict is Verdict.OK else [found]


def _reason(error: httpx.HTTPError) -> str:
    return "no answer in time" if isinstance(error, httpx.TimeoutException) else "no connection"

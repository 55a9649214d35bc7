"""TikTok Shop: consents, keys and what TikTok holds against shops and app, as the publisher stores them.

This command never calls TikTok Shop.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from http import HTTPStatus

import httpx

from shopsync_cli.doctor.clocks_check import NOTICED
from shopsync_cli.doctor.model import Finding, Patient, Verdict, fail, ok, skipped, warn
from shopsync_cli.moments import now
from shopsync_cli.mongo.database import connected
from shopsync_readmodel.shops.overview import AppTrouble, ShopOverview, read_app_troubles, read_shops
from shopsync_readmodel.token_keys import KeyReport, read_keys
from shopsync_runtime.wording import counted

_FAILING = frozenset({"ended", "blocked"})
_NO_TROUBLE = frozenset({"authorised", "listings wait"})
_SHOWN = 10
_SKEW = re.compile(r"^shopsync_publisher_clock_skew_seconds (\S+)$", re.MULTILINE)
_REQUEST_SECONDS = 10.0


async def check(patient: Patient) -> Sequence[Finding]:
    """The shops that need somebody, the app, and the keys of the tokens."""
    settings = patient.mongo
    assert settings is not None  # noqa: S101 - the runner skips the check otherwise
    async with connected(settings, may_be_empty=True) as database:
        shops = await read_shops(database, now())
        troubles = await read_app_troubles(database)
        keys = await read_keys(database)
    chosen = [one for one in shops if not patient.shops or one.shop_key in patient.shops]
    return judge(chosen, troubles, keys)


def judge(shops: Sequence[ShopOverview], troubles: Sequence[AppTrouble], keys: KeyReport) -> list[Finding]:
    """Trouble of the app first: no shop can help it."""
    found = [fail("app", one.line, "see docs/operations.md, 'Trouble of the app itself'") for one in troubles]
    if not shops:
        found.append(skipped("shops", "no shop has settings yet", "shopsync shops put SHOP"))
    found += _shops(shops)
    if shops and (problem := keys.problem) is not None:
        missing = [use.key for use in keys.keys if use.state.startswith("missing")]
        found.append(
            fail("token key", problem, "shopsync keys") if missing else warn("token key", problem, "shopsync keys")
        )
    return found or [ok("shops", f"{counted(len(shops), 'shop is', 'shops are')} authorised")]


def _shops(shops: Iterable[ShopOverview]) -> list[Finding]:
    """One line per shop that needs somebody; of many in the same state the first, and how many more."""
    by_state: dict[str, list[ShopOverview]] = {}
    for one in shops:
        if one.status.state not in _NO_TROUBLE:
            by_state.setdefault(one.status.state, []).append(one)
    found = []
    for state, some in sorted(by_state.items()):
        verdict = Verdict.FAIL if state in _FAILING else Verdict.SKIPPED if state == "unknown" else Verdict.WARN
        found += [Finding(one.shop_key, verdict, one.status.line, one.status.do) for one in some[:_SHOWN]]
        if len(some) > _SHOWN:
            found.append(Finding(state, verdict, f"{counted(len(some) - _SHOWN, 'more shop')}", "shopsync shops list"))
    return found


async def check_publisher(patient: Patient) -> Sequence[Finding]:
    """Whether the publisher answers, and how far it finds its own clock off TikTok Shop's."""
    if patient.publisher is None:
        text = "no address of a publisher is given"
        return [skipped("publisher", text, "--publisher URL, or SHOPSYNC_PUBLISHER_URL")]
    address = patient.publisher.rstrip("/")
    found = [await ready(address)]
    if found[0].verdict is Verdict.OK:
        found.append(await _clock(address))
    return found


async def _clock(address: str) -> Finding:
    try:
        async with httpx.AsyncClient(timeout=_REQUEST_SECONDS, trust_env=False) as http:
            skew = _SKEW.search((await http.get(f"{address}/metrics")).text)
    except httpx.HTTPError:
        return fail("publisher's clock", f"{address}/metrics does not answer", "see its log")
    if skew is None:
        text = f"{address}/metrics tells nothing of it: this is another service"
        return warn("publisher's clock", text, "correct --publisher")
    return _skew(float(skew[1]))


def _skew(seconds: float) -> Finding:
    if abs(timedelta(seconds=seconds)) <= NOTICED:
        return ok("publisher's clock", f"within {NOTICED.total_seconds():g} s of TikTok Shop's")
    where = "ahead of" if seconds > 0 else "behind"
    text = f"{abs(seconds):.0f} s {where} TikTok Shop's, which refuses calls 30 s ahead or 5 minutes behind"
    return fail("publisher's clock", text, "set the clock of the publisher's machine")


async def check_services(patient: Patient) -> Sequence[Finding]:
    """Each service whose address is given, by its own /readyz."""
    if not patient.services:
        return [skipped("services", "no addresses are given", "--service URL, for each")]
    return await asyncio.gather(*(ready(address.rstrip("/")) for address in patient.services))


async def ready(address: str) -> Finding:
    """What /readyz of one service says."""
    do = "see its log"
    try:
        async with httpx.AsyncClient(timeout=_REQUEST_SECONDS, trust_env=False) as http:
            reply = await http.get(f"{address}/readyz")
        told = reply.json()
        bad = [f"{name}: {text}" for name, text in told["checks"].items() if text != "ok"]
        notes = [f"{name}: {text}" for name, text in told.get("notes", {}).items()]
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        return fail(address, "is no URL", "write http://HOST:PORT")
    except httpx.HTTPError:
        return fail(address, "does not answer", "start it, or correct the address")
    except (ValueError, KeyError, TypeError, AttributeError):
        return fail(address, "answers, but not as a service of shopsync", "correct the address")
    if bad or reply.status_code != HTTPStatus.OK:
        return fail(address, "; ".join(bad) or f"HTTP {reply.status_code}", do)
    return (
        warn(address, "; ".join(notes), "see 'A partition stands still' in docs/operations.md")
        if notes
        else ok(address, "is ready")
    )

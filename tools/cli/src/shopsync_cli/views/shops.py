"""Shops as rows. Pure."""

import shlex
from collections.abc import Iterator
from typing import Any

from shopsync_cli.views.output import show
from shopsync_readmodel.shops.overview import ShopOverview

SHOP_COLUMNS = ("shop", "sync", "tax", "rate %", "rounding", "categories", "since", "TikTok Shop", "pushes")


def shop_row(shop: ShopOverview) -> tuple[Any, ...]:
    """One line of the list."""
    settings = shop.settings or {}
    tax = settings.get("tax") or {}
    return (
        shop.shop_key,
        _sync(shop),
        "–" if not tax else "included" if tax.get("included") else "excluded",
        tax.get("rate_percent"),
        tax.get("rounding"),
        settings.get("category_version"),
        settings.get("updated_at"),
        shop.status.line,
        "go on" if shop.pause is None else shop.pause.line,
    )


def _sync(shop: ShopOverview) -> str:
    if shop.settings is None:
        return f"no settings: `shopsync shops put {shlex.quote(shop.shop_key)}`"
    sync = shop.settings.get("sync") or {}
    when = {
        "auto": f" every {sync.get('interval_minutes')} min",
        "scheduled": f" at {', '.join(sync.get('times') or [])}",
    }
    return f"{sync.get('mode', '?')}{when.get(sync.get('mode', ''), '')}"


def shop_facts(shop: ShopOverview) -> Iterator[tuple[str, Any]]:
    """What is known of one shop."""
    consent = shop.authorization
    yield "shop", shop.shop_key
    yield "連携設定", _sync(shop)
    yield "TikTok Shop認証", shop.status.line
    if consent:
        yield "TikTok shop", f"{show(consent['tiktok_shop_id'])} ({show(consent['seller_name'])})"
        yield "authorised at", consent["authorized_at"]
        yield "consent until", consent["consent_until"]
        yield "access token until", consent["access_expires_at"]
        yield "scopes", ", ".join(consent["scopes"] or ())
        yield "webhooks come to", consent["webhook_url"]
    yield "open pushes", shop.open_pushes
    resume = f"`shopsync shops resume {shlex.quote(shop.shop_key)}`"
    yield "pushes", "go on" if shop.pause is None else f"{shop.pause.line}; {resume}"

"""Authorised shops, permissions, prerequisites and webhook registrations."""

from typing import Any

from shopsync_sandbox.tiktok.api.call import Call
from shopsync_sandbox.tiktok.protocol.bodies import WebhookBody, parse
from shopsync_sandbox.tiktok.protocol.callbacks import check_address
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.reasons import PREREQUISITES
from shopsync_sandbox.tiktok.state.model import Shop, Subscription
from shopsync_sandbox.tiktok.webhooks.notifications import EVENT_TYPES


def authorized_shops(call: Call) -> dict[str, Any]:
    """The shops of the consent, with their ciphers."""
    names = ("id", "name", "region", "seller_type", "cipher", "code")
    return {"shops": [{name: getattr(shop, name) for name in names} for shop in _granted(call)]}


def seller_shops(call: Call) -> dict[str, Any]:
    """The shops of the consent, without ciphers."""
    return {"shops": [{"id": shop.id, "region": shop.region} for shop in _granted(call)]}


def seller_permissions(call: Call) -> dict[str, Any]:
    """What the sellers of the consent may do with global products: nothing, unless they are cross-border."""
    cross_border = any(shop.seller_type == "CROSS_BORDER" for shop in _granted(call))
    return {"permissions": ["MANAGE_GLOBAL_PRODUCT"] if cross_border else []}


def prerequisites(call: Call) -> dict[str, Any]:
    """All check items, failed ones with their reasons."""
    failed = call.shop.failed_prerequisites
    return {
        "check_results": [
            {"check_item": item, "is_failed": item in failed, "fail_reasons": failed.get(item, [])}
            for item in PREREQUISITES
        ],
    }


def list_webhooks(call: Call) -> dict[str, Any]:
    """The shop's registrations. Times are milliseconds here."""
    rows = [
        {
            "event_type": event,
            "address": subscription.address,
            "create_time": int(subscription.create_time * 1000),
            "update_time": int(subscription.update_time * 1000),
        }
        for event, subscription in call.shop.webhooks.items()
    ]
    return {"webhooks": rows, "total_count": len(rows)}


def put_webhook(call: Call) -> dict[str, Any]:
    """Set the address of one event type. Raises ApiError for an address that TikTok could not call."""
    body = parse(WebhookBody, call.body)
    event, now = _event(body), call.services.world.now()
    address = check_address(body.address, loopback=call.services.settings.loopback_webhooks)
    if call.services.webhooks.forgets(call.shop, event, address):
        return {}
    known = call.shop.webhooks.get(event)
    call.shop.webhooks[event] = Subscription(address, known.create_time if known else now, now)
    return {}


def delete_webhook(call: Call) -> dict[str, Any]:
    """Remove the address of one event type. Succeeds even when none is set."""
    call.shop.webhooks.pop(_event(parse(WebhookBody, call.body)), None)
    return {}


def _granted(call: Call) -> list[Shop]:
    return [call.services.world.shop(key) for key in call.grant.shop_keys]


def _event(body: WebhookBody) -> str:
    if body.event_type not in EVENT_TYPES:
        raise ApiError(Code.INVALID_PARAM, f"invalid param: event_type {body.event_type!r}")
    return body.event_type

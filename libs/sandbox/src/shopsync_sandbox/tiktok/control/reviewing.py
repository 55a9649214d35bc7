from typing import Any

from shopsync_sandbox.tiktok.actions import Actions
from shopsync_sandbox.tiktok.products.reviews import Rule
from shopsync_sandbox.tiktok.reasons import KYC_PENDING
from shopsync_sandbox.tiktok.state.model import Product

_DEFAULT_REASON = "content does not meet the listing policy"


def decide(sandbox: Actions, action: str, body: dict[str, Any]) -> dict[str, Any]:
    """hold, release, run (decide all waiting products by the rules); or approve, reject, pre-approve given products."""
    reviews = sandbox.reviews
    if action in {"hold", "release"}:
        reviews.held = action == "hold"
        return reviews.describe()
    if action == "run":
        return {"decided": reviews.decide_all()}
    if action not in {"approve", "reject", "pre-approve"}:
        raise ValueError(f"no action {action!r}; known: hold, release, run, approve, reject, pre-approve")
    products = _products(sandbox, body)
    for product in products:
        if action == "approve":
            reviews.approve(product)
        elif action == "reject":
            reviews.reject(product, body.get("reason", _DEFAULT_REASON))
        else:
            reviews.pre_approve(product, body.get("reason", KYC_PENDING))
    return {"decided": len(products)}


def set_rules(sandbox: Actions, rules: list[dict[str, Any]]) -> dict[str, Any]:
    """Replace the automatic reviewer's rules. The first that matches decides."""
    sandbox.reviews.rules = [Rule(**rule) for rule in rules]
    return {"rules": len(sandbox.reviews.rules)}


def _products(sandbox: Actions, body: dict[str, Any]) -> list[Product]:
    """The products of `product_ids`, or all waiting ones for `"all"`."""
    wanted = body["product_ids"]
    ids = sandbox.reviews.waiting() if wanted == "all" else wanted
    return [sandbox.product(product_id) for product_id in ids]

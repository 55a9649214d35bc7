from collections.abc import Callable
from typing import Any

from shopsync_sandbox.tiktok.actions import Actions
from shopsync_sandbox.tiktok.state.model import Product

Action = Callable[[Actions, Product, dict[str, Any]], None]


def _stock(sandbox: Actions, product: Product, body: dict[str, Any]) -> None:
    """Set the stock of the SKU `sku_id`, or of all SKUs."""
    skus = [body["sku_id"]] if "sku_id" in body else list(product.stock)
    for sku_id in skus:
        sandbox.set_stock(product, sku_id, int(body["quantity"]))


def _punish(status: str) -> Action:
    def punish(sandbox: Actions, product: Product, body: dict[str, Any]) -> None:
        sandbox.lifecycle.punish(product, status, body.get("reason", "policy violation"))

    return punish


LOCKS = frozenset({"promotion", "appeal", "skus", "inventory"})


def _lock(_: Actions, product: Product, body: dict[str, Any]) -> None:
    """`lock` forbids: promotion (price, less stock), appeal (any edit), skus (adding, deleting), inventory."""
    if body["lock"] not in LOCKS:
        raise ValueError(f"no lock {body['lock']!r}; known: {', '.join(sorted(LOCKS))}")
    product.locks.add(body["lock"])


def _unlock(_: Actions, product: Product, __: dict[str, Any]) -> None:
    product.locks.clear()


ACTIONS: dict[str, Action] = {
    "hide": lambda sandbox, product, _: sandbox.lifecycle.hide(product),
    "activate": lambda sandbox, product, _: sandbox.lifecycle.activate(product),
    "delete": lambda sandbox, product, _: sandbox.lifecycle.delete(product),
    "recover": lambda sandbox, product, _: sandbox.lifecycle.recover(product),
    "edit-title": lambda sandbox, product, body: sandbox.edit_title(product, body["title"]),
    "stock": _stock,
    "platform-deactivate": _punish("PLATFORM_DEACTIVATED"),
    "freeze": _punish("FREEZE"),
    "lock": _lock,
    "unlock": _unlock,
}


def act(sandbox: Actions, action: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a person does in Seller Center, or TikTok does to a product. Not counted as an API call.

    The product is given by `product_id`, or by `shop` and `seller_sku`.
    """
    if action not in ACTIONS:
        raise ValueError(f"no action {action!r}; known: {', '.join(ACTIONS)}")
    product = sandbox.product(
        body.get("product_id"),
        shop=body.get("shop", next(iter(sandbox.world.shops))),
        seller_sku=body.get("seller_sku", ""),
    )
    ACTIONS[action](sandbox, product, body)
    return {"product_id": product.id, "status": product.status, "audit": product.audit}

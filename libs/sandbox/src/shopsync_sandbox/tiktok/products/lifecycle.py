"""Activate, deactivate, delete and recover. The API does it in batches, a seller by hand."""

from collections.abc import Callable, Collection
from typing import Any

from shopsync_sandbox.tiktok.journal import Journal
from shopsync_sandbox.tiktok.products.checks.shop import check_seller
from shopsync_sandbox.tiktok.products.lookup import find
from shopsync_sandbox.tiktok.products.reviews import Reviews, prune
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.state.model import Product, Shop
from shopsync_sandbox.tiktok.state.world import World
from shopsync_sandbox.tiktok.webhooks.notifications import Webhooks

BATCH_MAX = 20
_STATUS_CHANGED = "PRODUCT_STATUS_CHANGED"
_HIDDEN = frozenset({"SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED"})


class _CheckFailed(ApiError):
    """An error that some batch errors are wrapped in."""

    def __init__(self, cause: ApiError) -> None:
        super().__init__(Code.CHECK_FAILED, "the check failed")
        self.cause = cause


class Lifecycle:
    """Status changes. Each raises ApiError 12052901 when the current status does not allow it."""

    def __init__(self, world: World, reviews: Reviews, webhooks: Webhooks, journal: Journal) -> None:
        self._world = world
        self._reviews = reviews
        self._webhooks = webhooks
        self._journal = journal

    def batch(self, shop: Shop, product_ids: list[str] | None, what: str) -> dict[str, Any]:
        """`what` is activates, deactivates, deletes or recovers. Failures are listed, the others are done."""
        if not product_ids:
            raise ApiError(Code.INVALID_PARAM, "invalid param: product_ids is required")
        if len(product_ids) > BATCH_MAX:
            raise ApiError(Code.BATCH_TOO_MANY, f"product_ids has {len(product_ids)} entries, at most {BATCH_MAX}")
        steps: dict[str, Callable[[Product], bool]] = {
            "activates": self._activate_checked,
            "deactivates": self._done(self.hide),
            "deletes": self._delete_or_pretend,
            "recovers": self._done(self.recover),
        }
        errors: list[dict[str, Any]] = []
        for product_id in product_ids:
            try:
                if steps[what](find(self._world, shop, product_id)):
                    self._journal.did(what, product_id)
            except _CheckFailed as failed:
                errors.append(_error(failed, {"product_id": product_id, "extra_errors": [_plain(failed.cause)]}))
            except ApiError as error:
                errors.append(_error(error, {"product_id": product_id}))
        return {"errors": errors} if errors else {}

    def activate(self, product: Product) -> None:
        """A hidden product is reviewed again, and live afterwards."""
        _require(product, _HIDDEN)
        self._to(product, "PENDING")
        self._reviews.submit(product)

    def hide(self, product: Product) -> None:
        """Deactivate. Content under review is kept, and reviewed at the next activation."""
        _require(product, {"ACTIVATE"})
        self._end_review(product)
        product.deactivation_source = "SELLER"
        self._to(product, "SELLER_DEACTIVATED")

    def delete(self, product: Product) -> None:
        _refuse(product, {"FREEZE", "DELETED"})
        self._end_review(product)
        self._to(product, "DELETED")

    def recover(self, product: Product) -> None:
        _require(product, {"DELETED"})
        product.deactivation_source = "SELLER"
        self._to(product, "SELLER_DEACTIVATED")

    def punish(self, product: Product, status: str, reason: str) -> None:
        """A policy action: PLATFORM_DEACTIVATED or FREEZE."""
        self._end_review(product)
        product.deactivation_source = "PLATFORM"
        self._to(product, status, reason)

    def _activate_checked(self, product: Product) -> bool:
        """Problems of the seller are wrapped in 12052990, as `extra_errors`."""
        _require(product, _HIDDEN)
        try:
            check_seller(self._world.shop(product.shop_key))
        except ApiError as error:
            raise _CheckFailed(error) from error
        self.activate(product)
        return True

    def _delete_or_pretend(self, product: Product) -> bool:
        """As seen live: for products with a draft, a success that changed nothing."""
        has_draft = product.draft is not None or product.status == "DRAFT"
        if has_draft and self._world.settings.delete_ignores_drafts:
            return False
        self.delete(product)
        return True

    @staticmethod
    def _done(step: Callable[[Product], None]) -> Callable[[Product], bool]:
        def done(product: Product) -> bool:
            step(product)
            return True

        return done

    def _end_review(self, product: Product) -> None:
        """The newest content becomes the only one, without a review."""
        shop = self._world.shop(product.shop_key)
        shop.unindex(product)
        product.content, product.under_review = product.in_review or product.content, None
        prune(product)
        shop.index(product)
        self._reviews.withdraw(product)

    def _to(self, product: Product, status: str, reason: str = "") -> None:
        product.status = status
        product.update_time = self._world.now()
        self._webhooks.status_changed(self._world.shop(product.shop_key), product, _STATUS_CHANGED, reason)


def _plain(error: ApiError) -> dict[str, Any]:
    return {"code": int(error.code), "message": error.message}


def _error(error: ApiError, detail: dict[str, Any]) -> dict[str, Any]:
    return {**_plain(error), "detail": detail}


def _require(product: Product, allowed: Collection[str]) -> None:
    if product.status not in allowed:
        raise ApiError(Code.STATUS, f"status {product.status} does not allow this operation")


def _refuse(product: Product, forbidden: Collection[str]) -> None:
    if product.status in forbidden:
        raise ApiError(Code.STATUS, f"status {product.status} does not allow this operation")

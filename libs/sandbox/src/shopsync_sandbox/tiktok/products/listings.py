"""Creates and edits products: checks, versions, reviews, counters."""

from typing import Any

from shopsync_sandbox.tiktok.journal import Journal
from shopsync_sandbox.tiktok.limits import Limits
from shopsync_sandbox.tiktok.products.checks import Context, check_draft, check_listing
from shopsync_sandbox.tiktok.products.checks.brand import is_known
from shopsync_sandbox.tiktok.products.contents import (
    apply_prices,
    apply_stock,
    body_of,
    changed_fields,
    content_of,
    written_reply,
)
from shopsync_sandbox.tiktok.products.lookup import find_to_edit
from shopsync_sandbox.tiktok.products.reviews import Reviews, prune
from shopsync_sandbox.tiktok.protocol.bodies import ProductBody
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.state.model import Content, Product, Shop, SkuContent
from shopsync_sandbox.tiktok.state.world import World
from shopsync_sandbox.tiktok.webhooks.notifications import Webhooks

_HIDDEN = frozenset({"SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED"})
_SHUT = frozenset({"DELETED", "FREEZE"})


class Listings:
    """All writes of product content."""

    def __init__(self, world: World, reviews: Reviews, webhooks: Webhooks, limits: Limits, journal: Journal) -> None:
        self._world = world
        self._reviews = reviews
        self._webhooks = webhooks
        self._limits = limits
        self._journal = journal

    def create(self, shop: Shop, body: ProductBody) -> dict[str, Any]:
        """A new product, unless the idempotency key was used before. Nothing else prevents duplicates."""
        first = self._created_before(shop, body.idempotency_key)
        if first is not None:
            self._journal.done["creates_repeated"] += 1
            return {**written_reply(first, first.content), "warnings": []}
        draft = _is_draft(body.save_mode)
        warnings = self._check(body, shop, None, draft=draft)
        if not draft:
            self._limits.count_listing(shop)
        content = self._content(shop, body)
        now = self._world.now()
        status = "DRAFT" if draft else "PENDING"
        product = Product(self._world.ids.next(), shop.key, content, status, "NONE", now, now)
        shop.products[product.id] = product
        if body.idempotency_key:
            shop.idempotency[body.idempotency_key] = product.id
        self._apply_prices_and_stock(product, body, content)
        shop.index(product)
        self._count_create(shop, product)
        self._webhooks.product_created(shop, product)
        if not draft:
            self._reviews.submit(product)
        return {**written_reply(product, content), "warnings": _warning_rows(warnings)}

    def edit(self, shop: Shop, product_id: str, body: ProductBody) -> dict[str, Any]:
        """Full edit: replaces everything, except missing prices and stock. Missing SKUs are deleted."""
        product = find_to_edit(self._world, shop, product_id)
        return self._edit(shop, product, body)

    def partial_edit(self, shop: Shop, product_id: str, body: ProductBody) -> dict[str, Any]:
        """Each property sent replaces the whole property of the newest version. The category cannot be changed."""
        product = find_to_edit(self._world, shop, product_id)
        if body.skus is not None and not body.skus:
            message = "the SKU list is empty: either leave it out or provide all required details"
            raise ApiError(Code.SKUS_EMPTY, message)
        base = body_of(product.in_review or product.draft or product.content)
        fixed = {"category_id", "category_version", "save_mode", "idempotency_key"}
        sent = {name: getattr(body, name) for name in body.model_fields_set - fixed}
        mode = "AS_DRAFT" if product.status == "DRAFT" else "LISTING"
        reply = self._edit(shop, product, base.model_copy(update={**sent, "save_mode": mode}))
        return {key: value for key, value in reply.items() if key != "warnings"}

    def dry_run(self, shop: Shop, body: ProductBody) -> dict[str, Any]:
        """Listing check: what create would say, without creating. `warnings` is one object here, not a list."""
        try:
            warnings = self._check(body, shop, None, draft=False)
        except ApiError as error:
            reasons = [{"code": int(error.code), "message": error.message}]
            return {"check_result": "FAILED", "fail_reasons": reasons, "warnings": {}}
        shown = {"message": " ".join(warnings)} if warnings else {}
        return {"check_result": "PASS", "fail_reasons": [], "warnings": shown}

    def edit_by_seller(self, product: Product, title: str) -> None:
        """The seller edits the title in Seller Center: reviewed like any edit, not counted as an API call."""
        shop = self._world.shop(product.shop_key)
        content = (product.in_review or product.content).model_copy(update={"title": title})
        self._replace(product, content)
        product.update_time = self._world.now()
        self._webhooks.product_edited(shop, product, ["title"], by_seller=True)

    def _edit(self, shop: Shop, product: Product, body: ProductBody) -> dict[str, Any]:
        draft = _is_draft(body.save_mode)
        _check_state(product)
        beside = draft and self._is_kept_beside(product)
        warnings = self._check(body, shop, product, draft=draft)
        if product.status == "DRAFT" and not draft:
            self._limits.count_listing(shop)
        content = self._content(shop, body)
        before = product.in_review or product.content
        shop.unindex(product)
        if draft:
            self._keep_draft(product, content, beside=beside)
        else:
            self._replace(product, content)
        if not beside:
            self._apply_prices_and_stock(product, body, content)
        prune(product)
        shop.index(product)
        product.update_time = self._world.now()
        self._journal.did("edits", product.id)
        self._webhooks.product_edited(shop, product, changed_fields(before, content), by_seller=False)
        return {
            **written_reply(product, content),
            "warnings": _warning_rows(warnings),
            "audit": {"status": product.audit},
        }

    def _created_before(self, shop: Shop, key: str | None) -> Product | None:
        if key is not None and not 1 <= len(key) <= 128:
            raise ApiError(Code.INVALID_PARAM, "invalid param: idempotency_key must have 1 to 128 characters")
        product_id = shop.idempotency.get(key or "")
        if product_id is None:
            return None
        if self._world.settings.idempotency == "error":
            raise ApiError(Code.INVALID_PARAM, f"invalid param: idempotency_key was used for product {product_id}")
        return shop.products[product_id]

    def _check(self, body: ProductBody, shop: Shop, product: Product | None, *, draft: bool) -> list[str]:
        """Returns the warnings. Raises ApiError."""
        context = Context(self._world, shop, product)
        return check_draft(body, context) if draft else check_listing(body, context)

    def _content(self, shop: Shop, body: ProductBody) -> Content:
        """A version from the body. An unknown brand is removed."""
        if body.brand_id and not is_known(body.brand_id, Context(self._world, shop)):
            body = body.model_copy(update={"brand_id": None})
        return content_of(body, shop, self._world.catalogue, self._world.ids)

    def _is_kept_beside(self, product: Product) -> bool:
        """Whether the draft is kept beside the live version. Raises ApiError where the state or region forbids it."""
        if product.status in {"DRAFT", "FAILED"}:
            return False
        if product.status == "PENDING":
            raise ApiError(Code.STATUS, "status PENDING does not allow this operation")
        if not self._world.settings.drafts_of_live_products:
            raise ApiError(Code.NO_DRAFT_HERE, "a submitted product cannot become a draft in this region")
        return True

    def _keep_draft(self, product: Product, content: Content, *, beside: bool) -> None:
        if beside:
            product.draft = content
        else:
            product.content, product.status, product.audit = content, "DRAFT", "NONE"

    def _replace(self, product: Product, content: Content) -> None:
        """The new content goes to review, or replaces that of a hidden product."""
        product.draft = None
        if product.status in _HIDDEN:
            product.content, product.under_review = content, None
        elif product.status == "ACTIVATE":
            self._review_live(product, content)
        else:
            unchanged = product.status == "PENDING" and content == product.content
            product.content, product.status = content, "PENDING"
            if not unchanged:
                self._reviews.submit(product)

    def _review_live(self, product: Product, content: Content) -> None:
        if content == product.content:
            product.under_review = None
            self._reviews.withdraw(product)
            product.audit = "APPROVED"
        elif content != product.under_review or product.audit != "AUDITING":
            product.under_review = content
            self._reviews.submit(product)

    def _apply_prices_and_stock(self, product: Product, body: ProductBody, content: Content) -> None:
        sent = body.skus or []
        local = self._world.shop(product.shop_key).seller_type == "LOCAL"
        apply_prices(product, sent, content, local=local)
        for sku in apply_stock(product, sent, content):
            self._journal.stock_writes[product.shop_key, _sku_name(sku)] += 1

    def _count_create(self, shop: Shop, product: Product) -> None:
        self._journal.did("creates", product.id)
        for sku in product.content.skus:
            self._journal.creates_per_sku[shop.key, _sku_name(sku)] += 1


def _check_state(product: Product) -> None:
    if product.status in _SHUT:
        raise ApiError(Code.STATUS, f"status {product.status} does not allow this operation")
    if "appeal" in product.locks:
        raise ApiError(Code.APPEAL, "there is an ongoing appeal, revoke it before you edit the product")


def _warning_rows(warnings: list[str]) -> list[dict[str, str]]:
    return [{"message": warning} for warning in warnings]


def _sku_name(sku: SkuContent) -> str:
    return sku.seller_sku or sku.id


def _is_draft(save_mode: str | None) -> bool:
    if save_mode not in {None, "LISTING", "AS_DRAFT"}:
        raise ApiError(Code.INVALID_PARAM, f"invalid param: save_mode {save_mode!r} is not LISTING or AS_DRAFT")
    return save_mode == "AS_DRAFT"

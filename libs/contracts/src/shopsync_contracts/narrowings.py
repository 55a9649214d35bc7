"""Values that v1 refuses although its first published schemas allowed them, each with why nobody can have sent them.

They are the only exceptions to "additions only". `make generated` and a test accept exactly these, word for word; the
test also refuses an entry that is no longer needed. The schemas of each release are in tests/published.
"""

from dataclasses import dataclass

from shopsync_contracts.times import PATTERN


@dataclass(frozen=True, slots=True)
class Narrowing:
    """One change in the words of `breaking_changes`, the members that it is about, and why it harms nobody."""

    what: str
    because: str
    members: str

    def texts(self) -> list[str]:
        """The change of each member in the words of `breaking_changes`."""
        return [f"{member}: {self.what}" for member in self.members.split()]


_STAMPS = (
    "$.data.at $.data.changed_at $.data.completed_at $.data.edited_at "
    "$.data.enumeration.completed_at $.data.enumeration.started_at $.data.failed_at "
    "$.data.former_listing.deleted_at $.data.not_after $.data.observed_at $.data.occurred_at "
    "$.data.product.created_at $.data.product.updated_at $.data.removed_upstream.at "
    "$.data.started_at $.data.upstream_updated_at $.data.will_retry_at $.time"
)
"""Every time in a message."""

NARROWINGS = (
    Narrowing(
        "allOf became [{'anyOf': [{'properties': {'id': {'type': 'string'}}, 'required': ['id']}, "
        "{'properties': {'name': {'type': 'string'}}, 'required': ['name']}]}]",
        because="a value with neither id nor name has always been refused; the schema says it now",
        members="$.data.changes.attributes[].values[] $.data.content.attributes[].values[]",
    ),
    Narrowing(
        "if became {'properties': {'mode': {'const': 'scheduled'}}, 'required': ['mode']}",
        because="a schedule without times has always been refused; the schema says it now",
        members="$.data.sync",
    ),
    Narrowing(
        "maxItems fell to 100",
        because="TikTok's attributes take a handful of values",
        members="$.data.changes.attributes[].values $.data.content.attributes[].values",
    ),
    Narrowing(
        "maxItems fell to 100000",
        because="more product numbers do not fit into a message; null means all products",
        members="$.data.product_nos",
    ),
    Narrowing(
        "maxItems fell to 1440",
        because="a day has 1,440 minutes",
        members="$.data.sync.times",
    ),
    Narrowing(
        "maxItems fell to 200",
        because="TikTok's categories have some dozens of attributes, a product page some dozens of images",
        members="$.data.changes.attributes $.data.content.attributes $.data.content.images $.data.product.images",
    ),
    Narrowing(
        "maxItems fell to 400",
        because="a product has at most 400 SKUs (VA-2)",
        members="$.data.changes.stock $.data.skus",
    ),
    Narrowing(
        "maxLength fell to 100",
        because="a JAN code has 13 digits",
        members="$.data.product.skus[].jan_code $.data.skus[].jan_code",
    ),
    Narrowing(
        "maxLength fell to 10000",
        because="TikTok's limit; the catalogue has always refused more",
        members="$.data.changes.description",
    ),
    Narrowing(
        "maxLength fell to 1000000",
        because="a hundred times what TikTok takes; with more no snapshot could be published",
        members="$.data.content.description $.data.product.description",
    ),
    Narrowing(
        "maxLength fell to 1024",
        because="ids are UUIDs or a few parts joined",
        members=(
            "$.data.confirm_shrink_of $.data.enumeration.id $.data.enumeration_id $.data.import_id "
            "$.data.removed_upstream.enumeration_id $.data.request_id $.data.sweep_id $.data.sync_id "
            "$.data.sync_request_id $.id"
        ),
    ),
    Narrowing(
        "maxLength fell to 128",
        because="TikTok's ids have 19 digits",
        members=(
            "$.data.changes.attributes[].id $.data.changes.attributes[].values[].id $.data.changes.brand_id "
            "$.data.changes.category_id $.data.content.attributes[].id "
            "$.data.content.attributes[].values[].id $.data.content.brand_id $.data.content.category_id "
            "$.data.former_listing.tiktok_product_id $.data.skus[].tiktok_sku_id $.data.tiktok_product_id"
        ),
    ),
    Narrowing(
        "maxLength fell to 2000",
        because="futureshop takes 300 bytes",
        members="$.data.content.name $.data.product.name",
    ),
    Narrowing(
        "maxLength fell to 2048",
        because="a URI of a publisher",
        members="$.source",
    ),
    Narrowing(
        "maxLength fell to 4096",
        because="no browser or image server takes longer addresses",
        members=(
            "$.data.changes.images[] $.data.changes.size_chart_image $.data.content.images[] "
            "$.data.content.size_chart_image $.data.product.images[]"
        ),
    ),
    Narrowing(
        "maxLength fell to 5",
        because="other times than HH:MM have always been refused; the schema says it now",
        members="$.data.sync.times[]",
    ),
    Narrowing(
        "maxLength fell to 500",
        because="TikTok takes 20 and 50 characters",
        members=(
            "$.data.axes.horizontal $.data.axes.vertical $.data.product.axes.horizontal "
            "$.data.product.axes.vertical $.data.product.skus[].horizontal_name "
            "$.data.product.skus[].vertical_name $.data.skus[].horizontal_name $.data.skus[].vertical_name"
        ),
    ),
    Narrowing(
        "maxLength fell to 512",
        because="a traceparent has 55 characters",
        members="$.traceparent",
    ),
    Narrowing(
        "maxLength fell to 64",
        because="a stamp has 20 to 35 characters",
        members=_STAMPS,
    ),
    Narrowing(
        "maxLength fell to 65",
        because="the longest subject: it has always had to name shop and product",
        members="$.subject",
    ),
    Narrowing(
        "maximum fell to 1000000000",
        because="no run takes thirty years",
        members="$.data.duration_seconds",
    ),
    Narrowing(
        "maximum fell to 1999999998",
        because="the largest registered price with 100 % tax",
        members="$.data.content.price $.data.skus[].price",
    ),
    Narrowing(
        "maximum fell to 9007199254740991",
        because="larger integers are not the same in every reader (RFC 8259, section 6)",
        members=(
            "$.data.attempts $.data.changed $.data.content_version $.data.counts.changed "
            "$.data.counts.commanded $.data.counts.deleted $.data.counts.incomplete "
            "$.data.counts.kept_present $.data.counts.kept_sync_enabled $.data.counts.kept_unproven "
            "$.data.counts.not_found $.data.counts.read $.data.counts.refused $.data.counts.removed "
            "$.data.counts.requested $.data.counts.sync_disabled $.data.enumeration.product_count "
            "$.data.expected $.data.left_over $.data.page $.data.pages $.data.pushed_content_version "
            "$.data.read $.data.refused $.data.version"
        ),
    ),
    Narrowing(
        "maximum fell to 9999",
        because="a parcel of a hundred metres",
        members=(
            "$.data.changes.package_dimensions_cm.height $.data.changes.package_dimensions_cm.length "
            "$.data.changes.package_dimensions_cm.width $.data.content.package_dimensions_cm.height "
            "$.data.content.package_dimensions_cm.length $.data.content.package_dimensions_cm.width"
        ),
    ),
    Narrowing(
        "maximum fell to 9999999",
        because="a parcel of ten tonnes",
        members="$.data.changes.package_weight_g $.data.content.package_weight_g",
    ),
    Narrowing(
        "maximum fell to 999999999",
        because="futureshop takes nine digits for prices and stock",
        members=(
            "$.data.changes.price $.data.product.preorder_price $.data.product.regular_price "
            "$.data.product.skus[].preorder_stock $.data.product.skus[].price $.data.product.skus[].stock "
            "$.data.skus[].stock $.data.skus[].stock_sent"
        ),
    ),
    Narrowing(
        "minimum rose to 0",
        because="edits begin at 1, pushes at 0: nothing negative was ever shown",
        members=(
            "$.data.content.package_dimensions_cm.height $.data.content.package_dimensions_cm.length "
            "$.data.content.package_dimensions_cm.width $.data.content.package_weight_g "
            "$.data.pushed_content_version"
        ),
    ),
    Narrowing(
        f"pattern became {PATTERN!r}",
        because="digits and dates were read as other moments than meant; far years cannot be converted",
        members=_STAMPS,
    ),
    Narrowing(
        "pattern became '^(?:[01][0-9]|2[0-3]):[0-5][0-9]$(?!\\\\n)'",
        because="other times than HH:MM have always been refused; the schema says it now",
        members="$.data.sync.times[]",
    ),
    Narrowing(
        "then became {'properties': {'times': {'minItems': 1}}, 'required': ['times']}",
        because="a schedule without times has always been refused; the schema says it now",
        members="$.data.sync",
    ),
    Narrowing(
        "x-maxBytes fell to 32",
        because="more bytes have always been refused; the schema says it now",
        members="$.data.product_no $.data.product_nos[] $.data.shop_key $.data.verdicts[].product_no",
    ),
    Narrowing(
        "x-maxBytes fell to 9",
        because="more bytes have always been refused; the schema says it now",
        members=(
            "$.data.changes.stock[].horizontal_no $.data.changes.stock[].vertical_no "
            "$.data.product.skus[].horizontal_no $.data.product.skus[].vertical_no "
            "$.data.skus[].horizontal_no $.data.skus[].vertical_no"
        ),
    ),
    Narrowing(
        "x-maxCharactersTogether fell to 100000",
        because="with more, an edit does not fit into a snapshot beside the largest product",
        members="$.data.changes.attributes $.data.content.attributes",
    ),
    Narrowing(
        "x-unique became ['id']",
        because="an attribute named twice has always been refused; the schema says it now",
        members="$.data.changes.attributes",
    ),
    Narrowing(
        "x-unique became ['vertical_no', 'horizontal_no']",
        because="a SKU named twice has always been refused; the schema says it now",
        members="$.data.changes.stock $.data.product.skus",
    ),
)

LOOSENINGS = (
    Narrowing(
        "may be null, was string",
        because="others may leave it unset or add parameters; what shopsync writes is application/json as before",
        members="$.datacontenttype",
    ),
    Narrowing(
        "const was 'application/json'",
        because="others may leave it unset or add parameters; what shopsync writes is application/json as before",
        members="$.datacontenttype",
    ),
)
"""Promises to readers that the first schemas made and later ones do not, in the words of `broken_promises`."""

"""All operations of the sandbox, and the search for the one that a request means."""

from collections.abc import Collection
from urllib.parse import unquote

from shopsync_sandbox.tiktok.api import categories, logistics, products, schemas, shops, size_charts, uploads
from shopsync_sandbox.tiktok.api.call import Operation
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code, live_error

_READ, _WRITE = "seller.product.basic", "seller.product.write"
_INFO, _LOGISTICS = "seller.authorization.info", "seller.logistics"
_V = ("202309",)
_EDIT = ("202309", "202509")
_SEARCH = ("202309", "202312", "202502")
_ONE = "product/products/{product_id}"
_CATEGORY = "product/categories/{category_id}"
_HOOKS = "event/webhooks"

OPERATIONS = (
    Operation("authorized_shops", "GET", "authorization/shops", _V, _INFO, shops.authorized_shops, cipher=False),
    Operation("seller_shops", "GET", "seller/shops", _V, _INFO, shops.seller_shops, cipher=False),
    Operation("warehouses", "GET", "logistics/warehouses", _V, _LOGISTICS, logistics.warehouses),
    Operation("seller_permissions", "GET", "seller/permissions", _V, _INFO, shops.seller_permissions, cipher=False),
    Operation(
        "global_warehouses",
        "GET",
        "logistics/global_warehouses",
        _V,
        _LOGISTICS,
        logistics.global_warehouses,
        cipher=False,
    ),
    Operation(
        "delivery_options",
        "GET",
        "logistics/warehouses/{warehouse_id}/delivery_options",
        _V,
        _LOGISTICS,
        logistics.delivery_options,
    ),
    Operation("listing_schemas", "GET", "product/listing_schemas", ("202407",), _READ, schemas.listing_schemas),
    Operation("prerequisites", "GET", "product/prerequisites", ("202309", "202312"), _READ, shops.prerequisites),
    Operation("list_webhooks", "GET", _HOOKS, _V, _INFO, shops.list_webhooks),
    Operation("put_webhook", "PUT", _HOOKS, _V, _INFO, shops.put_webhook),
    Operation("delete_webhook", "DELETE", _HOOKS, _V, _INFO, shops.delete_webhook),
    Operation("categories", "GET", "product/categories", _V, _READ, categories.categories),
    Operation("recommend_category", "POST", "product/categories/recommend", _V, _READ, categories.recommend),
    Operation("category_attributes", "GET", f"{_CATEGORY}/attributes", _V, _READ, categories.attributes),
    Operation("category_rules", "GET", f"{_CATEGORY}/rules", _V, _READ, categories.rules),
    Operation("brands", "GET", "product/brands", _V, _READ, categories.brands),
    Operation("create_brand", "POST", "product/brands", _V, _WRITE, categories.create_brand, cipher=False),
    Operation(
        "upload_image",
        "POST",
        "product/images/upload",
        _V,
        _WRITE,
        uploads.upload_image,
        cipher=False,
        multipart=True,
    ),
    Operation(
        "upload_file",
        "POST",
        "product/files/upload",
        _V,
        _WRITE,
        uploads.upload_file,
        cipher=False,
        multipart=True,
        max_body=uploads.MAX_VIDEO + 65_536,
    ),
    Operation("optimize_images", "POST", "product/images/optimize", ("202404",), _WRITE, uploads.optimize_images),
    Operation(
        "search_size_charts",
        "POST",
        "product/sizecharts/search",
        ("202407",),
        _READ,
        size_charts.search_size_charts,
        cipher=False,
    ),
    Operation("create_product", "POST", "product/products", _V, _WRITE, products.create),
    Operation("listing_check", "POST", "product/products/listing_check", _V, _WRITE, products.listing_check),
    Operation("edit_product", "PUT", _ONE, _EDIT, _WRITE, products.edit),
    Operation("partial_edit_product", "POST", f"{_ONE}/partial_edit", _EDIT, _WRITE, products.partial_edit),
    Operation("get_product", "GET", _ONE, _V, _READ, products.get),
    Operation("search_products", "POST", "product/products/search", _SEARCH, _READ, products.search_products),
    Operation("activate_products", "POST", "product/products/activate", _V, _WRITE, products.activate),
    Operation("deactivate_products", "POST", "product/products/deactivate", _V, _WRITE, products.deactivate),
    Operation("recover_products", "POST", "product/products/recover", _V, _WRITE, products.recover),
    Operation("delete_products", "DELETE", "product/products", _V, _WRITE, products.delete),
    Operation("update_inventory", "POST", f"{_ONE}/inventory/update", _V, _WRITE, products.update_inventory),
    Operation("update_prices", "POST", f"{_ONE}/prices/update", _V, _WRITE, products.update_prices),
    Operation("search_inventory", "POST", "product/inventory/search", _V, _READ, products.search_inventory),
)


def find_operation(
    method: str, path: str, wrong_version: Code = Code.WRONG_VERSION, withdrawn: Collection[str] = ()
) -> tuple[Operation, dict[str, str], str]:
    """The operation, its path parameters and its version. Raises ApiError: unknown path, wrong method or version.

    A `withdrawn` operation counts as an unknown path. `path` is undecoded, so that an encoded slash stays inside its
    segment.
    """
    segments = path.split("/")[1:]
    if "%" in path:
        segments = [unquote(segment) for segment in segments]
    if len(segments) < 3 or not path.startswith("/") or not segments[1].isdigit():
        raise _unknown_path()
    version = segments.pop(1)
    best = _best(segments)
    if not best:
        raise _unknown_path()
    operation = next((operation for operation in best if operation.method == method), None)
    if operation is None:
        raise live_error(Code.WRONG_METHOD)
    if operation.name in withdrawn:
        raise _unknown_path()
    if version not in operation.versions:
        raise ApiError(wrong_version, f"API version invalid: {version}")
    parameters = {
        part[1:-1]: segment for part, segment in zip(operation.parts, segments, strict=True) if part.startswith("{")
    }
    return operation, parameters, version


def _unknown_path() -> ApiError:
    return live_error(Code.UNKNOWN_PATH)


def _by_path() -> dict[tuple[str, ...], tuple[Operation, ...]]:
    """Operations by their path, in which an empty string stands for every parameter."""
    table: dict[tuple[str, ...], tuple[Operation, ...]] = {}
    for operation in OPERATIONS:
        key = tuple("" if part.startswith("{") else part for part in operation.parts)
        table[key] = (*table.get(key, ()), operation)
    return table


_TABLE = _by_path()
#: which places of a path can be parameters, by its length; fewest parameters first
_PLACES = {
    length: sorted({tuple(i for i, part in enumerate(k) if not part) for k in _TABLE if len(k) == length}, key=len)
    for length in {len(key) for key in _TABLE}
}


def _best(segments: list[str]) -> tuple[Operation, ...]:
    """The operations whose path matches with the fewest parameters; empty when none matches."""
    for places in _PLACES.get(len(segments), ()):
        key = tuple("" if i in places else segment for i, segment in enumerate(segments))
        if key in _TABLE and all(segments[i] for i in places):
            return _TABLE[key]
    return ()

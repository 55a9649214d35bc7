"""Every operation the sandbox answers, and finding the one a request means."""

from shopsync_sandbox.tiktok.api import catalogue, products, shops
from shopsync_sandbox.tiktok.api.call import Operation
from shopsync_sandbox.tiktok.codes import ApiError, Code

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
    Operation("warehouses", "GET", "logistics/warehouses", _V, _LOGISTICS, shops.warehouses),
    Operation("prerequisites", "GET", "product/prerequisites", ("202312",), _READ, shops.prerequisites),
    Operation("list_webhooks", "GET", _HOOKS, _V, _INFO, shops.list_webhooks),
    Operation("put_webhook", "PUT", _HOOKS, _V, _INFO, shops.put_webhook),
    Operation("delete_webhook", "DELETE", _HOOKS, _V, _INFO, shops.delete_webhook),
    Operation("categories", "GET", "product/categories", _V, _READ, catalogue.categories),
    Operation("recommend_category", "POST", "product/categories/recommend", _V, _READ, catalogue.recommend),
    Operation("category_attributes", "GET", f"{_CATEGORY}/attributes", _V, _READ, catalogue.attributes),
    Operation("category_rules", "GET", f"{_CATEGORY}/rules", _V, _READ, catalogue.rules),
    Operation("brands", "GET", "product/brands", _V, _READ, catalogue.brands),
    Operation("create_brand", "POST", "product/brands", _V, _WRITE, catalogue.create_brand, cipher=False),
    Operation(
        "upload_image",
        "POST",
        "product/images/upload",
        _V,
        _WRITE,
        products.upload_image,
        cipher=False,
        multipart=True,
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


def find_operation(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """The operation and its path parameters. Raises ApiError: unknown path, wrong method, wrong version."""
    segments = path.strip("/").split("/")
    matches = [] if len(segments) < 3 or not path.startswith("/") else _matches([segments[0], *segments[2:]])
    if not matches or not segments[1].isdigit():
        raise ApiError(Code.UNKNOWN_PATH, "Invalid path, please check the path")
    literals = max(operation.literals for operation, _ in matches)
    best = [match for match in matches if match[0].literals == literals]
    allowed = [match for match in best if match[0].method == method]
    if not allowed:
        raise ApiError(Code.WRONG_METHOD, f"method {method} is not allowed for this path")
    operation, parameters = allowed[0]
    if segments[1] not in operation.versions:
        raise ApiError(Code.WRONG_VERSION, f"API version invalid: {segments[1]}")
    return operation, parameters


def _matches(segments: list[str]) -> list[tuple[Operation, dict[str, str]]]:
    found = [(operation, operation.match(segments)) for operation in OPERATIONS]
    return [(operation, parameters) for operation, parameters in found if parameters is not None]

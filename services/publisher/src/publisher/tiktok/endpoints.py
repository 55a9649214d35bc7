"""Every call the publisher may make at TikTok Shop. What is not in this table is not sent (NV-1, NV-3)."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Method = Literal["GET", "POST", "PUT"]
_ID = r"[0-9A-Za-z_-]{1,64}"


class NotAllowed(RuntimeError):
    """A call that is not in the table: a bug of the publisher."""


@dataclass(frozen=True)
class Endpoint:
    """One call. `cipher`: it takes the shop's cipher, others must not. `write`: unanswered, it may have been done."""

    name: str
    method: Method
    template: str
    cipher: bool = True
    write: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the paths of the template."""
        return re.compile(_ID.join(re.escape(part) for part in self.template.split("{id}")))


ENDPOINTS = (
    Endpoint("authorized_shops", "GET", "/authorization/202309/shops", cipher=False),
    Endpoint("warehouses", "GET", "/logistics/202309/warehouses"),
    Endpoint("categories", "GET", "/product/202309/categories"),
    Endpoint("category_attributes", "GET", "/product/202309/categories/{id}/attributes"),
    Endpoint("category_rules", "GET", "/product/202309/categories/{id}/rules"),
    Endpoint("brands", "GET", "/product/202309/brands"),
    # The same bytes get the same uri, so an upload may be repeated and does not count as a write.
    Endpoint("upload_image", "POST", "/product/202309/images/upload", cipher=False),
    Endpoint("create_product", "POST", "/product/202309/products", write=True),
    Endpoint("edit_product", "PUT", "/product/202509/products/{id}", write=True),
    Endpoint("get_product", "GET", "/product/202309/products/{id}"),
    Endpoint("search_products", "POST", "/product/202502/products/search"),
    Endpoint("activate_products", "POST", "/product/202309/products/activate", write=True),
    Endpoint("list_webhooks", "GET", "/event/202309/webhooks"),
    Endpoint("put_webhook", "PUT", "/event/202309/webhooks"),
)


def endpoint_of(method: str, path: str) -> Endpoint:
    """The endpoint of a request. Raises NotAllowed when there is none."""
    for endpoint in ENDPOINTS:
        if endpoint.method == method and endpoint.pattern.fullmatch(path):
            return endpoint
    raise NotAllowed(f"{method} {path} is not a call of the publisher: only those of endpoints.py may be made (NV-1)")

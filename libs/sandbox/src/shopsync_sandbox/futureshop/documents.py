"""Products and stock in the API's form. `origin` is the server's own address, which is put before image paths."""

from collections.abc import Iterable
from datetime import datetime

from shopsync_sandbox.shop import JST, Product, Sku

Document = dict[str, object]
_IMAGE_SOURCE = 'src="/images/'


def stamp(moment: datetime | None) -> str | None:
    """yyyy-mm-ddThh:mm:ss in Asia/Tokyo, without an offset, as futureshop writes times."""
    return None if moment is None else moment.astimezone(JST).strftime("%Y-%m-%dT%H:%M:%S")


def product_document(product: Product, types: frozenset[str], origin: str) -> Document:
    """One entry of productsSearch: the basic data, and the parts that `types` asks for."""
    document = _common(product) | {
        "listPrice": product.list_price,
        "bodyPrice": product.body_price,
        "memberPrice": product.member_price,
        "memberStagePrices": [{"stage": each.stage, "price": each.price} for each in product.stage_prices],
        "taxRateCode": "REDUCED" if product.reduced_tax else "STANDARD",
        "dateUpdated": stamp(product.updated_at),
        "salesPeriod": _sales_period(product),
    }
    if "comment" in types:
        document["comment"] = {"main": product.description.replace(_IMAGE_SOURCE, f'src="{origin}/images/')}
    if "image" in types:
        document["image"] = {"list": [{"url": _absolute(image, origin)} for image in product.images]}
    if "preorder" in types:
        document["preorder"] = _preorder(product)
    if "variation" in types:
        document["variation"] = _variation(product)
    if "optionPrice" in types:
        document["optionPriceList"] = [
            {"verticalNo": sku.vertical_no, "horizontalNo": sku.horizontal_no, "unitPrice": sku.price}
            for sku in product.skus
            if sku.price is not None
        ]
    return document


def inventory_document(product: Product, types: frozenset[str]) -> Document:
    """One entry of inventorySearch. A product that does not manage stock shows 0 everywhere."""
    info: Document = {}
    if "regular" in types:
        info["regular"] = {"inventoryList": _stock(product, ((sku, sku.stock) for sku in product.skus))}
    if "preorder" in types:
        offered = product.skus if product.preorder else ()
        info["preorder"] = {"inventoryList": _stock(product, ((sku, sku.preorder_stock) for sku in offered))}
    if "planned" in types:
        info["plannedList"] = []
    return _common(product) | {"plannedStockEnabled": False, "inventoryInfo": info}


def _common(product: Product) -> Document:
    return {
        "id": product.id,
        "url": f"g{product.id}",
        "productNo": product.product_no,
        "name": product.name,
        "visible": product.visible,
        "type": "REGULAR",
        "dateCreated": stamp(product.created_at),
        "unitPrice": product.unit_price,
        "taxEnabled": product.tax_included,
        "taxRate": product.tax_rate,
        "inventoryEnabled": product.stock_managed,
        "variationEnabled": product.has_variations,
        "preorderEnabled": product.preorder is not None,
        "coolDeliveryEnabled": False,
        "mailDeliveryEnabled": False,
    }


def _absolute(image: str, origin: str) -> str:
    return origin + image if image.startswith("/") else image


def _sales_period(product: Product) -> Document | None:
    if product.sales_start is None and product.sales_end is None:
        return None
    return {"start": stamp(product.sales_start), "end": stamp(product.sales_end)}


def _preorder(product: Product) -> Document:
    sale = product.preorder
    return {
        "enabled": sale is not None,
        "price": sale.price if sale else None,
        "periodStart": stamp(sale.period_start) if sale else None,
        "periodEnd": stamp(sale.period_end) if sale else None,
    }


def _variation(product: Product) -> Document:
    return {
        "verticalName": product.vertical_axis,
        "horizontalName": product.horizontal_axis,
        "skuList": [
            _sku(product, sku) | {"verticalName": sku.vertical_name, "horizontalName": sku.horizontal_name}
            for sku in product.skus
        ],
    }


def _stock(product: Product, counts: Iterable[tuple[Sku, int]]) -> list[Document]:
    return [_sku(product, sku) | {"count": count if product.stock_managed else 0} for sku, count in counts]


def _sku(product: Product, sku: Sku) -> Document:
    return {
        "skuNo": "-".join(part for part in (product.product_no, *sku.key) if part),
        "verticalNo": sku.vertical_no,
        "horizontalNo": sku.horizontal_no,
        "janCode": sku.jan_code,
    }

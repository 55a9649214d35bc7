from shopsync_sandbox.shop.generate import GeneratedShop, generate
from shopsync_sandbox.shop.model import JST, Preorder, Product, Sku, StagePrice, in_japan
from shopsync_sandbox.shop.overlay import Filter, Shop, UnknownProduct

__all__ = [
    "JST",
    "Filter",
    "GeneratedShop",
    "Preorder",
    "Product",
    "Shop",
    "Sku",
    "StagePrice",
    "UnknownProduct",
    "generate",
    "in_japan",
]

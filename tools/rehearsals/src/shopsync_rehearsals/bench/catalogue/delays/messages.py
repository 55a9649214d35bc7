"""Messages whose way is measured: changes by futureshop, edits by the merchant."""

from datetime import datetime, timedelta

from shopsync_contracts import new_event
from shopsync_contracts.events import EditChanges, ProductEdited
from shopsync_contracts.times import JST
from shopsync_rehearsals.bench.catalogue.delays.trips import Trip
from shopsync_rehearsals.bench.catalogue.messages import SHOP, change

_TOOL = "/bench/tool"
# After every 更新日, long past on every machine's clock.
_EDITED = datetime(2025, 6, 2, 9, 0, tzinfo=JST)


def changed(product_no: str, version: int, seed: int, *, shop: str = SHOP, kind: str = "") -> Trip:
    """A newer version of a product. Its name says which."""
    event = change(product_no, version, seed, shop=shop)
    return Trip(event.key(), event.to_bytes(), _mark(event.data.product.name), kind)


def edited(product_no: str, number: int, *, shop: str, kind: str = "") -> Trip:
    """An edit of the merchant, who gives the product a name with this number."""
    name, moment = f"編集 {number}", _EDITED + timedelta(seconds=number)
    body = ProductEdited(shop_key=shop, product_no=product_no, edited_at=moment, changes=EditChanges(name=name))
    event = new_event(body, source=_TOOL, id=f"edit-{number}", time=moment)
    return Trip(event.key(), event.to_bytes(), _mark(name), kind)


def _mark(name: str) -> bytes:
    # With its quotes: a number may begin with another one.
    return f'"{name}"'.encode()

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from shopsync_contracts.derived import derived_id

_id = partial(derived_id, UUID("2b7d3f0e-8a4c-5f6b-a3d1-7c1e9b0f4d22"))


def sweep_id_of(source: str, event_id: str) -> str:
    """The sweep that a request asks for. Event ids are unique per source, so both make the name."""
    return _id("sweep", source, event_id)


def nightly_id(slot: datetime, shop_key: str) -> str:
    """Id of the sweep request of one night and shop: however often it is sent, it is one sweep.

    The request's time is the slot, so that the id tells a request of the clock from everyone else's.
    """
    return _id("nightly", slot.astimezone(UTC).isoformat(), shop_key)


def enumerate_id(sweep_id: str, attempt: int) -> str:
    """Id of the import command that asks for the sweep's enumeration; the report names it as request_id.

    Each attempt (from 1) asks again, and the answer to a former one is none.
    """
    return _id("enumerate", sweep_id, attempt)


def share_of(shop_key: str) -> float:
    """The shop's own place between 0 and 1, always the same: spreads the shops of a night evenly."""
    return UUID(_id("share", shop_key)).int / 2**128


def delete_id(sweep_id: str, product_no: str) -> str:
    """Id of the sweep's delete command for the product."""
    return _id("delete", sweep_id, product_no)


def report_id(sweep_id: str, page: int) -> str:
    """Id of one page of the sweep's report."""
    return _id("report", sweep_id, page)

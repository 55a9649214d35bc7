from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from shopsync_contracts.derived import derived_id

_id = partial(derived_id, UUID("2b7d3f0e-8a4c-5f6b-a3d1-7c1e9b0f4d22"))


def sweep_id_of(source: str, event_id: str) -> str:
    """Id of the sweep that is requested. Event ids are only unique per source, so both are part of it."""
    return _id("sweep", source, event_id)


def nightly_id(slot: datetime, shop_key: str) -> str:
    """Id of the sweep request of one night and shop. However often it is sent, it is one sweep.

    The time of the request is the slot, so that nightly requests can be told from others by their id.
    """
    return _id("nightly", slot.astimezone(UTC).isoformat(), shop_key)


def enumerate_id(sweep_id: str, attempt: int) -> str:
    """Id of the import command for the sweep's enumeration. The report has it as request_id.

    Each attempt (from 1) has its own, so that the answer to an earlier attempt does not count.
    """
    return _id("enumerate", sweep_id, attempt)


def share_of(shop_key: str) -> float:
    """A number between 0 and 1, always the same for a shop, which distributes the shops of a night evenly."""
    return UUID(_id("share", shop_key)).int / 2**128


def delete_id(sweep_id: str, product_no: str) -> str:
    """Id of the sweep's delete command for the product."""
    return _id("delete", sweep_id, product_no)


def report_id(sweep_id: str, page: int) -> str:
    """Id of one page of the sweep's report."""
    return _id("report", sweep_id, page)

"""A report as rows of a table. Pure."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from shopsync_contracts import ShopBody

_LISTS = frozenset({"verdicts", "refused", "page", "pages"})


def report_rows(report: ShopBody) -> Iterator[tuple[str, Any]]:
    """Name and value of each member, counts one by one; lists are left to `verdict_rows`."""
    yield from _rows(report, "")


def _rows(model: BaseModel, prefix: str) -> Iterator[tuple[str, Any]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if name in _LISTS or value is None:
            continue
        label = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, BaseModel):
            yield from _rows(value, "" if name == "counts" else f"{label} ")
        else:
            yield label, value


def verdict_rows(report: ShopBody) -> Iterator[tuple[str, str]]:
    """Product number and what became of it: verdicts of a sweep, products that an import refused."""
    for verdict in getattr(report, "verdicts", ()):
        yield verdict.product_no, " ".join(filter(None, (verdict.verdict, getattr(verdict, "reason", ""))))
    for refused in getattr(report, "refused", ()):
        yield refused.product_no, f"refused: {refused.reason}"

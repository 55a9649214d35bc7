"""Whether the catalogue has taken the result of a push: until then a product's 状態 is the one before it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

READ: Final = (
    "listing.result_ids",
    "listing.pushed_content_version",
    "listing.outcome.content_version",
    "first_content_version",
    "born_after",
)
"""The members of a document of `products` that are needed."""


@dataclass(frozen=True, slots=True)
class PushResult:
    """A result, as far as it matters here. `content_version` None: of a push that was left out."""

    event_id: str
    at: datetime
    kind: Literal["succeeded", "failed", "skipped"]
    content_version: int | None = None


def is_taken(result: PushResult, document: Mapping[str, Any] | None) -> bool:
    """Whether it is in the product as it is stored, or never will be: of older content, or of an earlier product."""
    if document is None:
        return True
    listing = document.get("listing") or {}
    if result.event_id in (listing.get("result_ids") or ()):
        return True
    born_after = document.get("born_after")
    if born_after is not None and result.at < born_after:
        return True
    version = result.content_version
    if version is None:
        return False
    pushed = listing.get("pushed_content_version") or 0
    judged = (listing.get("outcome") or {}).get("content_version") or 0
    newest = pushed if result.kind == "succeeded" else max(pushed, judged)
    return version < max(newest, document.get("first_content_version") or 0)

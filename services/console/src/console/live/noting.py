"""Which messages are noted for 履歴: syncs, and refused events of merchants. Pure."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from console.model import Refusal, SyncNote
from shopsync_contracts import ShopBody
from shopsync_contracts.envelope import TYPE_PREFIX
from shopsync_contracts.events import SyncCompleted
from shopsync_contracts.topics import IMPORT_COMMANDS, SHOP_SETTINGS, SYNC_COMMANDS, TOOL_EDITS
from shopsync_runtime import deadletters as names

_OF_MERCHANTS: Final = (TOOL_EDITS, SHOP_SETTINGS, IMPORT_COMMANDS, SYNC_COMMANDS)
"""What merchants send. Dead letters of other topics are for operators."""


def sync_note(body: ShopBody) -> SyncNote | None:
    """Of a report about a sync."""
    if not isinstance(body, SyncCompleted):
        return None
    return SyncNote(
        id=body.sync_id,
        request_id=body.request_id,
        reason=body.reason,
        at=body.completed_at,
        counts=body.counts.model_dump(),
        refused_because=body.refused_because,
    )


def refusal(
    value: bytes | None, headers: Mapping[str, str], came_at: datetime, prefix: str
) -> tuple[str, Refusal] | None:
    """The shop and what was refused, of a dead letter; None for one that is not about a merchant's event."""
    if headers.get(names.X_TOPIC) not in {spec.full_name(prefix) for spec in _OF_MERCHANTS}:
        return None
    try:
        document: Any = json.loads(value or b"")
    except (ValueError, RecursionError):
        return None
    members = document if isinstance(document, dict) else {}
    id_, subject, kind = (str(members.get(name) or "") for name in ("id", "subject", "type"))
    shop_key, _, product_no = subject.partition("/")
    if not id_ or not shop_key:
        return None
    return shop_key, Refusal(
        id=id_,
        kind=kind.removeprefix(TYPE_PREFIX).rpartition(".")[0],
        product_no=product_no or None,
        at=_moment(headers.get(names.X_FAILED_AT, "")) or came_at,
        reason=headers.get(names.X_ERROR, ""),
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

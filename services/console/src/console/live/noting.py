"""Which messages are noted for 履歴: syncs, and refused events of merchants. Pure."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from console.model import Refusal, SyncNote
from shopsync_contracts import ShopBody
from shopsync_contracts.envelope import TYPE_PREFIX
from shopsync_contracts.events import SyncCompleted
from shopsync_contracts.limits import KEPT_NAME, MAX_ID, MAX_SUBJECT
from shopsync_contracts.topics import IMPORT_COMMANDS, SHOP_SETTINGS, SYNC_COMMANDS, TOOL_EDITS
from shopsync_runtime import deadletters as names

_OF_MERCHANTS: Final = (TOOL_EDITS, SHOP_SETTINGS, IMPORT_COMMANDS, SYNC_COMMANDS)
"""What merchants send. Dead letters of other topics are for operators."""
_LONGEST: Final = {"id": MAX_ID, "subject": MAX_SUBJECT, "type": KEPT_NAME}


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
    shop_key: str, value: bytes | None, headers: Mapping[str, str], came_at: datetime, prefix: str
) -> Refusal | None:
    """What was refused, of a dead letter of this shop; None for one that is not about a merchant's event.

    Anything may stand in a refused message, so its texts are cut and cleaned before they are stored.
    """
    if headers.get(names.X_TOPIC) not in {spec.full_name(prefix) for spec in _OF_MERCHANTS}:
        return None
    try:
        document: Any = json.loads(value or b"")
    except (ValueError, RecursionError):
        return None
    members = document if isinstance(document, dict) else {}
    id_, subject, kind = (_text(members.get(name), longest) for name, longest in _LONGEST.items())
    subject_shop, _, product_no = subject.partition("/")
    if not id_ or not shop_key or subject_shop != shop_key:
        return None
    return Refusal(
        id=id_,
        kind=kind.removeprefix(TYPE_PREFIX).rpartition(".")[0],
        product_no=product_no or None,
        at=_moment(headers.get(names.X_FAILED_AT, "")) or came_at,
        reason=headers.get(names.X_ERROR, ""),
    )


def _text(value: object, longest: int) -> str:
    """Halves of characters, which JSON can hold, become question marks: MongoDB takes none."""
    return str(value or "")[:longest].encode(errors="replace").decode()


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

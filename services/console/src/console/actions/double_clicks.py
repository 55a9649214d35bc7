"""Whether a press on a switch of 連携対象 is the second click of a double click. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from console.model import OPEN_STATES, Action

DOUBLE_CLICK: Final = timedelta(milliseconds=600)
"""Pages with scripts take no other press for longer than that after an answer: whoever presses again then means it."""

_NOT_IN_VAIN: Final = frozenset({*OPEN_STATES, "done"})


def mode_of(sync_enabled: bool) -> str:
    """As an action of the kind `switch` has it."""
    return "on" if sync_enabled else "off"


def first_click(
    latest: Sequence[Action], product_no: str, sync_enabled: bool, *, action_id: str, now: datetime
) -> Action | None:
    """The press of a moment ago to which this one, from the page after it, is the opposite. None: this one is meant.

    `latest`: the shop's actions, newest first. A press that was refused, or of which nobody knows whether it was sent,
    is no first click: whoever presses after it wants something else. The same form once more is no double click either.
    """
    presses = (one for one in latest if one.kind == "switch" and one.is_about(product_no))
    newest = next(presses, None)
    if newest is None or newest.id == action_id or newest.state not in _NOT_IN_VAIN:
        return None
    is_opposite = newest.mode == mode_of(not sync_enabled)
    return newest if is_opposite and now - newest.sent_at < DOUBLE_CLICK else None

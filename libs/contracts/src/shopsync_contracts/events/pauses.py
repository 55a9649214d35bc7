"""An operator's command to the publisher about a whole shop."""

from typing import Annotated, ClassVar

from pydantic import Field

from shopsync_contracts.envelope import ShopBody
from shopsync_contracts.limits import MAX_PAUSE_REASON


class PushPauseSet(ShopBody):
    """Pause or resume the pushes of a shop. The last such message on the topic holds.

    Pushes in flight are finished. During a pause, commands are stored, and imports, edits and reviews go on. `reason`
    is shown to operators and merchants.
    """

    TYPE: ClassVar[str] = "push_pause.set"

    paused: bool
    reason: Annotated[str, Field(max_length=MAX_PAUSE_REASON)] = ""

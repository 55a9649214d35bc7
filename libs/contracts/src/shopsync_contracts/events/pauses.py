"""What an operator says to the publisher about a whole shop."""

from typing import Annotated, ClassVar

from pydantic import Field

from shopsync_contracts.envelope import ShopBody
from shopsync_contracts.limits import MAX_PAUSE_REASON


class PushPauseSet(ShopBody):
    """The shop's pushes wait from now on, or go on. Of several the one that Kafka has last stands.

    Pushes under way are finished. Commands are taken in meanwhile; imports, edits and reviews go on. `reason` is shown
    to operators and merchants.
    """

    TYPE: ClassVar[str] = "push_pause.set"

    paused: bool
    reason: Annotated[str, Field(max_length=MAX_PAUSE_REASON)] = ""

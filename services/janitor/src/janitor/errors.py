"""What the janitor cannot do anything with. Trying again does not help.

- PermanentError
  - NotASweepRequest   another type of message on the topic of sweep commands: a dead letter
  - NoProof            a step that needs the enumeration's proof, of a sweep that has none: a bug of ours
"""

from shopsync_runtime import PermanentError


class NotASweepRequest(PermanentError):
    """The message asks for no sweep."""


class NoProof(PermanentError):
    """Without a proof nothing may be deleted (DL-9, DL-10)."""

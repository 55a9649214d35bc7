"""Errors of the janitor for which a retry does not help.

- PermanentError
  - NotASweepRequest   another type of message on the topic of sweep commands: a dead letter
  - NoProof            a step needs the proof of an enumeration that the sweep does not have: a bug of ours
"""

from shopsync_runtime import PermanentError


class NotASweepRequest(PermanentError):
    """The message does not request a sweep."""


class NoProof(PermanentError):
    """Without a proof nothing may be deleted (DL-9, DL-10)."""

"""Ids of events and idempotency keys, derived so that a repeat has the same one."""

from functools import partial
from uuid import UUID

from shopsync_contracts import derived

derived_id = partial(derived.derived_id, UUID("6c1f3f5e-6f0a-5e0e-9d5b-0b7f7b2f4c11"), separator="\n")

"""Event and idempotency ids that a repeat carries again. Pure."""

import uuid

_NAMESPACE = uuid.UUID("6c1f3f5e-6f0a-5e0e-9d5b-0b7f7b2f4c11")


def derived_id(*parts: str | int) -> str:
    """A uuid made of its cause: the same parts give the same id."""
    return str(uuid.uuid5(_NAMESPACE, "\n".join(str(part) for part in parts)))

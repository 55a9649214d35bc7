"""Why a message can never be accepted.

- ContractError
  - EmptyValue        no value where a document is expected
  - NotJson           not UTF-8, not JSON, a repeated key, NaN, or nested too deeply
  - NotCloudEvent     JSON, but not a CloudEvents 1.0 envelope
  - TooLarge          the value is larger than its topic takes, uncompressed
  - UnknownType       an event type (or version) this release does not know
  - UnexpectedType    a known type on a topic that does not carry it
  - WrongShape        a member is missing or beyond its limits; the text names each
  - KeyMismatch       key, subject and body name different things
"""


class ContractError(ValueError):
    """The message breaks the wire format. No retry can help: it becomes a dead letter with this text as its reason."""


class EmptyValue(ContractError):
    """The value is null or empty on a topic where null is not a tombstone."""


class NotJson(ContractError):
    """The value is not a JSON document in UTF-8 (RFC 8259), or is one that readers understand differently."""


class NotCloudEvent(ContractError):
    """The envelope lacks a required attribute or has another specversion."""


class TooLarge(ContractError):
    """The value has more bytes than its topic takes. The broker let it pass because its producer compressed it."""


class UnknownType(ContractError):
    """The `type` is not one of ours, or has a major version that this release does not know."""


class UnexpectedType(ContractError):
    """The `type` is known, but does not belong on this topic."""


class WrongShape(ContractError):
    """`data` does not fit its type. The text names every invalid member and what is wrong with its value."""


class KeyMismatch(ContractError):
    """Kafka key, `subject` and body name different shops or products."""

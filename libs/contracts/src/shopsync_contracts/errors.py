"""Why a message can never be accepted.

- ContractError
  - EmptyValue        no value where a document is due
  - NotJson           not UTF-8, not JSON, a repeated key, NaN, or nested too deeply
  - NotCloudEvent     JSON, but no CloudEvents 1.0 envelope
  - TooLarge          the value is larger than its topic takes, uncompressed
  - UnknownType       an event type (or version) this release does not know
  - UnexpectedType    a known type on a topic that does not carry it
  - WrongShape        a member is missing or out of its limits; the text names each
  - KeyMismatch       key, subject and body name different things
"""


class ContractError(ValueError):
    """The message breaks the wire format: no retry can help, it is a dead letter with this text as its reason."""


class EmptyValue(ContractError):
    """The value is null or empty on a topic where null is no tombstone."""


class NotJson(ContractError):
    """The value is no JSON document in UTF-8 (RFC 8259), or one that readers would understand differently."""


class NotCloudEvent(ContractError):
    """The envelope lacks a required attribute or says another specversion."""


class TooLarge(ContractError):
    """The value has more bytes than its topic takes; compressed by its producer it passed the broker."""


class UnknownType(ContractError):
    """The `type` is not one of ours, or of a major version that this release does not know."""


class UnexpectedType(ContractError):
    """The `type` is known but does not belong on the topic it came by."""


class WrongShape(ContractError):
    """`data` does not fit its type. The text names every member at fault with its value's problem."""


class KeyMismatch(ContractError):
    """Kafka key, `subject` and body disagree on whom the message is about."""

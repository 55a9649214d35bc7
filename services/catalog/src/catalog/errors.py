"""Why the catalog refuses a message.

- CatalogRefusal (PermanentError: a dead letter with this text)
  - StampFromFuture    a timestamp is further ahead of the broker's clock than clocks may differ
  - NotKnownYet        its product or SKU may still come on another topic: it is held, then refused
    - UnknownProduct   no such product has ever been imported, or it was deleted
    - UnknownSku       the product has no such SKU
    - OutOfLimits      it would make the product larger than Kafka or MongoDB allows
    - FormerLife       made for an earlier product of the same number, which was deleted
"""

from shopsync_runtime import PermanentError


class CatalogRefusal(PermanentError):
    """The message breaks a rule of the catalog. Retrying does not help."""


class StampFromFuture(CatalogRefusal):
    """A timestamp is too far in the future. Accepted, one wrong clock would win over every later message."""


class NotKnownYet(CatalogRefusal):
    """Topics have no order among each other, so this is only final once all earlier product changes are applied."""


class UnknownProduct(NotKnownYet):
    """The product is not in the catalog."""


class UnknownSku(NotKnownYet):
    """The product has never had this SKU."""


class OutOfLimits(NotKnownYet):
    """The snapshot or document of the product would be too large. The message is held until its dead letter is out."""


class FormerLife(NotKnownYet):
    """It was meant for a product that was deleted. The one registered again starts without old edits (DL-13).

    This is certain at once, but the message is held like the others, so that no crash before its dead letter can lose
    it.
    """

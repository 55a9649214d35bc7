"""Why the catalogue does not take a message.

- CatalogRefusal (PermanentError: a dead letter with this text)
  - StampFromFuture    a stamp is further ahead of the broker's than clocks may differ
  - NotKnownYet        what the message is about may still come on another topic: it waits, then is refused
    - UnknownProduct   no such product has ever been imported, or it was deleted
    - UnknownSku       the product has no such SKU
    - OutOfLimits      it would make the product larger than Kafka or MongoDB takes
    - FormerLife       made for a product of that number which was deleted since
"""

from shopsync_runtime import PermanentError


class CatalogRefusal(PermanentError):
    """The message breaks a rule of the catalogue; no repetition helps."""


class StampFromFuture(CatalogRefusal):
    """Accepting it would let one wrong clock win over every later message."""


class NotKnownYet(CatalogRefusal):
    """Topics are not ordered among each other: final only once all earlier product changes have been applied."""


class UnknownProduct(NotKnownYet):
    """The product is not in the catalogue."""


class UnknownSku(NotKnownYet):
    """The product has never had this SKU."""


class OutOfLimits(NotKnownYet):
    """The product would be larger than its snapshot or its document may be. It waits for its dead letter on disk."""


class FormerLife(NotKnownYet):
    """It was meant for a product that is gone; the one registered again starts without old edits (DL-13).

    Certain at once, but it waits like the others: being on disk, no crash before its dead letter can lose it.
    """

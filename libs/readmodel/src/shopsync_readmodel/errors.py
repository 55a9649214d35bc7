"""Why a question has no answer. The text is one line.

- ReadError
  - NotFound
    - NoShop           neither settings nor products
    - NoProduct        neither in the catalogue nor deleted nor waited for
    - NoRun            no import or sweep, or more than one, with such an id
    - NothingHeldBack  no removals of the shop wait for a confirmation
  - BrokenDocument     a stored document breaks the contract
  - WrongCursor        a page was asked for after something that is no cursor
"""


class ReadError(Exception):
    """What was asked for cannot be answered."""


class NotFound(ReadError):
    """There is no such thing."""


class NoShop(NotFound):
    """`known`: the first shops with settings."""

    def __init__(self, shop_key: str, known: str, *, asked_for: str | None = None) -> None:
        self.shop_key = shop_key
        text = f"no shop {shop_key!r} in MongoDB; shops with settings: {known}"
        super().__init__(text if asked_for is None else f"{asked_for}: {text}")


class NoProduct(NotFound):
    """`nearest`: numbers of the shop that look like it; `shop_is_empty`: the shop has no products at all."""

    def __init__(self, product: str, *, nearest: tuple[str, ...] = (), shop_is_empty: bool = False) -> None:
        self.nearest = nearest
        self.shop_is_empty = shop_is_empty
        if shop_is_empty:
            text = f"product {product}: the shop has no products yet; import it first"
        else:
            near = f"nearest: {', '.join(nearest)}" if nearest else "nothing is near"
            text = f"product {product} is not in the tool; {near}"
        super().__init__(text)


class NoRun(NotFound):
    """`collection`: `imports` or `sweeps`; `shop_key` when runs of one shop were asked for."""

    def __init__(self, text: str, collection: str, shop_key: str | None = None) -> None:
        self.collection = collection
        self.shop_key = shop_key
        super().__init__(text)


class NothingHeldBack(NotFound):
    """The newest listing of the shop held no removals back."""


class BrokenDocument(ReadError):
    """A stored document breaks the contract."""


class WrongCursor(ReadError):
    """A cursor is SHOP/NO, or what else the page before returned."""

    def __init__(self, cursor: str) -> None:
        self.cursor = cursor
        super().__init__(f"{cursor!r} is no cursor: SHOP/NO is expected, as the page before shows it")

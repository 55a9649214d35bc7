"""One worked example of each message, as it is on the wire."""

from importlib.resources import files

from shopsync_contracts.envelope import ShopBody


def example(body: type[ShopBody]) -> str:
    """The example of this type, an indented JSON document."""
    return files(__package__).joinpath(f"{body.TYPE}.{body.VERSION}.json").read_text(encoding="utf-8")

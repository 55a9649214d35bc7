"""The worked example of each event type, from the contracts."""

import difflib
from importlib import resources

from shopsync_cli.errors import CommandFailed, WrongCall
from shopsync_contracts.envelope import TYPE_PREFIX, ShopBody
from shopsync_contracts.events import BODIES


def body_of(name: str) -> type[ShopBody]:
    """The body of `product.changed` or `jp.shopsync.product.changed.v1`. Raises WrongCall with the nearest names."""
    for body in BODIES:
        if name in {body.TYPE, f"{body.TYPE}.{body.VERSION}", body.wire_type()}:
            return body
    known = [body.TYPE for body in BODIES]
    near = difflib.get_close_matches(name.removeprefix(TYPE_PREFIX), known, n=3, cutoff=0.4)
    which = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(known)}"
    raise WrongCall(f"{name!r} is no event type; {which}; `shopsync events types` lists them")


def example_of(body: type[ShopBody]) -> str:
    """The example as JSON. Raises CommandFailed when there is none."""
    file = resources.files("shopsync_contracts") / "examples" / f"{body.TYPE}.{body.VERSION}.json"
    if not file.is_file():
        raise CommandFailed(f"shopsync_contracts holds no example of {body.wire_type()}")
    return file.read_text(encoding="utf-8")

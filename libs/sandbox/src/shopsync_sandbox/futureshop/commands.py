from typing import Annotated

import typer

from shopsync_sandbox.futureshop.actions import DEFAULT_SEED, ShopSpec
from shopsync_sandbox.futureshop.sandbox import FutureshopSandbox
from shopsync_sandbox.serving import serve


def futureshop(
    *,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    seed: Annotated[
        int, typer.Option(help="Draws products and credentials; the same seed, the same shop.")
    ] = DEFAULT_SEED,
    shop: Annotated[
        list[str] | None,
        typer.Option(
            help="A shop to serve, KEY:PRODUCTS; may be repeated. Default: demo:200.", metavar="KEY[:PRODUCTS]"
        ),
    ] = None,
    requests_per_second: Annotated[
        float, typer.Option(help="Calls a client may make each second, 429 beyond; 0 lifts the limit.", min=0)
    ] = 1.0,
    token_seconds: Annotated[int, typer.Option(help="Life of an access token in seconds.", min=1)] = 3600,
) -> None:
    """Serve a futureshop APIv2 with generated Japanese shops; control API under /_sandbox/.

    Prints one JSON line when it serves: url, and the first shop's shop_key, client_id and client_secret. GET
    /_sandbox/connections gives all shops in the form of an ingestor's shops file.
    """
    try:
        specs = [ShopSpec.parse(each) for each in shop or ["demo:200"]]
        sandbox = FutureshopSandbox(
            specs, seed=seed, requests_per_second=requests_per_second, token_seconds=token_seconds
        )
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--shop") from error
    serve(sandbox.app, host=host, port=port, **sandbox.facts())

"""Arguments and options that several commands have."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
ShopKey = Annotated[str, typer.Argument(metavar="SHOP", help="Shop key (店舗KEY).")]
OfShop = Annotated[str | None, typer.Argument(metavar="[SHOP]", help="Shop key (店舗KEY); none: all shops.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for the report and print it.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds to wait at most.")]

Settle = Annotated[
    bool,
    typer.Option("--wait", help="Wait until it is known what became of it (reads MongoDB); exit code 1 if refused."),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Set a field; repeat for more. Lists and numbers in JSON, the package size as 30x20x10.",
    ),
]
Clears = Annotated[
    list[str] | None,
    typer.Option("--clear", metavar="FIELD", help="Drop the edit of a field, or clear a tool-only value."),
]
Stocks = Annotated[
    list[str] | None,
    typer.Option("--stock", metavar="V:H=QUANTITY", help="Stock of one SKU, such as M:=10; =10 without variations."),
]

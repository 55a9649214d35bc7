"""The benchmark's products, as the catalog would have stored them, and their pictures."""

import random
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shopsync_contracts.events import ProductSnapshot
from shopsync_contracts.events.snapshot import Dimensions, SnapshotContent, SnapshotSku
from shopsync_contracts.events.upstream import Axes
from shopsync_rehearsals.bench.publisher.plan import Plan
from shopsync_rehearsals.completion import ATTRIBUTES, SOCKS
from shopsync_sandbox.shop.images import media_type, render

_COLOURS = ("生成り", "藍", "墨", "茜")
_SIDE = 400
_MOTIFS = 40
_MOST_PICTURES = 9
_HTML = "<p>{name}です。</p><ul><li>日本製</li><li>綿 80%、麻 20%</li><li>洗濯機で洗えます</li></ul>"


def snapshots(plan: Plan, pictures_url: str, now: datetime) -> Iterator[ProductSnapshot]:
    """Complete products that are ON, with one to four SKUs. The same plan gives the same products."""
    for shop_number, shop_key in enumerate(plan.shop_keys):
        rng = random.Random(f"{plan.seed}/{shop_key}")  # noqa: S311 - a repeatable benchmark, no secret
        for number in range(plan.products_of(shop_key)):
            first = (shop_number * 20_000 + number) * _MOST_PICTURES
            pictures = tuple(f"{pictures_url}/{first + place}.jpg" for place in range(plan.images))
            yield _snapshot(rng, shop_key, f"B-{number:05}", pictures, now)


def document(snapshot: ProductSnapshot) -> dict[str, Any]:
    """The snapshot as a document of the collection `products`."""
    return {"_id": snapshot.subject, **snapshot.model_dump()}


class Pictures:
    """A server of pictures, each a file of its own, all made before the measurement starts."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self.app = Starlette(routes=[Route("/{name}", self._serve)])

    def draw(self, products: Iterable[ProductSnapshot]) -> None:
        """Make the pictures of these products."""
        drawn = [_draw(number) for number in range(_MOTIFS)]
        for product in products:
            for address in product.content.images:
                name = address.rpartition("/")[2]
                self._files[name] = _with_comment(drawn[int(name.partition(".")[0]) % _MOTIFS], name)

    async def _serve(self, request: Request) -> Response:
        name = str(request.path_params["name"])
        content = self._files.get(name)
        if content is None:
            return Response(status_code=404)
        return Response(content, media_type=media_type(name), headers={"etag": f'"{name}"'})


def _draw(number: int) -> bytes:
    picture = render(f"{_SIDE}x{_SIDE}/{number}.jpg")
    if picture is None:
        raise ValueError(f"picture {number} cannot be drawn")
    return picture


def _with_comment(jpeg: bytes, name: str) -> bytes:
    """The same picture with a comment (a COM segment at the start): a different file, without drawing thousands."""
    comment = name.encode()
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]


def _snapshot(
    rng: random.Random, shop_key: str, product_no: str, pictures: tuple[str, ...], now: datetime
) -> ProductSnapshot:
    name = f"リネン混クルーソックス {product_no}"
    colours = _COLOURS[: rng.randint(1, len(_COLOURS))]
    return ProductSnapshot(
        shop_key=shop_key,
        product_no=product_no,
        version=1,
        content_version=1,
        changed_at=now,
        sync_enabled=True,
        status="pending",
        content=SnapshotContent(
            name=name,
            description=_HTML.format(name=name),
            images=pictures,
            price=rng.randrange(980, 4980, 100),
            category_id=SOCKS,
            package_weight_g=120,
            package_dimensions_cm=Dimensions(length=24, width=12, height=3),
            attributes=ATTRIBUTES,
        ),
        axes=Axes(vertical="カラー") if len(colours) > 1 else None,
        skus=tuple(
            SnapshotSku(
                vertical_no=f"{number:02}" if len(colours) > 1 else "",
                horizontal_no="",
                vertical_name=colour if len(colours) > 1 else "",
                stock=rng.randint(1, 99),
            )
            for number, colour in enumerate(colours, start=1)
        ),
    )

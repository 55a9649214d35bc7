"""A product's own pictures. The address is that of the stored product, never one from the request."""

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.errors import NoSuchPage
from console.picture_files import PictureFiles
from console.web.addresses import product_of
from console.web.visits import shop_of
from shopsync_runtime.mongo import Database

_SHOWN_FOR = "private, max-age=3600"
_PLACEHOLDER_FOR = "private, max-age=300"
_PLACEHOLDER = (files("console") / "static" / "no-picture.svg").read_bytes()


class PictureScreen:
    """`/products/{product_no}/picture`, with `?n=` the others after the first."""

    def __init__(self, database: Database, pictures: PictureFiles) -> None:
        self._database = database
        self._pictures = pictures

    def routes(self) -> list[Route]:
        """For the application."""
        return [Route("/products/{product_no}/picture", self.show, methods=["GET"], name="picture")]

    async def show(self, request: Request) -> Response:
        """The file, or a placeholder for one that cannot be shown."""
        shop_key = shop_of(request)
        address = await self._address(shop_key, product_of(request), _number(request))
        picture = await self._pictures.fetch(shop_key, address) if address else None
        if picture is None:
            return Response(_PLACEHOLDER, media_type="image/svg+xml", headers=_kept_for(_PLACEHOLDER_FOR))
        return Response(picture.content, media_type=picture.media_type, headers=_kept_for(_SHOWN_FOR))

    async def _address(self, shop_key: str, product_no: str, number: int) -> str | None:
        one = {"_id": f"{shop_key}/{product_no}"}
        found = await self._database["products"].find_one(one, {"content.images": 1})
        if found is None:
            raise NoSuchPage("no such product in this shop")
        images = (found.get("content") or {}).get("images") or []
        return str(images[number]) if number < len(images) else None


def _kept_for(how_long: str) -> dict[str, str]:
    """Two shops may have products of one number: a browser shows what it kept to the same session only."""
    return {"cache-control": how_long, "vary": "Cookie"}


def _number(request: Request) -> int:
    text = request.query_params.get("n", "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 4):
        raise NoSuchPage("no such picture")
    return int(text)

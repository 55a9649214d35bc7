"""The control API under /_sandbox: read and change shops, add faults, move the clock, read the request log."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import islice
from typing import Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, NaiveDatetime, TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shopsync_sandbox.futureshop.actions import Actions
from shopsync_sandbox.futureshop.faults import Fault
from shopsync_sandbox.shop import Product, Shop, UnknownProduct

BodyT = TypeVar("BodyT", bound=BaseModel)
Handler = Callable[[Request], Awaitable[Response]]
_CHANGES = TypeAdapter(dict[str, Any])


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Choice(_Body):
    """Some products: by number, or `count` of them chosen by `seed`."""

    product_nos: list[str] | None = None
    count: int | None = Field(default=None, ge=1)
    seed: int = 1

    def numbers(self, shop: Shop) -> list[str]:
        if (self.product_nos is None) == (self.count is None):
            raise ValueError("give either product_nos or count")
        if self.product_nos is not None:
            for number in self.product_nos:
                shop.get(number)
            return self.product_nos
        return shop.choose(self.count or 0, self.seed)


class _BulkEdit(_Choice):
    changes: dict[str, Any]
    touch: bool = True


class _SkuStock(_Body):
    vertical_no: str = ""
    horizontal_no: str = ""
    stock: int | None = Field(default=None, ge=0)
    preorder_stock: int | None = Field(default=None, ge=0)


class _Stock(_Body):
    stock: int | None = Field(default=None, ge=0)
    skus: list[_SkuStock] | None = None
    touch: bool = False


class _Recreate(_Body):
    product_no: str
    changes: dict[str, Any] = {}


class _ClockChange(_Body):
    offset_seconds: float | None = None
    freeze: AwareDatetime | NaiveDatetime | None = None


class _Settings(_Body):
    requests_per_second: float | None = Field(default=None, ge=0)
    token_seconds: int | None = Field(default=None, ge=1)


def control_routes(sandbox: Actions) -> list[Route]:
    """The control API of one sandbox; docs/sandbox-futureshop.md describes each call."""
    control = _Control(sandbox)
    one = "/shops/{shop_key}/products/{product_no}"
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/", control.state),
        ("GET", "/connections", control.connections),
        ("PATCH", "/settings", control.settings),
        ("GET", "/shops/{shop_key}/products", control.product_nos),
        ("GET", one, control.product),
        ("PATCH", one, control.upsert),
        ("PUT", f"{one}/stock", control.stock),
        ("POST", "/shops/{shop_key}/edit", control.edit),
        ("POST", "/shops/{shop_key}/delete", control.delete),
        ("POST", "/shops/{shop_key}/recreate", control.recreate),
        ("POST", "/shops/{shop_key}/tokens/expire", control.expire_tokens),
        ("GET", "/requests", control.requests),
        ("DELETE", "/requests", control.forget_requests),
        ("GET", "/clock", control.clock),
        ("PUT", "/clock", control.set_clock),
        ("GET", "/faults", control.faults),
        ("POST", "/faults", control.add_fault),
        ("DELETE", "/faults", control.clear_faults),
        ("DELETE", "/faults/{id:int}", control.remove_fault),
    ]
    return [Route(path, _reported(handler), methods=[method]) for method, path, handler in table]


def _reported(handler: Handler) -> Handler:
    """Answer a caller's mistake with 400 or 404 and JSON `{"error": …}`."""

    async def call(request: Request) -> Response:
        try:
            return await handler(request)
        except UnknownProduct as error:
            return JSONResponse({"error": str(error)}, 404)
        except ValidationError as error:
            faults = ((".".join(map(str, each["loc"])) or "body") + ": " + each["msg"] for each in error.errors())
            return JSONResponse({"error": "; ".join(faults)}, 400)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        except HTTPException as error:
            return JSONResponse({"error": error.detail}, error.status_code)

    return call


class _Control:
    def __init__(self, sandbox: Actions) -> None:
        self._sandbox = sandbox

    async def state(self, _: Request) -> Response:
        sandbox = self._sandbox
        return JSONResponse(
            {
                "seed": sandbox.seed,
                "shops": {key: shop.counts() for key, shop in sandbox.shops.items()},
                "requests_per_second": sandbox.access.requests_per_second,
                "token_seconds": sandbox.access.token_seconds,
                "clock": sandbox.clock.facts(),
                "requests": dict(sandbox.journal.counts),
                "faults": sandbox.faults.pending(),
            }
        )

    async def connections(self, request: Request) -> Response:
        origin = f"{request.url.scheme}://{request.url.netloc}"
        return JSONResponse(self._sandbox.connections(origin))

    async def settings(self, request: Request) -> Response:
        wanted = await _read(request, _Settings)
        if wanted.requests_per_second is not None:
            self._sandbox.access.allow(wanted.requests_per_second)
        if wanted.token_seconds is not None:
            self._sandbox.access.token_seconds = wanted.token_seconds
        return await self.state(request)

    async def product_nos(self, request: Request) -> Response:
        shop = self._shop(request)
        after, limit = _number(request, "after", 0), _number(request, "limit", 1000)
        found = list(islice(shop.product_nos(after), limit))
        following = found[-1][0] if len(found) == limit else None
        numbers = [number for _, number in found]
        return JSONResponse({"total": len(shop), "product_nos": numbers, "next_after": following})

    async def product(self, request: Request) -> Response:
        return _document(self._shop(request).get(request.path_params["product_no"]))

    async def upsert(self, request: Request) -> Response:
        shop, number = self._shop(request), request.path_params["product_no"]
        changes = _CHANGES.validate_json(await request.body())
        touch = changes.pop("touch", True)
        if not isinstance(touch, bool):
            raise ValueError("touch: must be true or false")  # noqa: TRY004 - answered as 400
        status = 200 if number in shop else 201
        product = self._sandbox.upsert(number, shop_key=shop.shop_key, touch=touch, changes=changes)
        return _document(product, status)

    async def stock(self, request: Request) -> Response:
        shop, number = self._shop(request), request.path_params["product_no"]
        wanted = await _read(request, _Stock)
        if (wanted.stock is None) == (wanted.skus is None):
            raise ValueError("give either stock, for every SKU, or skus")
        counts = {
            (sku.vertical_no, sku.horizontal_no): sku.model_dump(include={"stock", "preorder_stock"}, exclude_none=True)
            for sku in wanted.skus or ()
        }
        stock = counts if wanted.stock is None else wanted.stock
        return _document(self._sandbox.set_stock(number, stock, shop_key=shop.shop_key, touch=wanted.touch))

    async def edit(self, request: Request) -> Response:
        shop = self._shop(request)
        wanted = await _read(request, _BulkEdit)
        numbers = wanted.numbers(shop)
        for number in numbers:
            shop.edit(number, wanted.changes, now=self._sandbox.clock.now(), touch=wanted.touch)
        return JSONResponse({"edited": numbers})

    async def delete(self, request: Request) -> Response:
        shop = self._shop(request)
        numbers = (await _read(request, _Choice)).numbers(shop)
        return JSONResponse({"deleted": self._sandbox.delete(numbers, shop_key=shop.shop_key)})

    async def recreate(self, request: Request) -> Response:
        shop = self._shop(request)
        wanted = await _read(request, _Recreate)
        product = self._sandbox.recreate(wanted.product_no, shop_key=shop.shop_key, changes=wanted.changes)
        return _document(product, 201)

    async def expire_tokens(self, request: Request) -> Response:
        return JSONResponse({"expired": self._sandbox.access.expire(self._shop(request).shop_key)})

    async def requests(self, request: Request) -> Response:
        asked = request.query_params
        limit = _number(request, "limit", 1000)
        journal = self._sandbox.journal
        return JSONResponse(journal.document(kind=asked.get("kind"), shop_key=asked.get("shop_key"), limit=limit))

    async def forget_requests(self, _: Request) -> Response:
        self._sandbox.journal.reset()
        return JSONResponse({"counts": {}})

    async def clock(self, _: Request) -> Response:
        return JSONResponse(self._sandbox.clock.facts())

    async def set_clock(self, request: Request) -> Response:
        wanted = await _read(request, _ClockChange)
        if wanted.freeze is not None and wanted.offset_seconds is not None:
            raise ValueError("give either offset_seconds or freeze")
        if wanted.freeze is not None:
            self._sandbox.clock.freeze(wanted.freeze)
        else:
            self._sandbox.clock.shift(timedelta(seconds=wanted.offset_seconds or 0))
        return await self.clock(request)

    async def faults(self, _: Request) -> Response:
        return JSONResponse({"faults": self._sandbox.faults.pending()})

    async def add_fault(self, request: Request) -> Response:
        fault = await _read(request, Fault)
        if fault.shop_key is not None and fault.shop_key not in self._sandbox.shops:
            raise ValueError(f"there is no shop {fault.shop_key!r}")
        return JSONResponse({"id": self._sandbox.faults.add(fault).id}, 201)

    async def clear_faults(self, request: Request) -> Response:
        self._sandbox.faults.clear()
        return await self.faults(request)

    async def remove_fault(self, request: Request) -> Response:
        if not self._sandbox.faults.remove(request.path_params["id"]):
            raise HTTPException(404, f"there is no fault {request.path_params['id']}")
        return await self.faults(request)

    def _shop(self, request: Request) -> Shop:
        key = request.path_params["shop_key"]
        shop = self._sandbox.shops.get(key)
        if shop is None:
            raise HTTPException(404, f"there is no shop {key!r}; there are {', '.join(self._sandbox.shops)}")
        return shop


async def _read(request: Request, model: type[BodyT]) -> BodyT:
    return model.model_validate_json(await request.body() or b"{}")


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdecimal():
        raise ValueError(f"{name}: must be a whole number, not {text!r}")
    return int(text)


def _document(product: Product, status: int = 200) -> Response:
    return JSONResponse(product.model_dump(mode="json"), status)

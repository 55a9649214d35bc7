from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shopsync_sandbox.tiktok.codes import ApiError
from shopsync_sandbox.tiktok.control.reviewing import decide, set_rules
from shopsync_sandbox.tiktok.control.seller import act
from shopsync_sandbox.tiktok.faults import Fault
from shopsync_sandbox.tiktok.summary import counters, detail, state, summary

if TYPE_CHECKING:
    from shopsync_sandbox.tiktok.sandbox import TikTokSandbox

Body = dict[str, Any]
Answer = Callable[[Request, Body], Any]


class Control:
    """Every route answers JSON: 200 with the result, 400 or 409 with `{"error": …}`."""

    def __init__(self, sandbox: TikTokSandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        table: list[tuple[str, str, Answer]] = [
            ("GET", "/ready", lambda _, __: self._sandbox.facts()),
            ("GET", "/summary", lambda _, __: summary(self._sandbox.services)),
            ("GET", "/counters", lambda _, __: counters(self._sandbox.services)),
            ("GET", "/state", self._state),
            ("GET", "/products/{product_id}", self._product),
            ("GET", "/requests", self._requests),
            ("DELETE", "/requests", lambda _, __: self._sandbox.journal.reset()),
            ("GET", "/settings", lambda _, __: asdict(self._sandbox.settings)),
            ("PATCH", "/settings", self._settings),
            ("PUT", "/rate-limits", self._rate),
            ("PUT", "/clock", self._clock),
            ("POST", "/codes", self._mint_code),
            ("POST", "/tokens", self._issue_tokens),
            ("POST", "/tokens/expire", self._expire),
            ("POST", "/tokens/revoke", lambda _, body: self._sandbox.deauthorise(body["shop"])),
            ("GET", "/reviews", self._reviews),
            ("PUT", "/reviews/rules", lambda _, body: set_rules(self._sandbox, body["rules"])),
            ("POST", "/reviews/{action}", lambda request, body: decide(self._sandbox, _action(request), body)),
            ("GET", "/faults", lambda _, __: {"faults": self._sandbox.faults.describe()}),
            ("POST", "/faults", self._add_fault),
            ("DELETE", "/faults", lambda _, __: self._sandbox.faults.clear()),
            ("POST", "/warehouses/remove", lambda _, body: self._sandbox.remove_sales_warehouses(body["shop"])),
            ("POST", "/warehouses/restore", lambda _, body: self._sandbox.restore_warehouses(body["shop"])),
            ("PUT", "/prerequisites", self._prerequisites),
            ("POST", "/seller/{action}", lambda request, body: act(self._sandbox, _action(request), body)),
        ]
        return [Route(path, _endpoint(answer), methods=[method]) for method, path, answer in table]

    def _state(self, request: Request, _: Body) -> Body:
        query, shops = request.query_params, self._sandbox.world.shops
        return state(
            self._sandbox.services,
            query.get("shop", next(iter(shops))),
            status=query.get("status"),
            after=query.get("after", ""),
            limit=int(query.get("limit", "100")),
        )

    def _product(self, request: Request, _: Body) -> Body:
        return detail(self._sandbox.services, self._sandbox.product(request.path_params["product_id"]))

    def _requests(self, request: Request, _: Body) -> Body:
        query = request.query_params
        found = self._sandbox.journal.find(
            operation=query.get("operation"),
            shop=query.get("shop"),
            limit=int(query.get("limit", "200")),
        )
        return {"requests": found}

    def _settings(self, _: Request, body: Body) -> Body:
        self._sandbox.change_settings(body)
        return asdict(self._sandbox.settings)

    def _rate(self, _: Request, body: Body) -> None:
        rate, burst = body["requests_per_second"], body.get("burst")
        self._sandbox.set_rate(rate, burst=burst, shop=body.get("shop"))

    def _clock(self, _: Request, body: Body) -> Body:
        self._sandbox.set_clock_offset(float(body["offset"]))
        return {"now": self._sandbox.world.now()}

    def _mint_code(self, _: Request, body: Body) -> Body:
        code = self._sandbox.tokens.mint_code(body.get("shops", []), body.get("scopes"))
        return {"code": code.value, "expires": int(code.expires)}

    def _issue_tokens(self, _: Request, body: Body) -> Body:
        pair = self._sandbox.authorise(*body.get("shops", []), scopes=body.get("scopes"))
        return {
            "access_token": pair.access.value,
            "access_token_expire_in": int(pair.access.expires),
            "refresh_token": pair.refresh.value,
            "refresh_token_expire_in": int(pair.refresh.expires),
        }

    def _expire(self, _: Request, body: Body) -> Body:
        return {"expired": self._sandbox.tokens.expire(body["shop"], refresh=bool(body.get("refresh")))}

    def _reviews(self, _: Request, __: Body) -> Body:
        return {**self._sandbox.reviews.describe(), "product_ids": self._sandbox.reviews.waiting()}

    def _add_fault(self, _: Request, body: Body) -> Body:
        for_seconds = body.pop("for_seconds", None)
        return asdict(self._sandbox.faults.add(Fault(**body), for_seconds=for_seconds))

    def _prerequisites(self, _: Request, body: Body) -> None:
        self._sandbox.fail_prerequisites(body["shop"], body["failed"])


def _endpoint(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            result = answer(request, _object(await request.body()))
        except KeyError as error:
            return JSONResponse({"error": f"missing or unknown: {error.args[0]}"}, status_code=400)
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except ApiError as error:
            return JSONResponse({"error": error.message, "code": int(error.code)}, status_code=409)
        return JSONResponse({} if result is None else result)

    return endpoint


def _object(raw: bytes) -> Body:
    body = json.loads(raw) if raw else {}
    if not isinstance(body, dict):
        raise TypeError("the body must be a JSON object")
    return body


def _action(request: Request) -> str:
    action: str = request.path_params["action"]
    return action

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shopsync_sandbox.tiktok.actions import Actions
from shopsync_sandbox.tiktok.control.reviewing import decide, set_rules
from shopsync_sandbox.tiktok.control.seller import act
from shopsync_sandbox.tiktok.faults.registry import Fault
from shopsync_sandbox.tiktok.protocol.codes import ApiError
from shopsync_sandbox.tiktok.summary import counters, detail, state, summary

Body = dict[str, Any]
Answer = Callable[[Request, Body], Any]


class Control:
    """Every route answers JSON: 200 with the result, 400 or 409 with `{"error": …}`."""

    def __init__(self, sandbox: Actions) -> None:
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
            ("GET", "/traffic", lambda _, __: {"shops": self._sandbox.journal.traffic.summary()}),
            ("GET", "/traffic/{shop}", self._traffic),
            ("GET", "/webhooks", self._webhooks),
            ("POST", "/webhooks/send", self._send_webhook),
            ("POST", "/webhooks/{action}", self._hold_webhooks),
            ("GET", "/settings", lambda _, __: asdict(self._sandbox.settings)),
            ("PATCH", "/settings", self._settings),
            ("PUT", "/rate-limits", self._rate),
            ("PUT", "/clock", self._clock),
            ("POST", "/codes", self._mint_code),
            ("POST", "/tokens", self._issue_tokens),
            ("POST", "/tokens/expire", self._expire),
            ("POST", "/tokens/warn", lambda _, body: self._sandbox.expiries.warn(body["shop"])),
            ("POST", "/tokens/revoke", lambda _, body: self._sandbox.deauthorise(body["shop"])),
            ("GET", "/reviews", self._reviews),
            ("PUT", "/reviews/rules", lambda _, body: set_rules(self._sandbox, body["rules"])),
            ("POST", "/reviews/{action}", lambda request, body: decide(self._sandbox, _action(request), body)),
            ("GET", "/faults", lambda _, __: {"faults": self._sandbox.faults.describe()}),
            ("POST", "/faults", self._add_fault),
            ("DELETE", "/faults", lambda _, __: self._sandbox.faults.clear()),
            ("DELETE", "/faults/{id:int}", lambda request, _: self._sandbox.faults.remove(request.path_params["id"])),
            ("POST", "/warehouses/remove", self._remove_warehouses),
            ("POST", "/warehouses/restore", lambda _, body: self._sandbox.restore_warehouses(body["shop"])),
            ("PUT", "/prerequisites", self._prerequisites),
            ("PUT", "/conditions", self._conditions),
            ("PUT", "/category-version", self._category_version),
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
        self._sandbox.set_rate(rate, burst=burst, shop=body.get("shop"), per=body.get("per", "endpoint"))

    def _clock(self, _: Request, body: Body) -> Body:
        self._sandbox.set_clock_offset(float(body["offset"]))
        return {"now": self._sandbox.world.now()}

    def _mint_code(self, _: Request, body: Body) -> Body:
        code = self._sandbox.tokens.mint_code(body.get("shops", []), body.get("scopes"), user_type=_user_type(body))
        return {"code": code.value, "expires": int(code.expires)}

    def _issue_tokens(self, _: Request, body: Body) -> Body:
        pair = self._sandbox.authorise(*body.get("shops", []), scopes=body.get("scopes"), user_type=_user_type(body))
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
        known = {f.name for f in fields(Fault)} - {"_pattern", "id", "hits", "until"}
        unknown = sorted(set(body) - known)
        if unknown:
            raise ValueError(f"a fault has no {unknown[0]!r}; known: {', '.join(sorted(known))}")
        if body.get("shop") is not None:
            self._sandbox.world.shop(body["shop"])
        return self._sandbox.faults.add(Fault(**body)).describe()

    def _traffic(self, request: Request, _: Body) -> Body:
        shop = self._sandbox.world.shop(request.path_params["shop"]).key
        return {"shop": shop, **self._sandbox.journal.traffic.columns(shop)}

    def _webhooks(self, _: Request, __: Body) -> Body:
        courier = self._sandbox.webhooks.courier
        return {"held": courier.held, "waiting": courier.waiting, **asdict(courier.tally)}

    def _hold_webhooks(self, request: Request, body: Body) -> Body:
        action = _action(request)
        if action not in {"hold", "release"}:
            raise ValueError(f"no action {action!r}; known: hold, release, send")
        self._sandbox.webhooks.courier.held = action == "hold"
        return self._webhooks(request, body)

    def _send_webhook(self, _: Request, body: Body) -> None:
        self._sandbox.webhooks.emit(self._sandbox.world.shop(body["shop"]), body["event"], body["data"])

    def _remove_warehouses(self, _: Request, body: Body) -> None:
        self._sandbox.remove_warehouses(body["shop"], body.get("type", "SALES_WAREHOUSE"))

    def _category_version(self, _: Request, body: Body) -> None:
        self._sandbox.set_category_version(body["shop"], body["version"])

    def _conditions(self, _: Request, body: Body) -> None:
        self._sandbox.set_conditions(body["shop"], body["conditions"])

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


def _user_type(body: Body) -> int:
    return int(body.get("user_type", 0))


def _action(request: Request) -> str:
    action: str = request.path_params["action"]
    return action

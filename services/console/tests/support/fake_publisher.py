"""The publisher's internal API without a publisher: the same JSON, on loopback.

test_publisher_speaks.py proves against the real routes that both speak the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "token-of-the-fake-publisher"

_ALWAYS: dict[str, Any] = {
    "required": False,
    "required_if": [],
    "multiple": False,
    "custom": False,
    "numeric": False,
    "values": [],
}


def category(
    category_id: str, parent_id: str | None, name: str, *, leaf: bool = False, permission: str = "AVAILABLE"
) -> dict[str, Any]:
    return {"id": category_id, "parent_id": parent_id, "name": name, "is_leaf": leaf, "permission": permission}


def attribute(attribute_id: str, name: str, values: dict[str, str] | None = None, **differs: Any) -> dict[str, Any]:
    """`required_if`: pairs of attribute id and value id."""
    conditions = [{"attribute_id": one, "value_id": value} for one, value in differs.pop("required_if", ())]
    rows = [{"id": value_id, "name": value} for value_id, value in (values or {}).items()]
    return {**_ALWAYS, "id": attribute_id, "name": name, "values": rows, "required_if": conditions, **differs}


def certificate(name: str, *, required: bool = False, required_if: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """`required_if`: pairs of attribute id and value id."""
    conditions = [{"attribute_id": one, "value_id": value} for one, value in required_if]
    return {"name": name, "required": required, "required_if": conditions}


CATEGORIES = [
    category("600001", None, "レディースファッション"),
    category("601000", "600001", "靴下・タイツ"),
    category("601234", "601000", "ソックス", leaf=True),
    category("601235", "601000", "タイツ・ストッキング", leaf=True),
    category("610000", None, "食品・飲料"),
    category("611000", "610000", "お茶・コーヒー"),
    category("611100", "611000", "日本茶", leaf=True),
    category("613000", "610000", "酒類"),
    category("613100", "613000", "日本酒", leaf=True, permission="INVITE_ONLY"),
]
ATTRIBUTES = [
    attribute("100701", "原産国", {"1007011": "日本", "1007012": "中国"}, required=True, custom=True),
    attribute("100800", "電池の有無", {"1008001": "あり", "1008002": "なし"}),
    attribute("100801", "電池の種類", {"1008011": "リチウム"}, required_if=[("100800", "1008001")]),
    attribute("100398", "素材", {"1001001": "綿", "1001002": "ウール"}, required=True, multiple=True, custom=True),
    attribute("100811", "容量", numeric=True, custom=True),
    attribute("100812", "品番", custom=True),
]
BRANDS = [
    {"id": "7080000000000000001", "name": "きぬがさ織物", "authorized": True},
    {"id": "7080000000000000002", "name": "ひだまり製作所", "authorized": True},
    {"id": "7080000000000000003", "name": "未承認ブランド", "authorized": False},
]


@dataclass
class FakePublisher:
    """`trouble`: (status, code, message, retry_after) for every answer, as long as it is set. `asked`: what came.

    `size_charts`: categories that require one; `silent`: those of which nothing is known now.
    """

    token: str = TOKEN
    categories: list[dict[str, Any]] = field(default_factory=lambda: list(CATEGORIES))
    attributes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    size_charts: set[str] = field(default_factory=set)
    certificates: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    brands: list[dict[str, Any]] = field(default_factory=lambda: list(BRANDS))
    consent_address: str = "https://services.tiktokshop.com/open/authorize?service_id=7&state=signed"
    trouble: tuple[int, str, str, int | None] | None = None
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        shop = "/internal/shops/{shop_key}"
        return Starlette(
            routes=[
                Route(f"{shop}/categories", self._categories, methods=["GET"]),
                Route(f"{shop}/categories/{{category_id}}/requirements", self._requirements, methods=["GET"]),
                Route(f"{shop}/brands", self._brands, methods=["GET"]),
                Route(f"{shop}/consent", self._consent, methods=["POST"]),
            ]
        )

    async def _categories(self, request: Request) -> Response:
        return self._stopped(request) or JSONResponse({"category_version": "v1", "categories": self.categories})

    async def _requirements(self, request: Request) -> Response:
        category_id = request.path_params["category_id"]
        if category_id in self.silent:
            return problem(503, "unavailable", "TikTok Shop does not answer", 7)
        is_leaf = any(row["id"] == category_id and row["is_leaf"] for row in self.categories)
        if (stopped := self._stopped(request)) is not None:
            return stopped
        if not is_leaf:
            return problem(422, "refused", f"category {category_id} is not a leaf category (12052024)")
        rules = {
            "attributes": self.attributes.get(category_id, ATTRIBUTES),
            "size_chart": {"supported": True, "required": category_id in self.size_charts},
            "certificates": self.certificates.get(category_id, [certificate("PSEマーク適合証明")]),
        }
        return JSONResponse({"category_version": "v1", "category_id": category_id, **rules})

    async def _brands(self, request: Request) -> Response:
        text = request.query_params.get("text", "")
        found = [row for row in self.brands if text.casefold() in row["name"].casefold()]
        return self._stopped(request) or JSONResponse({"category_version": "v1", "brands": found[:50]})

    async def _consent(self, request: Request) -> Response:
        body = await request.json()
        return self._stopped(request, body) or JSONResponse({"address": self.consent_address})

    def _stopped(self, request: Request, body: Any = None) -> Response | None:
        self.asked.append((request.method, request.url.path, body))
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return problem(401, "unauthorized", "the token is not the publisher's")
        return problem(*self.trouble) if self.trouble is not None else None


def problem(status: int, code: str, message: str, retry_after: int | None = None) -> Response:
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers=headers)

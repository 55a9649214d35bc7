"""What passes our own checks is taken by a strict reader of the API's rules: the sandbox's, in process."""

import io
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from publisher.content.checks import problems
from publisher.content.description import fitting_description, image_sources, shows_something
from publisher.content.mapping import Material, create_body, edit_body, unsent_stock
from publisher.content.requirements import category_problems, foreign_attributes, read_requirements
from publisher.model import ListedSku, Listing, UploadedImage
from shopsync_contracts.events import ProductSnapshot
from shopsync_sandbox.tiktok import Settings
from shopsync_sandbox.tiktok.api import categories
from shopsync_sandbox.tiktok.products.checks import Context, check_listing
from shopsync_sandbox.tiktok.protocol.bodies import ProductBody, parse
from shopsync_sandbox.tiktok.state.images import url_path
from shopsync_sandbox.tiktok.state.world import World

PLAIN = ["靴下", "A", "é", "Ａ", "①", "(", ")", "-", "ー" * 12, "0000000000"]
SPECIAL = ["&", "<", ">", '"', "'", "\\", "%", "<b>", "</b>", "<L>", "<S>", "</s>"]
ENTITIES = ["&amp;", "&nbsp;", "&#x1f600;", "&lt;i&gt;", "&amp;lt;", "&amp;amp;", "&notebook"]
PICTOGRAPHS = ["★", "😀", "⭐", "⌚", "❶", "♂", "♥", "🅰", "👨\u200d👩\u200d👧", "\ue63e", "\ufe0f", "\u200d"]
BREAKS = ["\x07", "\x0b", "\x85", "\u2028", "\u3000", "\n", "\r"]
ELEMENTS = ["<ruby>薔薇<rt>ばら</rt></ruby>", "<span style='display:none'>", "</span>", "<del>5,000円</del>"]
NASTY = st.sampled_from(PLAIN + SPECIAL + ENTITIES + PICTOGRAPHS + BREAKS + ELEMENTS)
LINE = st.lists(NASTY | st.text(max_size=3), max_size=12).map("".join)

BLOCKS = ["<p>", "</p>", "<p hidden>", "<ul>", "<li>", "</li>", "</ul>", "<h1>", "<details>", "<div style='x'>"]
TABLES = ["<table><tr><td>", "</table>"]
INLINE = ["<br>", "<u>", "</u>", "<b><i>", "<a href='x'>", "</a>", "<b style='color:transparent'>"]
RUBY = ["<ruby>", "<rt>", "</ruby>"]
IMAGES = ['<img src="http://h/1">', '<img src="http://h/2" onerror="x">', "<img>", "<img src='data:x'>"]
LAZY_IMAGES = ["<img data-src='http://h/2' src='data:x'>"]
NOT_CONTENT = ["<script>x</script>", "<style>p{}</style>", "<style>p{display:none}</style>", "<!-- x -->"]
FOREIGN = ["<iframe>", "</iframe>", "<button>買う</button>"]
LONG = ["文字" * 200]
MARKUP = st.lists(
    NASTY
    | st.text(max_size=5)
    | st.sampled_from(BLOCKS + TABLES + INLINE + RUBY + IMAGES + LAZY_IMAGES + NOT_CONTENT + FOREIGN + LONG),
    max_size=40,
).map("".join)
VALUE_IDS = st.sampled_from(["1001001", "1001002", "1007011", "1008001", "1008012", "9"])
ATTRIBUTES = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["100398", "100399", "100701", "100800", "100801", "100000", "5"]),
            "values": st.lists(
                st.fixed_dictionaries({"id": VALUE_IDS})
                | st.fixed_dictionaries({"name": LINE.filter(bool) | st.sampled_from(["綿", "日本", "あり"])}),
                min_size=1,
                max_size=2,
            ),
        }
    ),
    max_size=2,
)
MOST = [
    {"id": "100398", "values": [{"id": "1001001"}]},
    {"id": "100701", "values": [{"name": "日本"}]},
]
JANS = st.sampled_from(["", "4900000000016", "4900000000017", "49123456", " ４９１２３４５６", "x"])
AXIS = st.sampled_from(["", "1", "2", "A B"])


def mostly(usual, rarely):
    """A usual value nearly always: bodies that our own checks refuse prove nothing."""
    return st.integers(0, 30).flatmap(lambda number: rarely if number == 30 else usual)


@st.composite
def products(draw) -> ProductSnapshot:
    numbers = draw(
        mostly(
            st.sampled_from([[("", "")], [("1", ""), ("2", "")], [("1", "1"), ("1", "2"), ("2", "1")]]),
            st.lists(st.tuples(AXIS, AXIS), min_size=1, max_size=4, unique=True),
        )
    )
    names = st.sampled_from(["M", "L", "赤", "紺★", "Ｍ"]) | LINE
    skus = [
        {
            "vertical_no": vertical,
            "horizontal_no": horizontal,
            "vertical_name": f"{draw(names)}{vertical}",
            "horizontal_name": f"{draw(names)}{horizontal}",
            "jan_code": draw(JANS),
            "price": draw(mostly(st.none() | st.integers(1, 9_999_999), st.just(0))),
            "stock": draw(mostly(st.integers(1, 99_999), st.none() | st.integers(0, 200_000))),
        }
        for vertical, horizontal in numbers
    ]
    sides = st.integers(1, 80)
    content = {
        "name": draw(st.just("綿の靴下 ") if draw(st.booleans()) else st.just("")) + draw(LINE),
        "description": draw(MARKUP),
        "images": draw(mostly(st.just(["a", "b"]), st.just([]))),
        "price": draw(mostly(st.integers(1, 9_999_999), st.none())),
        "category_id": "601234",
        "brand_id": draw(st.none() | st.just("7080000000000000001")),
        "package_weight_g": draw(mostly(st.integers(1, 99_999), st.none() | st.just(0))),
        "package_dimensions_cm": {name: draw(mostly(sides, st.none())) for name in ("length", "width", "height")},
        "attributes": draw(mostly(st.just(MOST), st.just([]))) + draw(mostly(st.just([]), ATTRIBUTES)),
        "size_chart_image": None,
    }
    axes = draw(st.fixed_dictionaries({"vertical": st.none() | LINE, "horizontal": st.none() | st.just("カラー")}))
    document = {
        "shop_key": "demo",
        "product_no": draw(st.sampled_from(["A-100", "服_1", "A B", "x" * 32])),
        "version": 1,
        "content_version": 1,
        "changed_at": "2026-11-23T00:00:00Z",
        "sync_enabled": True,
        "status": "pending",
        "content": content,
        "skus": skus,
        "axes": axes,
    }
    return ProductSnapshot.model_validate(document, strict=False)


@dataclass
class Strict:
    """The sandbox's rules, its category's requirements as its API tells them, and images it knows."""

    world: World
    images: dict[str, UploadedImage]
    uris: tuple[str, ...]

    @property
    def warehouse(self) -> str:
        return self.world.shop("demo").sales_warehouses()[0].id

    def requirements(self) -> Any:
        asked: Any = SimpleNamespace(
            services=SimpleNamespace(world=self.world),
            shop=self.world.shop("demo"),
            path={"category_id": "601234"},
            query={"category_version": "v1"},
        )
        return read_requirements(categories.attributes(asked), categories.rules(asked))

    def takes(self, body: dict[str, Any]) -> None:
        """Raises the sandbox's ApiError."""
        check_listing(parse(ProductBody, body), Context(self.world, self.world.shop("demo")))

    def material(self, product: ProductSnapshot) -> Material:
        html = product.content.description
        given = {source: self.images[source] for source in image_sources(html) if source in self.images}
        reduced = fitting_description(html, given)[0]
        description = reduced if shows_something(reduced) else "<p>綿の靴下</p>"
        foreign = frozenset(foreign_attributes(product, self.requirements()))
        return Material(self.uris[: len(product.content.images)], description, None, foreign_attributes=foreign)


@pytest.fixture(scope="module")
def strict():
    world = World("seed", ["demo"], Settings())
    known = {}
    for number in (1, 2):
        out = io.BytesIO()
        Image.new("RGB", (400, 400), (number, 0, 0)).save(out, "JPEG")
        image = world.images.add(out.getvalue(), "MAIN_IMAGE", "documented")
        url = f"http://img{url_path(image.uri)}"
        world.images.urls.add(url)
        known[f"http://h/{number}"] = UploadedImage(image.uri, url, 400, 400)
    return Strict(world, known, tuple(image.uri for image in known.values()))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(product=products())
def test_ed9_va5_what_passes_our_checks_is_taken(strict, product):
    found = [*problems(product, None), *category_problems(product, strict.requirements())]
    if found:
        assert all(problem.field and problem.text for problem in found)
        return
    stock = unsent_stock(product, None)
    body = create_body(
        product,
        strict.material(product),
        category_version="v1",
        warehouse_id=strict.warehouse,
        stock=stock,
        idempotency_key="k",
    )
    strict.takes(body)
    assert len(body["skus"]) == len(product.skus)
    assert len({sku["seller_sku"] for sku in body["skus"]}) == len(product.skus)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(product=products(), known=st.integers(0, 3))
def test_nv3_nv7_a_full_edit_carries_every_sku_known_ones_with_id_and_without_stock(strict, product, known):
    skus = [
        ListedSku(sku.vertical_no, sku.horizontal_no, "name", f"id-{place}", 7)
        for place, sku in enumerate(product.skus[:known])
    ]
    listing = Listing("demo", product.product_no, "P", tuple(skus))
    stock = unsent_stock(product, listing)
    body = edit_body(product, strict.material(product), listing, category_version="v1", warehouse_id="W", stock=stock)
    sent = body["skus"]
    assert [sku.get("id") for sku in sent] == [sku.tiktok_sku_id for sku in skus] + [None] * (
        len(product.skus) - len(skus)
    )
    assert ["inventory" in sku for sku in sent] == [place >= len(skus) for place in range(len(product.skus))]
    assert all("price" in sku for sku in sent)

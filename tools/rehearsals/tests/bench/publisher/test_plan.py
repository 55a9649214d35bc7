from datetime import UTC, datetime
from io import BytesIO

import httpx
import pytest
from PIL import Image

from shopsync_contracts.events import ProductSnapshot
from shopsync_rehearsals.bench.publisher.plan import Plan, Role
from shopsync_rehearsals.bench.publisher.products import Pictures, document, snapshots

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_every_product_belongs_to_a_shop_and_two_shops_are_in_trouble():
    plan = Plan(products=1003, shops=20)

    assert sum(plan.products_of(shop) for shop in plan.shop_keys) == 1003
    assert {plan.products_of(shop) for shop in plan.shop_keys} == {50, 51}
    assert (len(plan.shops_in(Role.HEALTHY)), plan.shops_in(Role.BROKEN), plan.shops_in(Role.THROTTLED)) == (
        18,
        ["shop-19"],
        ["shop-20"],
    )


def test_the_benchmark_as_asked_for_ends_within_five_minutes():
    assert Plan().bound < 300
    assert Plan(patience=5).bound == 5
    assert Plan(kill_every=4).bound > Plan().bound


def test_products_are_what_the_publisher_reads_and_the_same_every_time():
    plan = Plan(products=40, shops=4, seed=3)
    products = list(snapshots(plan, "http://127.0.0.1:1", NOW))

    assert products == list(snapshots(plan, "http://127.0.0.1:1", NOW))
    assert all(ProductSnapshot.from_document(document(product)) == product for product in products)
    assert len({image for product in products for image in product.content.images}) == 40 * plan.images, (
        "no upload is saved"
    )
    assert len({product.subject for product in products}) == 40
    assert {len(product.skus) for product in products} == {1, 2, 3, 4}
    assert all(product.sync_enabled and not product.missing for product in products)


@pytest.mark.parametrize("seed", [1, 2])
def test_seeds_differ(seed):
    def skus(number):
        return [len(p.skus) for p in snapshots(Plan(products=40, shops=4, seed=number), "http://x", NOW)]

    assert skus(seed) != skus(seed + 2)


async def test_every_picture_is_a_file_of_its_own():
    pictures, plan = Pictures(), Plan(products=6, shops=3, images=9)
    pictures.draw(snapshots(plan, "http://127.0.0.1:1", NOW))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pictures.app), base_url="http://pictures") as http:
        firsts = [(shop * 20_000 + number) * 9 for shop in (0, 2) for number in (0, 1)]
        names = [f"/{first + place}.jpg" for first in firsts for place in (0, 8)]
        files = [(await http.get(name)).raise_for_status().content for name in names]
    assert len(set(files)) == len(files)
    for content in files:
        with Image.open(BytesIO(content)) as picture:
            picture.load()
            assert picture.format == "JPEG"
            assert min(picture.size) >= 300, "TikTok takes no smaller one"

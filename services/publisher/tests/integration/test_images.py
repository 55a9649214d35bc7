from datetime import timedelta
from typing import Any

import pytest

from publisher.images.addresses import AllowedAddresses
from publisher.images.fetching import Fetcher
from publisher.images.uploads import ImageUploads
from publisher.model import UploadedImage
from publisher.store import ImageCache
from shopsync_testkit.polling import eventually


async def test_images_are_uploaded_once_per_content(demo):
    shared = demo.images.add("shared.jpg")
    for number in range(3):
        await demo.store(f"P-{number}", content={"images": [shared]})
        await demo.push(f"P-{number}")
    assert demo.sandbox.journal.requests["upload_image"] == 1
    assert [status for name, status in demo.images.requests if name == "shared.jpg"] == [200, 304, 304]


async def test_uploads_outlive_a_restart_and_belong_to_one_shop(demo):
    """NV-13: an upload of another shop is not used."""
    address = demo.images.add("a.jpg")
    uploads = []

    class Api:
        def __init__(self, shop_key):
            self.shop_key = shop_key

        async def upload_image(self, content, use_case):
            uploads.append((self.shop_key, use_case))
            return UploadedImage(f"tos/{self.shop_key}", "https://img/a", 320, 320)

    for shop_key in ("demo", "demo", "other", "other"):
        fetcher = Fetcher(AllowedAddresses(allow_private=True), timeout=timedelta(seconds=10), max_bytes=10**6)
        fresh = ImageUploads(ImageCache(demo.database), fetcher, demo.clock)
        api: Any = Api(shop_key)
        image = await fresh.uploaded(api, address, "MAIN_IMAGE")
        await fetcher.aclose()
        assert image.uri == f"tos/{shop_key}"
    assert uploads == [("demo", "MAIN_IMAGE"), ("other", "MAIN_IMAGE")]
    assert [status for _, status in demo.images.requests] == [200, 304, 200, 304]


async def test_a_changed_image_at_the_same_address_is_uploaded_again(demo, picture):
    await demo.store(content={"images": [demo.images.add("a.jpg")]})
    await demo.push("A-100")
    await demo.store(content={"images": [demo.images.add("a.jpg", picture("other"))], "name": "新"}, content_version=2)
    await demo.push("A-100")
    assert demo.sandbox.journal.requests["upload_image"] == 2


async def test_description_images_are_uploaded_or_left_out(demo):
    good, gone = demo.images.add("good.png"), f"{demo.images.url}/gone.png"
    html = f'<p>説明<img src="{good}"><img src="{gone}"><img src="/relative.jpg"></p>'
    await demo.store(content={"description": html})
    await demo.push("A-100")
    (event,) = demo.events("push.succeeded")
    (product,) = demo.sandbox.world.shop("demo").products.values()
    assert product.content.description.count("<img") == 1
    assert "/relative.jpg" in event["warnings"][0]
    assert "gone.png" in event["warnings"][1]


async def test_a_truncated_image_is_sent_and_reported_at_every_push(demo, picture):
    address = demo.images.add("cut.jpg", picture("cut")[:-2])
    for version in (1, 2):
        await demo.store(content={"images": [address], "name": f"靴下 {version}"}, content_version=version)
        await demo.push("A-100")
    told = f"images: {address}: the file ends too early and was completed: save it again"
    assert [event["warnings"] for event in demo.events("push.succeeded")] == [[told], [told]]
    assert demo.sandbox.journal.requests["upload_image"] == 1


async def test_an_image_stored_by_an_earlier_version_has_no_note(demo):
    address = demo.images.add("a.jpg")
    await demo.store(content={"images": [address]})
    await demo.push("A-100")
    await demo.database["images"].update_many({}, {"$unset": {"note": True}})
    await demo.store(content={"images": [address], "name": "新"}, content_version=2)
    await demo.push("A-100")
    assert [event["warnings"] for event in demo.events("push.succeeded")] == [[], []]


async def test_addresses_lose_what_a_browser_ignores(demo):
    address = demo.images.add("a.jpg")
    await demo.store(content={"images": [f" {address}\n", "", "  "], "size_chart_image": None})
    await demo.push("A-100")
    assert demo.events("push.succeeded")[0]["warnings"] == []


async def test_a_main_image_that_is_gone_fails_the_push_by_name(demo):
    await demo.store(content={"images": [f"{demo.images.url}/gone.jpg"]})
    await demo.push("A-100")
    (event,) = demo.events("push.failed")
    # Not incomplete: the file may come back without a change of the product, which then must still be sent.
    assert (event["status"], event["code"], event["missing"]) == ("sync_error", "image_http_404", ["images"])
    assert "gone.jpg" in event["message"]
    demo.images.add("gone.jpg")
    await demo.push("A-100")
    assert demo.events("push.succeeded")[0]["action"] == "created"


async def test_ed9_an_address_that_is_none_is_the_products_own_fault(demo):
    await demo.store(content={"images": ["/images/1.jpg"]})
    await demo.push("A-100")
    (event,) = demo.events("push.failed")
    assert (event["status"], event["code"], event["missing"]) == ("incomplete", "image_address", ["images"])
    assert "/images/1.jpg" in event["message"]


@pytest.mark.parametrize("size", [(299, 400), (400, 120)])
async def test_ed9_a_small_image_is_refused_before_the_upload_with_its_address(demo, picture, size):
    await demo.store(content={"images": [demo.images.add("small.jpg", picture(size=size))]})
    await demo.push("A-100")
    (event,) = demo.events("push.failed")
    assert (event["code"], event["missing"]) == ("image_small", ["images"])
    assert "small.jpg" in event["message"]
    assert demo.sandbox.journal.requests["upload_image"] == 0


async def test_the_same_image_asked_for_by_many_at_once_is_uploaded_once(demo, picture):
    """Also at different addresses, and for one use after the other."""
    content = picture("banner", size=(1200, 1200))
    addresses = [demo.images.add(f"copy-{number}.jpg", content) for number in range(3)]
    for number in range(12):
        html = f'<p>説明<img src="{addresses[number % 3]}"></p>'
        await demo.store(f"P-{number}", content={"images": [addresses[number % 3]], "description": html})
    await demo.push(*[f"P-{number}" for number in range(12)])
    assert len(demo.events("push.succeeded")) == 12
    assert demo.sandbox.journal.requests["upload_image"] == 2  # MAIN_IMAGE and DESCRIPTION_IMAGE


async def test_an_upload_that_tiktok_has_lost_is_repeated(demo):
    """12052722: TikTok's answer counts more than the cache."""
    await demo.store()
    await demo.push("A-100")
    (product,) = demo.sandbox.world.shop("demo").products.values()
    demo.sandbox.world.images._images.pop(product.content.main_images[0].uri)
    await demo.store(content={"name": "新しい靴下"}, content_version=2)
    await demo.push("A-100")

    async def is_edited():
        await demo.quiet()
        return any(event["action"] == "edited" for event in demo.events("push.succeeded"))

    await eventually(is_edited, what="the edit")
    assert demo.events("push.failed") == []
    assert demo.sandbox.journal.requests["upload_image"] == 2


class TestPrivateAddresses:
    @pytest.fixture
    def publisher_settings(self):
        return {"image_allow_private": False}

    async def test_they_are_refused_by_default(self, demo):
        await demo.store()
        await demo.push("A-100")
        (event,) = demo.events("push.failed")
        assert event["code"] == "image_private"
        assert demo.images.requests == []


class TestLargeFiles:
    @pytest.fixture
    def publisher_settings(self):
        return {"image_max_bytes": 2000}

    async def test_they_are_refused(self, demo, picture):
        await demo.store(content={"images": [demo.images.add("big.png", picture(kind="BMP"))]})
        await demo.push("A-100")
        assert demo.events("push.failed")[0]["code"] == "image_too_large"

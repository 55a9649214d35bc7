import io

import pytest
from PIL import Image

from publisher.addresses import is_public, resolve
from publisher.errors import ImageUnusable
from publisher.pictures import prepare


@pytest.mark.parametrize(
    "ip",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.9.9", "169.254.169.254", "100.64.0.1", "224.0.0.1",
     "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "2002:7f00:1::"],
)  # fmt: skip
def test_private_addresses_are_not_public(ip):
    assert not is_public(ip)


def test_public_addresses_are():
    assert is_public("8.8.8.8")
    assert is_public("2606:4700:4700::1111")


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1/x.jpg", "http://localhost:8080/x.jpg", "http://[::1]/x", "http://2130706433/x", "file:///etc/passwd",
     "/images/1.jpg", "ftp://h/x", "http://user:pw@8.8.8.8/x", "http://h:99999/x", ""],
)  # fmt: skip
async def test_addresses_that_are_never_fetched(address):
    with pytest.raises(ImageUnusable):
        await resolve(address, allow_private=False)


async def test_private_ones_are_fetched_when_allowed():
    assert await resolve("http://127.0.0.1:9/x.jpg", allow_private=True) == "127.0.0.1"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_fitting_files_are_uploaded_as_they_are(picture, kind):
    content = picture(kind=kind)
    assert prepare(content, "MAIN_IMAGE", name="x") is content


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP"])
def test_other_formats_become_jpeg(picture, kind):
    ready = prepare(picture(kind=kind), "MAIN_IMAGE", name="x")
    with Image.open(io.BytesIO(ready)) as made:
        assert (made.format, made.size) == ("JPEG", (320, 320))


def test_large_pictures_are_shrunk(picture):
    with Image.open(io.BytesIO(prepare(picture(size=(5000, 1000)), "MAIN_IMAGE", name="x"))) as made:
        assert made.size == (4000, 800)


@pytest.mark.parametrize(
    ("size", "use_case"),
    [((299, 400), "MAIN_IMAGE"), ((99, 400), "DESCRIPTION_IMAGE"), ((1000, 1100), "SIZE_CHART_IMAGE")],
)
def test_small_pictures_are_refused_by_name(picture, size, use_case):
    with pytest.raises(ImageUnusable, match="here: "):
        prepare(picture(size=size), use_case, name="here")


def test_what_is_no_picture_is_refused(picture):
    whole = picture()
    for content in (b"", b"<html>", whole[: len(whole) // 2]):
        with pytest.raises(ImageUnusable):
            prepare(content, "MAIN_IMAGE", name="x")


def test_a_decompression_bomb_is_refused():
    out = io.BytesIO()
    Image.new("1", (20000, 20000)).save(out, "PNG")
    with pytest.raises(ImageUnusable):
        prepare(out.getvalue(), "MAIN_IMAGE", name="x")


async def test_images_are_uploaded_once_per_content(demo):
    shared = demo.images.add("shared.jpg")
    for number in range(3):
        await demo.store(f"P-{number}", content={"images": [shared]})
        await demo.push(f"P-{number}")
    assert demo.sandbox.journal.requests["upload_image"] == 1
    assert [status for name, status in demo.images.requests if name == "shared.jpg"] == [200, 304, 304]


async def test_a_changed_image_at_the_same_address_is_uploaded_anew(demo, picture):
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
    assert "gone.png" in event["warnings"][0]
    assert "/relative.jpg" in event["warnings"][1]


async def test_a_main_image_that_is_gone_fails_the_push_by_name(demo):
    await demo.store(content={"images": [f"{demo.images.url}/gone.jpg"]})
    await demo.push("A-100")
    (event,) = demo.events("push.failed")
    assert (event["status"], event["missing"]) == ("incomplete", ["images"])
    assert "gone.jpg" in event["message"]
    assert "404" in event["message"]


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

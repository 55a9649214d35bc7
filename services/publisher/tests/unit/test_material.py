import asyncio
from typing import Any

import pytest

from publisher.content.description import MAX_DESCRIPTION
from publisher.content.material import MaterialGatherer
from publisher.content.requirements import read_requirements
from publisher.errors import ContentRefused, ImageUnusable, RateLimited, Unavailable
from publisher.model import UploadedImage


class Images:
    """Uploads every address but those in `bad`; keeps the requests."""

    def __init__(self, bad=None, url_length=60):
        self.bad = bad or {}
        self.asked = []
        self.together = 0
        self._now = 0
        self._url = "u" * url_length

    async def uploaded(self, api, address, use_case):
        self.asked.append((address, use_case))
        self._now += 1
        self.together = max(self.together, self._now)
        await asyncio.sleep(0)
        self._now -= 1
        if address in self.bad:
            raise self.bad[address]
        return UploadedImage(f"tos/{address}", f"https://img/{address}{self._url}", 600, 600)


class Categories:
    def __init__(self, rules=None):
        self.rules = rules or {}

    async def requirements(self, api, category_id, category_version):
        return read_requirements({}, self.rules)


@pytest.fixture
def gather(snapshot):
    async def gather(fake=None, rules=None, /, **content):
        product = snapshot(content={"attributes": [], **content})
        images: Any = fake or Images()
        categories: Any = Categories(rules)
        no_api: Any = None
        return await MaterialGatherer(images, categories).gather(product, no_api, "v1")

    return gather


async def test_main_images_keep_their_order_and_are_fetched_side_by_side(gather):
    images = Images()
    material = await gather(images, images=[str(number) for number in range(12)])
    assert material.main_image_uris == tuple(f"tos/{number}" for number in range(9))
    assert images.together == 9
    assert any(note.startswith("images: the first 9 of 12") for note in material.notes)


async def test_the_same_picture_twice_is_sent_once(gather):
    assert (await gather(images=["1", "2", "1"])).main_image_uris == ("tos/1", "tos/2")


async def test_a_bad_main_image_fails_the_push_and_a_bad_one_in_the_description_does_not(gather):
    bad = {"http://h/x": ImageUnusable("image_small", "http://h/x: 9x9 px")}
    with pytest.raises(ImageUnusable):
        await gather(Images(bad), images=["1", "http://h/x"])
    html = '<p>説明<img src="http://h/x"><img src="http://h/y"></p>'
    material = await gather(Images(bad), images=["1"], description=html)
    assert material.description.count("<img") == 1
    assert material.notes == ("description: an image was left out, http://h/x: 9x9 px",)


@pytest.mark.parametrize("error", [RateLimited("429", "slow"), Unavailable("http_502", "no answer")])
async def test_errors_of_tiktok_leave_no_image_out(gather, error):
    images = Images({"http://h/x": error})
    with pytest.raises(type(error)):
        await gather(images, images=["1"], description='<img src="http://h/x">')


async def test_a_description_whose_only_images_fail_becomes_the_name(gather):
    images = Images({"http://h/x": ImageUnusable("image_http_404", "http://h/x: 404")})
    material = await gather(images, images=["1"], description='<img src="http://h/x">')
    assert material.description == "<p>綿の靴下</p>"
    assert "the name stands in its place" in material.notes[-1]


async def test_as_many_images_as_fit_beside_the_text(gather):
    html = "<p>" + "文字" * 4_500 + "</p>" + "".join(f'<img src="http://h/{number}">' for number in range(40))
    material = await gather(Images(url_length=100), images=["1"], description=html)
    assert len(material.description) <= MAX_DESCRIPTION
    shown = material.description.count("<img")
    assert 3 < shown < 30
    assert f"description: {30 - shown} images were left out, it would have been too long with them" in material.notes
    assert "description: the first 30 of 40 images were sent" in material.notes


@pytest.mark.parametrize(
    ("rules", "uri", "asked"),
    [
        ({}, "tos/c", 1),
        ({"size_chart": {"is_supported": True}}, "tos/c", 1),
        ({"size_chart": {"is_supported": False}}, None, 0),
    ],
)
async def test_a_size_chart_goes_where_the_category_takes_one(gather, rules, uri, asked):
    images = Images()
    material = await gather(images, rules, images=["1"], size_chart_image="c")
    assert material.size_chart_uri == uri
    assert [use for _, use in images.asked].count("SIZE_CHART_IMAGE") == asked
    assert ("size_chart_image: left out, the category takes no size chart" in material.notes) == (uri is None)


async def test_a_bad_size_chart_is_named_as_one(gather):
    with pytest.raises(ImageUnusable) as refused:
        await gather(Images({"c": ImageUnusable("image_small", "c: 80x80 px")}), images=["1"], size_chart_image="c")
    assert refused.value.field == "size_chart_image"


async def test_ed8_the_category_is_asked_before_anything_is_fetched(gather):
    images = Images()
    with pytest.raises(ContentRefused) as refused:
        await gather(images, {"size_chart": {"is_required": True}}, images=["1"])
    assert refused.value.fields == ("size_chart_image",)
    assert images.asked == []

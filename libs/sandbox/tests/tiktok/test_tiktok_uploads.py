"""Pictures and files: what is refused, what is stored, how a picture is changed."""

import io
import struct

import httpx
import pytest
from PIL import Image

from shopsync_sandbox.tiktok import ApiError

IMAGES, FILES = "/product/202309/images/upload", "/product/202309/files/upload"
OPTIMIZE, SIZE_CHARTS = "/product/202404/images/optimize", "/product/202407/sizecharts/search"


def heic(width, height):
    """The boxes that say how large the picture is."""
    size = b"ispe" + bytes(4) + struct.pack(">II", width, height)
    return struct.pack(">I", 16) + b"ftypheic" + bytes(4) + struct.pack(">I", 4 + len(size)) + size + bytes(16)


async def form(api, path, name=None, content=b"", file_name="a.bin"):
    """A signed form with one file."""
    fields = {} if name is None else {"name": name}
    request = httpx.Request("POST", "http://x", data=fields, files={"data": (file_name, content)})
    headers = {"content-type": request.headers["content-type"]}
    answer = await api.send("POST", path, query=api.query(cipher=False), body=request.read(), headers=headers)
    return answer.json()


@pytest.mark.parametrize(
    ("width", "height", "use_case", "kept"),
    [
        (400, 400, "MAIN_IMAGE", (400, 400)),
        (300, 400, "MAIN_IMAGE", (300, 400)),
        (400, 300, "MAIN_IMAGE", (400, 300)),
        (300, 401, "MAIN_IMAGE", (401, 401)),
        (401, 300, "ATTRIBUTE_IMAGE", (401, 401)),
        (900, 300, "DESCRIPTION_IMAGE", (900, 300)),
        (1024, 2048, "SIZE_CHART_IMAGE", (1024, 2048)),
        (100, 100, "CERTIFICATION_IMAGE", (100, 100)),
    ],
)
async def test_pictures_far_from_square_become_square_where_their_use_wants_it(
    refusing, picture, width, height, use_case, kept
):
    data = (await refusing.upload(picture(width, height, "red"), use_case))["data"]
    assert ((data["width"], data["height"]), data["use_case"]) == (kept, use_case)
    served = await refusing.http.get(data["url"])
    assert Image.open(io.BytesIO(served.content)).size == kept


async def test_the_same_bytes_have_one_uri_and_the_square_another(refusing, picture):
    wide = picture(900, 300, "blue")
    uploads = [(await refusing.upload(wide, use))["data"] for use in ("MAIN_IMAGE", "MAIN_IMAGE", "DESCRIPTION_IMAGE")]
    assert uploads[0] == uploads[1]
    assert uploads[0]["uri"] != uploads[2]["uri"]


@pytest.mark.parametrize(
    ("width", "height", "use_case", "documented", "observed"),
    [
        (299, 400, "MAIN_IMAGE", 12038014, 0),
        (4001, 4001, "MAIN_IMAGE", 12038014, 0),
        (99, 200, "DESCRIPTION_IMAGE", 12038014, 12038014),
        (1023, 2000, "SIZE_CHART_IMAGE", 12038014, 0),
        (400, 400, "POSTER", 36009004, 36009004),
    ],
)
async def test_documented_and_observed_rules(api, picture, width, height, use_case, documented, observed):
    content = picture(width, height)
    assert (await api.upload(content, use_case))["code"] == documented
    api.sandbox.change_settings({"image_rules": "observed"})
    assert (await api.upload(content, use_case))["code"] == observed


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", 12038002), (b"no picture", 12038002), (b"\x89PNG" + bytes(10 * 1024 * 1024), 12038005)],
)
async def test_bad_files(refusing, content, code):
    assert (await refusing.upload(content))["code"] == code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"])
async def test_formats(refusing, picture, kind):
    assert (await refusing.upload(picture(400, 400, "green", kind)))["code"] == (
        0 if kind in {"JPEG", "PNG", "WEBP", "BMP"} else 12038004
    )


async def test_heic_is_taken_by_its_header(refusing):
    data = (await refusing.upload(heic(640, 480)))["data"]
    assert (data["width"], data["height"]) == (640, 480)
    assert (await refusing.http.get(data["url"])).headers["content-type"] == "image/heic"
    wide = (await refusing.upload(heic(1600, 400)))["data"]
    assert (wide["width"], wide["height"]) == (1600, 1600)
    assert (await refusing.upload(b"\0\0\0\x10ftypheic" + bytes(64)))["code"] == 12038002


async def test_a_form_without_a_file_is_refused(refusing):
    boundary = "x"
    body = f'--{boundary}\r\ncontent-disposition: form-data; name="use_case"\r\n\r\nMAIN_IMAGE\r\n--{boundary}--\r\n'
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    query = refusing.query(cipher=False)
    answer = await refusing.send("POST", IMAGES, query=query, body=body.encode(), headers=headers)
    assert (answer.json()["code"], "data" in answer.json()["message"]) == (36009004, True)


async def test_files_are_kept_and_served(refusing):
    data = (await form(refusing, FILES, "manual.pdf", b"%PDF-1.7 x"))["data"]
    assert (data["name"], data["format"]) == ("manual.pdf", "PDF")
    served = await refusing.http.get(data["url"])
    assert (served.content, served.headers["content-type"]) == (b"%PDF-1.7 x", "application/pdf")
    film = (await form(refusing, FILES, None, b"film", "film.mp4"))["data"]
    assert (film["format"], film["id"] != data["id"]) == ("MP4", True)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("manual.pdf", b"no pdf", 12038002),
        ("manual.pdf", b"", 12038002),
        ("manual.doc", b"x", 12038004),
        ("manual.pdf", b"%PDF-" + bytes(20 * 1024 * 1024), 12038005),
        ("film.mp4", bytes(100 * 1024 * 1024 + 65_536), 36009021),
    ],
)
async def test_files_that_are_refused(refusing, name, content, code):
    assert (await form(refusing, FILES, name, content))["code"] == code


def test_a_film_has_at_most_100_megabytes(refusing):
    with pytest.raises(ApiError, match="12038005"):
        refusing.sandbox.world.files.add("film.mov", bytes(100 * 1024 * 1024 + 1))


async def test_a_white_background_takes_a_while(api, picture):
    grey, white = [(await api.upload(picture(400, 400, colour)))["data"] for colour in ("grey", "white")]
    body = {"images": [{"uri": u["uri"], "optimization_mode": ["WHITE_BACKGROUND"]} for u in (grey, white)]}
    first = (await api.ok("POST", OPTIMIZE, body))["images"]
    assert [row["optimize_status"] for row in first] == ["PROCESSING", "PROCESSING"]
    assert (first[0]["original_uri"], first[0]["width"]) == (grey["uri"], 400)
    api.clock.ahead += 2
    done, ignored = (await api.ok("POST", OPTIMIZE, body))["images"]
    assert (done["optimize_status"], ignored["optimize_status"]) == ("SUCCESS", "IGNORE")
    assert "optimized_uri" not in ignored
    served = await api.http.get(done["optimized_url"])
    assert Image.open(io.BytesIO(served.content)).getpixel((0, 0)) == (255, 255, 255)
    again = {"images": [{"uri": done["optimized_uri"]}]}
    assert (await api.ok("POST", OPTIMIZE, again))["images"][0]["optimize_status"] == "IGNORE"
    listed = await api.create(main_images=[{"uri": done["optimized_uri"]}])
    assert listed["product_id"]


@pytest.mark.parametrize(
    ("images", "code"),
    [
        ([], 36009004),
        ([{"uri": "tos-sim-jp/unknown"}], 36009004),
        ([{}], 36009004),
        ([{"uri": "x"}] * 201, 36009004),
        ([{"uri": "x", "optimization_mode": ["BLUR"]}], 36009004),
    ],
)
async def test_optimisations_that_are_refused(refusing, images, code):
    assert (await refusing.call("POST", OPTIMIZE, {"images": images}))["code"] == code


async def test_size_charts(refusing):
    async def search(body, **query):
        return await refusing.ok("POST", SIZE_CHARTS, body, cipher=False, **query)

    first = await search({}, page_size="1")
    assert (first["total_count"], len(first["size_chart"])) == (2, 1)
    second = await search({}, page_size="1", page_token=first["next_page_token"])
    assert second["next_page_token"] == ""
    ids = [page["size_chart"][0]["template_id"] for page in (first, second)]
    assert len(set(ids)) == 2
    found = await search({"ids": ids[1:], "keyword": "ignored"}, page_size="10")
    assert [chart["template_id"] for chart in found["size_chart"]] == ids[1:]
    assert (await search({"keyword": "靴下"}, page_size="10"))["total_count"] == 1
    assert (await search({"size_chart_mode": "PRODUCT_SCOPED"}, page_size="10"))["total_count"] == 0
    refused = await refusing.call("POST", SIZE_CHARTS, {"ids": ids * 26}, cipher=False, page_size="10")
    assert refused["code"] == 36009004

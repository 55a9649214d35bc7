import asyncio
import contextlib
import hashlib
import io

import pytest
from PIL import Image, ImageChops, ImageCms

from publisher.errors import ImageUnusable
from publisher.images import conversion, conversion_cache
from publisher.images.conversion import prepare
from publisher.images.conversion_cache import ConversionCache


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(content):
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def opened_of(prepared):
    assert prepared.note == ""
    return opened(prepared.content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_fitting_files_are_uploaded_as_they_are(picture, kind):
    content = picture(kind=kind)
    assert prepare(content, "MAIN_IMAGE").content is content


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP", "TIFF", "AVIF", "MPO", "PPM"])
def test_other_formats_become_jpeg(picture, kind):
    made = opened_of(prepare(picture(kind=kind), "MAIN_IMAGE"))
    assert (made.format, made.size) == ("JPEG", (320, 320))


@pytest.mark.parametrize(("use_case", "size"), [("MAIN_IMAGE", (4000, 800)), ("DESCRIPTION_IMAGE", (3999, 800))])
def test_large_pictures_are_shrunk(picture, use_case, size):
    """Description images have to stay under 4,000 px, main images may have them."""
    assert opened_of(prepare(picture(size=(5000, 1000)), use_case)).size == size


def test_a_picture_lying_on_its_side_is_shrunk_the_right_way(picture):
    exif = Image.Exif()
    exif[0x0112] = 8
    content = saved(Image.new("RGB", (5000, 1000), "red"), "JPEG", exif=exif)
    assert opened_of(prepare(content, "MAIN_IMAGE")).size == (800, 4000)


def test_a_picture_is_put_upright():
    """The camera was turned: the file is 400 wide, the picture is 600."""
    image = Image.new("RGB", (400, 600), "white")
    image.paste("black", (0, 0, 400, 100))
    exif = Image.Exif()
    exif[0x0112] = 6
    made = opened_of(prepare(saved(image, "JPEG", exif=exif), "MAIN_IMAGE"))
    assert made.size == (600, 400)
    assert (made.getpixel((590, 200)) < (40, 40, 40), made.getpixel((10, 200)) > (215, 215, 215)) == (True, True)
    assert made.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_becomes_white(mode):
    made = opened_of(prepare(saved(Image.new(mode, (320, 320)), "PNG"), "MAIN_IMAGE"))
    assert (made.format, made.mode, made.getpixel((5, 5))) == ("JPEG", "RGB", (255, 255, 255))


def test_a_transparent_palette_becomes_white():
    image = Image.new("P", (320, 320))
    image.putpalette([255, 0, 0, 0, 255, 0])
    made = opened_of(prepare(saved(image, "PNG", transparency=0), "MAIN_IMAGE"))
    assert made.getpixel((5, 5)) == (255, 255, 255)


def test_cmyk_becomes_rgb():
    made = opened_of(prepare(saved(Image.new("CMYK", (320, 320), (0, 255, 255, 0)), "JPEG"), "MAIN_IMAGE"))
    red, green, blue = made.getpixel((5, 5))
    assert made.mode == "RGB"
    assert red > 200
    assert max(green, blue) < 60


def test_sixteen_bits_keep_their_shades():
    made = opened_of(prepare(saved(Image.new("I;16", (320, 320), 0x4000), "PNG"), "MAIN_IMAGE"))
    assert abs(made.getpixel((5, 5))[0] - 0x40) < 3


def test_colours_of_another_profile_are_converted():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    content = saved(Image.new("RGB", (320, 320), "red"), "WEBP", icc_profile=profile)
    assert opened_of(prepare(content, "MAIN_IMAGE")).mode == "RGB"


def swapped_profile():
    """An RGB profile whose red means green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(profile[place : place + 4]): place + 4 for place in range(132, 132 + 12 * profile[131], 12)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    profile[red : red + 8], profile[green : green + 8] = profile[green : green + 8], profile[red : red + 8]
    return bytes(profile)


@pytest.mark.parametrize("alpha", [255, 0, 128])
@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_the_profile_of_a_picture_with_transparency_counts(kind, alpha):
    image = Image.new("RGBA", (320, 320), (200, 40, 60, 255))
    image.putpixel((0, 0), (0, 0, 0, alpha))
    image.paste((255, 255, 255, 0), (100, 100, 200, 200))
    options = {"lossless": True} if kind == "WEBP" else {}
    content = saved(image, kind, icc_profile=swapped_profile(), **options)
    made = opened_of(prepare(content, "MAIN_IMAGE"))
    red, green, _ = made.getpixel((300, 300))
    assert green - red > 100
    assert min(made.getpixel((150, 150))) > 245


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L", "CMYK"])
@pytest.mark.parametrize("profile", ["LAB", "broken"])
def test_a_profile_of_other_colours_changes_nothing(mode, profile):
    other = b"no profile" if profile == "broken" else ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    content = saved(Image.new("RGB", (320, 320), (200, 40, 60)).convert(mode), "TIFF", icc_profile=other)
    plain = saved(Image.new("RGB", (320, 320), (200, 40, 60)).convert(mode), "TIFF")
    assert prepare(content, "MAIN_IMAGE").content == prepare(plain, "MAIN_IMAGE").content


def test_a_photograph_under_a_wrong_file_type_is_known_by_its_content(picture):
    """A `photo.jpg` that is really a WEBP: tools of shops convert uploads without a word."""
    assert opened_of(prepare(picture(kind="WEBP"), "MAIN_IMAGE")).format == "JPEG"


def test_an_animation_becomes_its_first_picture():
    frames = [Image.new("RGB", (320, 320), colour) for colour in ("red", "blue")]
    content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert opened_of(prepare(content, "MAIN_IMAGE")).getpixel((5, 5))[0] > 200


def test_a_file_over_ten_megabytes_is_compressed(monkeypatch):
    monkeypatch.setattr(conversion, "_MAX_UPLOAD", 400_000)
    noise = Image.effect_noise((900, 900), 90).convert("RGB")
    made = prepare(saved(noise, "PNG"), "MAIN_IMAGE").content
    assert len(made) <= 400_000
    assert opened(made).size == (900, 900)
    monkeypatch.setattr(conversion, "_MAX_UPLOAD", 10_000)
    with pytest.raises(ImageUnusable, match="stays over"):
        prepare(saved(noise, "PNG"), "MAIN_IMAGE")


@pytest.mark.parametrize(
    ("size", "use_case"),
    [
        ((299, 400), "MAIN_IMAGE"),
        ((99, 400), "DESCRIPTION_IMAGE"),
        ((1000, 1100), "SIZE_CHART_IMAGE"),
        ((8000, 500), "MAIN_IMAGE"),
    ],
)
def test_ed9_small_pictures_are_refused_with_their_size(picture, size, use_case):
    with pytest.raises(ImageUnusable, match=f"{size[0]}x{size[1]} px, TikTok needs"):
        prepare(picture(size=size), use_case)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"<html><body>404</body></html>", "web page"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1", "HEIC"),
        (b"\x00" * 100, "no image"),
    ],
)
def test_what_is_no_picture_is_refused_with_advice(content, words):
    with pytest.raises(ImageUnusable, match=words) as refused:
        prepare(content, "MAIN_IMAGE")
    assert refused.value.code == "image_format"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_file_that_ends_too_early_is_refused(picture, kind):
    whole = picture(kind=kind)
    with pytest.raises(ImageUnusable):
        prepare(whole[: len(whole) // 2], "MAIN_IMAGE")


def noise(size=(320, 320), **options):
    """None whose last 6 or 7 bits are padding: Pillow may take it for whole without the last byte of the end mark."""
    while True:
        content = saved(Image.effect_noise(size, 60).convert("RGB"), "JPEG", quality=90, **options)
        if content[-3] not in (0x3F, 0x7F):
            return content


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("size", [(320, 320), (1_500, 900)])
@pytest.mark.parametrize("cut", [1, 2, 3, 20])
def test_a_jpeg_without_its_end_is_completed_with_a_note(size, progressive, cut):
    content = noise(size, progressive=progressive)
    made = prepare(content[:-cut], "MAIN_IMAGE")
    assert made.note == "the file ends too early and was completed: save it again"
    assert opened(made.content).size == size
    if cut <= 2:
        assert made.content == content
        assert ImageChops.difference(opened(made.content), opened(content)).getbbox() is None


@pytest.mark.parametrize("cut", [1, 2])
def test_zeros_at_the_end_of_the_picture_are_not_taken_for_padding(cut):
    content = next(made for _ in range(1_000) if (made := noise())[-3] == 0)
    assert prepare(content[:-cut], "MAIN_IMAGE").content == content
    assert opened(prepare(content[:-cut] + bytes(4_096), "MAIN_IMAGE").content).size == (320, 320)


def test_a_large_jpeg_without_its_end_is_completed_and_shrunk():
    made = prepare(noise((5_000, 3_000))[:-2], "MAIN_IMAGE")
    assert opened(made.content).size == (4_000, 2_400)
    assert made.note


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("part", [0.05, 0.2, 0.9])
@pytest.mark.parametrize("filler", [b"", b"\x00" * 5_000])
def test_a_jpeg_that_lacks_part_of_the_picture_is_refused(progressive, part, filler):
    content = noise((800, 800), progressive=progressive)
    with pytest.raises(ImageUnusable) as refused:
        prepare(content[: int(len(content) * (1 - part))] + filler, "MAIN_IMAGE")
    assert refused.value.code == "image_broken"


@pytest.mark.parametrize("cut", [1, 4, 12])
def test_a_png_without_its_end_is_encoded_again(cut):
    content = saved(Image.effect_noise((320, 320), 60), "PNG")
    assert opened(prepare(content[:-cut], "MAIN_IMAGE").content).format == "JPEG"


def lab(colour):
    srgb, own = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return ImageCms.profileToProfile(Image.new("RGB", (320, 320), colour), srgb, own, outputMode="LAB")


def of_mode(mode):
    """A picture of every mode that Pillow has, in a format that keeps it, and the colour it shows."""
    red, grey = (200, 40, 60), (128, 128, 128)
    match mode:
        case "1":
            return saved(Image.new("1", (320, 320), 1), "TIFF"), (255, 255, 255)
        case "L" | "LA" | "P" | "PA":
            return saved(Image.new("L", (320, 320), 128).convert(mode), "TIFF"), grey
        case "RGB" | "RGBA" | "YCbCr":
            return saved(Image.new("RGB", (320, 320), red).convert(mode), "TIFF"), red
        case "CMYK":
            return saved(Image.new("CMYK", (320, 320), (55, 215, 195, 0)), "TIFF"), red
        case "LAB":
            return saved(lab(red), "TIFF"), red
        case "I;16" | "I;16B":
            return saved(Image.new(mode, (320, 320), 0x8000), "TIFF"), grey
        case "I":
            return saved(Image.new("I", (320, 320), 0x8000), "PPM"), grey
    return None


# Modes that exist in memory only: no file opens in them.
IN_MEMORY = {"RGBX", "RGBa", "La", "HSV", "I;16L", "I;16N"}
ALL_MODES = sorted({*Image.MODES, "I;16", "I;16B", "I;16L", "I;16N", "PA", "LA", "La", "RGBa", "RGBX"})


@pytest.mark.parametrize("mode", [mode for mode in ALL_MODES if mode not in IN_MEMORY | {"F"}])
def test_every_mode_keeps_its_colours(mode):
    content, colour = of_mode(mode)
    assert Image.open(io.BytesIO(content)).mode == mode
    made = opened_of(prepare(content, "MAIN_IMAGE")).convert("RGB")
    assert all(abs(one - other) < 6 for one, other in zip(made.getpixel((5, 5)), colour, strict=True))


@pytest.mark.parametrize("mode", sorted(IN_MEMORY))
def test_modes_in_memory_are_opened_from_no_file(mode):
    for kind in ("TIFF", "PNG", "WEBP", "JPEG2000", "PPM"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            assert Image.open(io.BytesIO(saved(Image.new(mode, (320, 320)), kind))).mode != mode


@pytest.mark.parametrize(("mode", "shade"), [("I", 0x8000), ("I", 2**31 - 1), ("F", 0.5), ("F", 128.0)])
def test_shades_of_32_bits_are_refused_by_name(mode, shade):
    with pytest.raises(ImageUnusable, match="32 bits") as refused:
        prepare(saved(Image.new(mode, (320, 320), shade), "TIFF"), "MAIN_IMAGE")
    assert refused.value.code == "image_depth"


def test_a_transparent_shade_of_sixteen_bits_does_no_harm():
    content = saved(Image.new("I;16", (320, 320), 0x8000), "PNG", transparency=0x8000)
    assert abs(opened_of(prepare(content, "MAIN_IMAGE")).getpixel((5, 5))[0] - 128) < 3


@pytest.mark.parametrize("side", [8_000, 20_000])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(side):
    content = saved(Image.new("1", (side, side)), "PNG")
    with pytest.raises(ImageUnusable) as refused:
        prepare(content, "MAIN_IMAGE")
    assert refused.value.code == "image_pixels"


class TestReadyPictures:
    """The same content is decoded once per use case, also when that fails."""

    @pytest.fixture
    def decoded(self, monkeypatch):
        calls = []

        def counting(content, use_case):
            calls.append(use_case)
            return prepare(content, use_case)

        monkeypatch.setattr(conversion_cache, "prepare", counting)
        return calls

    async def ask(self, known, content, use_case="MAIN_IMAGE"):
        return await known.prepared(content, hashlib.sha256(content).hexdigest(), use_case)

    @pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
    async def test_decoded_once(self, picture, decoded, kind):
        known, content = ConversionCache(), picture(kind=kind)
        made = await asyncio.gather(*(self.ask(known, content) for _ in range(5)))
        made.append(await self.ask(known, content))
        assert len(set(made)) == 1
        assert decoded == ["MAIN_IMAGE"]
        await self.ask(known, content, "DESCRIPTION_IMAGE")
        assert decoded == ["MAIN_IMAGE", "DESCRIPTION_IMAGE"]

    async def test_refused_once(self, decoded):
        known = ConversionCache()
        for _ in range(2):
            with pytest.raises(ImageUnusable, match="no image"):
                await self.ask(known, b"nothing")
        assert len(decoded) == 1

    async def test_what_is_kept_has_a_limit(self, picture, decoded, monkeypatch):
        monkeypatch.setattr(conversion_cache, "_BUDGET", 3_000)
        known = ConversionCache()
        contents = [picture(seed=str(number), kind="BMP") for number in range(4)]
        for content in contents:
            await self.ask(known, content)
        assert known._known.currsize <= 3_000
        await self.ask(known, contents[3])
        assert len(decoded) == 4
        await self.ask(known, contents[0])
        assert len(decoded) == 5

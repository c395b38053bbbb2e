"""Photos lose what they tell beside their pixels, and not one bit of those."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from audits.memories import photo
from shelfwatch.audits.metadata import strip
from shelfwatch.inference.image import ImageError, decode

PLACE = b"PLACE-OF-THE-SHOP"  # stands for everything that must go
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif(orientation: int = 1) -> Image.Exif:
    tags = Image.Exif()
    tags[ExifTags.Base.Make] = PLACE.decode()
    tags[ExifTags.Base.Orientation] = orientation
    tags.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (52.0, 31.0, 12.0), 29: PLACE.decode()})
    return tags


def check(data: bytes, kept: bytes) -> None:
    """The same upright pixels, nothing to read beside them, and nothing left to strip."""
    before, after = decode(data), decode(kept)
    assert (before.width, before.height) == (after.width, after.height)
    assert np.array_equal(before.pixels, after.pixels)
    assert PLACE not in kept
    with Image.open(io.BytesIO(kept)) as image:
        tags = image.getexif()
        assert set(tags) <= {ExifTags.Base.Orientation}
        assert not tags.get_ifd(ExifTags.IFD.GPSInfo)
        assert not {"xmp", "comment", "photoshop", "Comment"} & set(image.info)
    assert strip(kept) == kept


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_place_goes_and_the_orientation_stays(kind: str, orientation: int) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    data = photo(kind=kind, exif=exif(orientation), xmp=b"<x:xmpmeta>" + PLACE, **options)
    assert PLACE in data
    check(data, strip(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_colour_profile_stays(kind: str) -> None:
    with Image.open(io.BytesIO(strip(photo(kind=kind, icc_profile=PROFILE, exif=exif())))) as image:
        assert image.info["icc_profile"] == PROFILE


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"restart_marker_rows": 1}, {"comment": PLACE}, {"dpi": (300, 300)}]
)
def test_every_kind_of_jpeg(options: dict[str, object]) -> None:
    data = photo(exif=exif(6), **options)
    check(data, strip(data))


def test_colours_told_by_adobes_segment_stay() -> None:
    buffer = io.BytesIO()
    Image.linear_gradient("L").convert("CMYK").save(buffer, "JPEG", exif=exif())
    kept = strip(buffer.getvalue())
    assert b"Adobe" in kept
    check(buffer.getvalue(), kept)


def test_what_trails_a_jpeg_goes() -> None:
    """Phones append films, second pictures and depth maps behind the end."""
    data = photo()
    assert strip(data + PLACE) == strip(data)
    assert strip(data).endswith(b"\xff\xd9")


def test_previews_and_bytes_between_segments_go() -> None:
    data = photo()
    preview = b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01" + b"\x80\x80\x80"  # one by one pixel
    jfif = struct.pack(">BBH", 0xFF, 0xE0, len(preview) + 2) + preview
    extra = struct.pack(">BBH", 0xFF, 0xE0, 26) + b"JFXX\0\x10" + PLACE + b"\0"
    end_of_first = 4 + struct.unpack_from(">H", data, 4)[0]
    made = data[:2] + jfif + extra + b"\xff\xff\xff" + data[end_of_first:]
    kept = strip(made)
    check(made, kept)
    assert b"\x80\x80\x80" not in kept[:32]


def test_text_in_a_png_goes_before_and_behind_the_pixels() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", PLACE.decode())
    texts.add_itxt("Place", PLACE.decode(), zip=False)
    data = photo(kind="PNG", pnginfo=texts)
    start = data.index(b"tEXt") - 4
    text = data[start : start + 12 + struct.unpack_from(">I", data, start)[0]]
    behind = data[:-12] + text + data[-12:] + PLACE
    assert behind.count(PLACE) == 4
    check(behind, strip(behind))


def test_transparency_stays() -> None:
    buffer = io.BytesIO()
    Image.linear_gradient("L").convert("LA").save(buffer, "PNG", exif=exif())
    check(buffer.getvalue(), strip(buffer.getvalue()))
    buffer = io.BytesIO()
    Image.linear_gradient("L").convert("RGBA").save(buffer, "WEBP", lossless=True, exif=exif())
    check(buffer.getvalue(), strip(buffer.getvalue()))


def test_a_film_in_webp_keeps_its_first_picture() -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], exif=exif(3), lossless=True)
    check(buffer.getvalue(), strip(buffer.getvalue()))


def test_the_sample_shelf_is_the_same_to_the_bit(sample: bytes) -> None:
    check(sample, strip(sample))


@given(cut=st.integers(0, 3000), kind=st.sampled_from(["JPEG", "PNG", "WEBP"]), noise=st.binary(max_size=8))
@settings(max_examples=150, deadline=None)
def test_damage_is_refused_or_kept_readable(cut: int, kind: str, noise: bytes) -> None:
    """Whatever the bytes: no other error, and what could be decoded still can."""
    data = photo(kind=kind, exif=exif(6))
    data = data[:cut] + noise + data[cut + len(noise) :]
    try:
        before = decode(data)
    except ValueError:
        before = None
    try:
        kept = strip(data)
    except ImageError:
        assert before is None
        return
    if before is not None:
        assert np.array_equal(decode(kept).pixels, before.pixels)


def test_what_is_no_picture_is_refused() -> None:
    for data in (b"", b"GIF89a", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"\x89PNG\r\n\x1a\n"):
        with pytest.raises(ImageError):
            strip(data)

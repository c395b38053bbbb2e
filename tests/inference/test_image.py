import io
import os
import signal
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from shelfwatch.inference.image import (
    HALVED,
    MAX_PIXELS,
    MAX_WEBP_PIXELS,
    STRIP_PIXELS,
    ImageError,
    ImageTooLargeError,
    Photo,
    UndecodableImageError,
    UnsupportedFormatError,
    decode,
    resize,
    sniff_format,
)
from shelfwatch.inference.letterbox import Letterbox

# Pillow remarks on the damage that these tests do on purpose.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{words}:UserWarning")
    for words in ("Corrupt EXIF data", "Tag data larger than file", "Invalid APNG")
]

ORIENTATION = 0x0112
WIDTH, HEIGHT = 96, 64


def upright():
    """A picture no turn or flip of which equals another: a ramp with a bright corner."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    pixels = np.stack([x * 2, y * 3, (x + y)], axis=2).astype(np.uint8)
    pixels[:16, :24] = (250, 240, 10)
    return pixels


# How a camera that was held so stores the upright scene (Exif 2.32, 4.6.4, tag 274), written with arrays only.
STORED = {
    1: lambda u: u,
    2: lambda u: u[:, ::-1],
    3: lambda u: u[::-1, ::-1],
    4: lambda u: u[::-1],
    5: lambda u: u.swapaxes(0, 1),
    6: lambda u: np.rot90(u, 1),
    7: lambda u: u[::-1, ::-1].swapaxes(0, 1),
    8: lambda u: np.rot90(u, -1),
}


def encode(image, kind="PNG", orientation=None, **options):
    if not isinstance(image, Image.Image):
        image = Image.fromarray(np.ascontiguousarray(image))
    if orientation is not None:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        options["exif"] = exif
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def lossless(image, kind, **options):
    """The nearest to lossless each format has, and the error it may leave."""
    if kind == "JPEG":
        return encode(image, kind, quality=100, subsampling=0, **options), 6
    if kind == "WEBP":
        return encode(image, kind, lossless=True, exact=True, **options), 0
    return encode(image, kind, **options), 0


def assert_pixels(photo, expected, tolerance=0):
    assert isinstance(photo, Photo)
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.shape == expected.shape
    assert np.abs(photo.pixels.astype(int) - expected.astype(int)).max() <= tolerance


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_header(width, height):
    """A PNG that announces a size and then holds not one pixel."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def animation(kind):
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    return encode(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, lossless=True)


class TestFormat:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_content_decides(self, kind):
        data, tolerance = lossless(upright(), kind)
        assert sniff_format(data) == kind
        photo = decode(data)
        assert (photo.width, photo.height) == (WIDTH, HEIGHT)
        assert_pixels(photo, upright(), tolerance)

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"a photo of a shelf",
            b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
            b"%PDF-1.7",
            b"RIFF\x24\x00\x00\x00WAVEfmt ",
            b"RIFF",
            b"\xff\xd8",
            b"\x89PNG\r\n",
            b"\x00\x00\x00\x18ftypheic",
            encode(upright(), "GIF"),
            encode(upright(), "BMP"),
            encode(upright(), "TIFF"),
            encode(upright(), "PPM"),
        ],
        ids=["empty", "text", "svg", "pdf", "wave", "riff", "2-bytes", "6-bytes", "heic", "gif", "bmp", "tiff", "ppm"],
    )
    def test_everything_else_is_unsupported(self, data):
        assert sniff_format(data) is None
        with pytest.raises(UnsupportedFormatError, match="JPEG, PNG or WebP"):
            decode(data)

    def test_another_picture_behind_a_signature_is_not_tried_as_what_it_is(self):
        # A GIF's content behind a JPEG signature must meet the JPEG reader and no other.
        with pytest.raises(UndecodableImageError):
            decode(b"\xff\xd8\xff" + encode(upright(), "GIF"))


class TestOrientation:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_stands_upright(self, kind, orientation):
        data, tolerance = lossless(STORED[orientation](upright()), kind, orientation=orientation)
        photo = decode(data)
        assert (photo.width, photo.height) == (WIDTH, HEIGHT)
        assert_pixels(photo, upright(), tolerance)

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_stands_upright_when_decoded_at_reduced_scale(self, orientation):
        big = np.repeat(np.repeat(upright(), 8, axis=0), 8, axis=1)
        data = encode(STORED[orientation](big), "JPEG", orientation=orientation, quality=95)
        photo = decode(data, target=WIDTH)
        assert (photo.width, photo.height) == (8 * WIDTH, 8 * HEIGHT)
        assert photo.pixels.shape == (HEIGHT, WIDTH, 3)
        assert np.abs(photo.pixels.astype(int) - upright()).mean() < 6

    @pytest.mark.parametrize("orientation", [0, 9, 65535])
    def test_values_beyond_the_standard_count_as_upright(self, orientation):
        assert_pixels(decode(encode(upright(), "PNG", orientation=orientation)), upright())

    @pytest.mark.parametrize(
        "block",
        [
            b"Exif\x00\x00" + bytes(range(256)),
            b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff" + b"\x12\x01\x03\x00" * 9,
            b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x02\x00\x00\x00\x04abc\x00\x00\x00\x00\x00",
            b"Exif\x00\x00II*\x00\xff\xff\xff\x7f",
            b"Exif\x00\x00",
        ],
        ids=["noise", "endless", "text-orientation", "far-offset", "nothing"],
    )
    @pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
    def test_broken_exif_does_not_cost_the_picture(self, kind, block):
        data, tolerance = lossless(upright(), kind, exif=block)
        assert_pixels(decode(data), upright(), tolerance)

    def test_broken_exif_in_png(self):
        data = encode(upright())
        after_header = 8 + 25
        data = data[:after_header] + chunk(b"eXIf", b"II*\x00\xff\xff\xff\x7fjunk") + data[after_header:]
        assert_pixels(decode(data), upright())

    def test_png_whose_exif_follows_the_pixels(self):
        turned = encode(STORED[6](upright()), orientation=6)
        start = turned.index(b"eXIf") - 4
        (length,) = struct.unpack(">I", turned[start : start + 4])
        exif = turned[start : start + 12 + length]
        moved = turned.replace(exif, b"")
        moved = moved[:-12] + exif + moved[-12:]
        photo = decode(moved)
        assert (photo.width, photo.height) == (WIDTH, HEIGHT)
        assert_pixels(photo, upright())


class TestMode:
    def test_one_bit(self):
        bits = (np.indices((HEIGHT, WIDTH)).sum(axis=0) // 5 % 2).astype(bool)
        expected = np.repeat((bits * 255).astype(np.uint8)[..., None], 3, axis=2)
        assert_pixels(decode(encode(Image.fromarray(bits))), expected)

    @pytest.mark.parametrize("kind", ["PNG", "JPEG"])
    def test_grey(self, kind):
        grey = upright()[..., 0]
        data, tolerance = lossless(grey, kind)
        assert_pixels(decode(data), np.repeat(grey[..., None], 3, axis=2), tolerance)

    def test_grey_with_alpha_lies_on_white(self):
        grey = np.full((4, 6, 2), 50, np.uint8)
        grey[..., 1] = 0
        grey[0, :, 1] = 255
        expected = np.full((4, 6, 3), 255, np.uint8)
        expected[0] = 50
        assert_pixels(decode(encode(Image.fromarray(grey, "LA"))), expected)

    def test_palette(self):
        image = Image.fromarray(upright()).quantize(64)
        assert_pixels(decode(encode(image)), np.asarray(image.convert("RGB")))

    @pytest.mark.parametrize("transparency", [2, bytes([255, 255, 0])], ids=["one-index", "table"])
    def test_palette_with_transparency_lies_on_white(self, transparency):
        image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
        image.putpalette([255, 0, 0, 0, 128, 0, 7, 8, 9])
        photo = decode(encode(image, transparency=transparency))
        assert photo.pixels.tolist() == [[[255, 0, 0], [0, 128, 0], [255, 255, 255]]]

    def test_grey_with_one_transparent_level_lies_on_white(self):
        data = encode(np.array([[0, 100, 200]], np.uint8), transparency=100)
        assert decode(data).pixels.tolist() == [[[0] * 3, [255] * 3, [200] * 3]]

    def test_rgb_with_one_transparent_colour_lies_on_white(self):
        data = encode(np.array([[[9, 9, 9], [1, 2, 3]]], np.uint8), transparency=(1, 2, 3))
        assert decode(data).pixels.tolist() == [[[9, 9, 9], [255, 255, 255]]]

    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_alpha_lies_on_white(self, kind):
        pixels = np.zeros((8, 12, 4), np.uint8)
        pixels[..., 3] = 255
        pixels[:, :4, 3] = 0  # transparent black must not stay black
        pixels[:, 4:8, 3] = 128
        data, _ = lossless(pixels, kind)
        photo = decode(data)
        assert (photo.pixels[:, :4] == 255).all()
        assert np.abs(photo.pixels[:, 4:8].astype(int) - 127).max() <= 1
        assert (photo.pixels[:, 8:] == 0).all()

    def test_cmyk_jpeg(self):
        cmyk = Image.fromarray(upright()).convert("CMYK")
        photo = decode(encode(cmyk, "JPEG", quality=100, subsampling=0))
        assert_pixels(photo, upright(), 8)

    def test_ycck_jpeg(self):
        # As Photoshop writes it: the three inks in YCbCr, all inverted, and the Adobe segment saying so.
        inks = Image.fromarray(255 - upright()).convert("YCbCr")
        stored = [channel.point(lambda value: 255 - value) for channel in inks.split()]
        image = Image.merge("CMYK", [*stored, Image.new("L", inks.size, 51)])
        data = bytearray(encode(image, "JPEG", quality=100, subsampling=0))
        transform = data.index(b"Adobe") + 11
        assert data[transform] == 0
        data[transform] = 2
        assert_pixels(decode(bytes(data)), np.round(upright() * 0.8), 6)

    def test_16_bit_rgb_with_alpha_keeps_the_high_bytes(self):
        rows = np.zeros((2, 3, 4), ">u2")
        rows[..., :3] = np.array([[0x1234, 0x80FF, 0xFF00]], np.uint16)
        rows[0, :, 3], rows[1, :, 3] = 0xFFFF, 0
        raw = b"".join(b"\0" + row.tobytes() for row in rows)
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 2, 16, 6, 0, 0, 0))
        data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
        assert decode(data).pixels.tolist() == [[[0x12, 0x80, 0xFF]] * 3, [[255] * 3] * 3]

    def test_16_bit_grey_is_scaled_not_clipped(self):
        wide = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
        expected = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
        assert_pixels(decode(encode(Image.fromarray(wide))), expected)

    def test_16_bit_grey_with_orientation(self):
        wide = (upright()[..., 0].astype(np.uint16)) << 8
        photo = decode(encode(STORED[6](wide), orientation=6))
        assert_pixels(photo, np.repeat(upright()[..., :1], 3, axis=2))

    def test_progressive_jpeg(self):
        data = encode(upright(), "JPEG", quality=100, subsampling=0, progressive=True)
        assert_pixels(decode(data), upright(), 6)

    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_animation_gives_its_first_frame(self, kind):
        data = animation(kind)
        with Image.open(io.BytesIO(data)) as check:
            assert check.n_frames == 3
        photo = decode(data)
        assert (photo.width, photo.height) == (20, 10)
        assert (photo.pixels == (255, 0, 0)).all()


class TestLimit:
    def test_judged_before_decoding(self):
        # There is not one pixel behind these headers: only their words can have led to the answer.
        with pytest.raises(ImageTooLargeError):
            decode(png_header(100_000, 100_000))
        with pytest.raises(ImageTooLargeError, match="8000 × 7501 pixels; at most 60 megapixels"):
            decode(png_header(8000, 7501))
        with pytest.raises(UndecodableImageError):
            decode(png_header(8000, 7500))
        assert MAX_PIXELS == 8000 * 7500

    def test_jpeg_header(self):
        data = bytearray(encode(upright(), "JPEG"))
        frame = data.index(b"\xff\xc0") + 5
        data[frame : frame + 4] = struct.pack(">HH", 60_000, 60_000)
        with pytest.raises(ImageTooLargeError):
            decode(bytes(data))

    @pytest.mark.parametrize("side", [9000, 16_384])
    def test_webp_header(self, side):
        data = bytearray(encode(upright(), "WEBP", lossless=True))
        place = data.index(b"VP8L") + 9
        bits = int.from_bytes(data[place : place + 4], "little") >> 28 << 28
        data[place : place + 4] = (bits | (side - 1) | (side - 1) << 14).to_bytes(4, "little")
        with pytest.raises(ImageTooLargeError):
            decode(bytes(data))

    def test_a_webp_has_a_limit_of_its_own(self):
        # 24.0 megapixels are read, and found missing; with one row more, only the header is.
        data = bytearray(encode(upright(), "WEBP", lossless=True))
        place = data.index(b"VP8L") + 9
        bits = int.from_bytes(data[place : place + 4], "little") >> 28 << 28
        for height, error in ((4000, UndecodableImageError), (4001, ImageTooLargeError)):
            data[place : place + 4] = (bits | (6000 - 1) | (height - 1) << 14).to_bytes(4, "little")
            with pytest.raises(error):
                decode(bytes(data))
        assert MAX_WEBP_PIXELS == 6000 * 4000

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_callers_limit_is_inclusive(self, kind):
        data = encode(upright(), kind)
        assert decode(data, max_pixels=WIDTH * HEIGHT).width == WIDTH
        with pytest.raises(ImageTooLargeError, match="96 × 64"):
            decode(data, max_pixels=WIDTH * HEIGHT - 1)

    def test_reduced_decoding_does_not_lift_the_limit(self):
        with pytest.raises(ImageTooLargeError):
            decode(encode(upright(), "JPEG"), target=8, max_pixels=WIDTH * HEIGHT - 1)


class TestScaledDecoding:
    @given(st.integers(1, 700), st.integers(1, 700), st.integers(1, 800))
    @example(768, 431, 192)  # the short side of an exact quarter is no whole number
    @example(640, 639, 80)
    @example(700, 1, 90)
    @settings(max_examples=60, deadline=None)
    def test_never_below_the_target_and_rarely_above_twice(self, width, height, target):
        data = encode(Image.new("RGB", (width, height)), "JPEG")
        photo = decode(data, target=target)
        assert (photo.width, photo.height) == (width, height)
        decoded, full = max(photo.pixels.shape[:2]), max(width, height)
        assert decoded >= min(target, full)
        if min(width, height) * target >= full:  # a strip thinner than that has less than one pixel at the target
            assert decoded < 2 * target or decoded == -(-full // 8)
        # Both sides shrink by the same power of two.
        scale = round(full / decoded)
        assert scale in (1, 2, 4, 8)
        assert photo.pixels.shape == (-(-height // scale), -(-width // scale), 3)

    def test_without_target_at_full_size(self):
        assert decode(encode(np.zeros((400, 600, 3), np.uint8), "JPEG")).pixels.shape == (400, 600, 3)

    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_only_jpeg_has_reduced_scales(self, kind):
        photo = decode(encode(np.zeros((400, 600, 3), np.uint8), kind), target=60)
        assert photo.pixels.shape == (400, 600, 3)

    @pytest.mark.parametrize("mode", ["L", "CMYK"])
    def test_other_jpeg_modes(self, mode):
        photo = decode(encode(Image.new(mode, (800, 600)), "JPEG"), target=100)
        assert photo.pixels.shape == (75, 100, 3)
        assert (photo.width, photo.height) == (800, 600)


class TestShrinking:
    @given(st.integers(1, 900), st.integers(1, 900), st.sampled_from([32, 320, 640]))
    @example(900, 1, 640)
    @settings(max_examples=40, deadline=None)
    def test_the_letterbox_has_nothing_left_to_do(self, width, height, target):
        photo = decode(encode(Image.new("RGB", (width, height)), "PNG"), target=target, shrink=True)
        assert (photo.width, photo.height) == (width, height)
        if max(width, height) < target:
            assert photo.pixels.shape == (height, width, 3)
        else:
            box = Letterbox.fit(width, height, target, 32)
            assert photo.pixels.shape == (box.inner_height, box.inner_width, 3)

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("orientation", STORED)
    def test_the_network_sees_the_same(self, kind, orientation):
        # Turning before or after shrinking rounds otherwise.
        scene = np.asarray(Image.fromarray(upright()).resize((1500, 1000), Image.Resampling.BICUBIC))
        data = encode(STORED[orientation](scene), kind, orientation, quality=90)
        box = Letterbox.fit(1500, 1000, 640, 32)
        plain, shrunk = (box.apply(decode(data, target=640, shrink=shrink)) for shrink in (False, True))
        assert np.abs(plain.astype(int) - shrunk).max() <= (1 if orientation > 1 else 0)

    def test_transparency_lies_on_white_before_it_is_averaged(self):
        image = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
        image.paste((255, 0, 0, 255), (0, 0, 50, 100))
        photo = decode(encode(image), target=50, shrink=True)
        assert photo.pixels[25, 5].tolist() == [255, 0, 0]
        assert photo.pixels[25, 45].tolist() == [255, 255, 255]


class TestResize:
    @pytest.mark.parametrize("size", [(500, 499), (500, 500), (720, 960), (961, 721), (1400, 333), (333, 1401)])
    def test_as_pillow_does_in_one_piece(self, size):
        image = Image.fromarray(noisy(1200, 900)).resize((1632, 1224), Image.Resampling.BICUBIC)
        found, expected = (
            np.asarray(i, int) for i in (resize(image, size), image.resize(size, Image.Resampling.BILINEAR))
        )
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= (1 if size[0] * size[1] >= HALVED else 0)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
    @pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
    def test_in_a_forked_child_too(self):
        image = Image.fromarray(noisy(1200, 900))
        expected = np.asarray(resize(image, (900, 700)))
        child = os.fork()
        if not child:  # nothing here may raise: the child would go on as a second test run
            signal.alarm(20)
            os._exit(0 if np.array_equal(np.asarray(resize(image, (900, 700))), expected) else 1)
        assert os.waitpid(child, 0)[1] == 0


def any_mode(mode, size):
    """Noise over a ramp, in the mode that is asked for, as a PNG."""
    ramp = Image.fromarray(noisy(60, 50)).resize(size, Image.Resampling.BICUBIC)
    if mode == "I;16":
        return encode(Image.fromarray(np.asarray(ramp.convert("L")).astype(np.uint16) * 257), compress_level=1)
    if "A" in mode:
        ramp.putalpha(ramp.getchannel(1))
    if mode.startswith("P"):
        image = ramp.convert("L")
        image.putpalette(np.random.default_rng(3).permutation(768) % 256)
        return encode(image, compress_level=1, **({"transparency": 130} if mode == "P+t" else {}))
    return encode(ramp.convert(mode), compress_level=1)


class TestStrips:
    """Large pictures are converted a strip at a time; nobody must see the seams."""

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "P+t", "I;16", "L", "1"])
    @pytest.mark.parametrize("target", [None, 640])
    def test_as_in_one_piece(self, mode, target, monkeypatch):
        data = any_mode(mode, (1501, 1333))
        assert STRIP_PIXELS < 1501 * 1333
        strips = decode(data, target=target, shrink=True).pixels.astype(int)
        monkeypatch.setattr("shelfwatch.inference.image.STRIP_PIXELS", 10**9)
        whole = decode(data, target=target, shrink=True).pixels
        assert strips.shape == whole.shape
        assert np.abs(strips - whole).max() <= (1 if target else 0)

    @pytest.mark.parametrize("size", [(1, 60_000), (60_000, 1), (3, 40_000), (50_000, 90)])
    @pytest.mark.parametrize("target", [None, 320])
    def test_strips_thinner_than_a_row(self, size, target, monkeypatch):
        monkeypatch.setattr("shelfwatch.inference.image.STRIP_PIXELS", 7000)
        data = encode(Image.new("LA", size, (90, 255)))
        pixels = decode(data, target=target, shrink=True).pixels
        assert max(pixels.shape) == (target or max(size))
        assert (pixels == 90).all()

    @pytest.mark.parametrize("orientation", [1, 6])
    def test_full_size_and_upright(self, orientation, monkeypatch):
        monkeypatch.setattr("shelfwatch.inference.image.STRIP_PIXELS", 500)
        data = encode(STORED[orientation](upright()), "PNG", orientation)
        assert_pixels(decode(data), upright())


PEAK = """
import re, sys
from pathlib import Path
from shelfwatch.inference.image import decode

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

small, large = (Path(name).read_bytes() for name in sys.argv[1:])
decode(small, target=64, shrink=True)
before = peak()
photo = decode(large, target=960, shrink=True)
print((peak() - before) / (photo.width * photo.height))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peaks are read from /proc")
class TestMemory:
    """Bytes of memory a pixel of the file takes at the worst moment; Pillow itself keeps four for a colour picture."""

    @pytest.mark.parametrize(
        ("kind", "mode", "options", "most"),
        [
            ("PNG", "RGBA", {"compress_level": 1}, 5.5),
            ("PNG", "LA", {"compress_level": 1}, 5.5),
            ("PNG", "RGB", {"compress_level": 1}, 5.5),
            ("PNG", "L", {"compress_level": 1}, 2.5),
            ("JPEG", "CMYK", {}, 1.5),
            ("JPEG", "RGB", {"progressive": True, "subsampling": 0}, 7.5),
            ("WEBP", "RGBA", {"lossless": True, "quality": 0, "method": 0}, 21.5),
        ],
    )
    def test_peak(self, tmp_path, kind, mode, options, most):
        sizes = {"small": (80, 60), "large": (5000, 4000)}
        for name, size in sizes.items():
            (tmp_path / name).write_bytes(encode(Image.new(mode, size), kind, **options))
        command = [sys.executable, "-c", PEAK, *(str(tmp_path / name) for name in sizes)]
        found = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        assert 0 < found < most


def noisy(width=40, height=30):
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)


SMALL_FILES = {
    "jpeg": encode(noisy(), "JPEG", orientation=6),
    "progressive": encode(noisy(), "JPEG", progressive=True),
    "png": encode(noisy(), "PNG", orientation=3),
    "palette": encode(Image.fromarray(noisy()).quantize(32), "PNG", transparency=3),
    "grey16": encode(Image.fromarray(noisy()[..., 0].astype(np.uint16) * 200), "PNG"),
    "webp": encode(noisy(), "WEBP", orientation=8),
    "webp-lossless": encode(np.dstack([noisy(), noisy()[..., :1]]), "WEBP", lossless=True),
    "webp-animated": animation("WEBP"),
    "png-animated": animation("PNG"),
}


class TestDamage:
    @pytest.mark.parametrize("name", ["jpeg", "progressive", "png", "palette", "grey16", "webp", "webp-lossless"])
    def test_cut_short(self, name):
        data = SMALL_FILES[name]
        for length in range(12, int(len(data) * 0.95), max(1, len(data) // 150)):
            with pytest.raises(UndecodableImageError, match="damaged or cut short"):
                decode(data[:length])

    @pytest.mark.parametrize("name", ["jpeg", "progressive"])
    def test_cut_short_at_reduced_scale(self, name):
        data = SMALL_FILES[name]
        for length in range(12, int(len(data) * 0.9), 97):
            with pytest.raises(UndecodableImageError):
                decode(data[:length], target=10)

    @pytest.mark.parametrize("name", SMALL_FILES)
    @given(seed=st.integers(0, 2**32), flips=st.integers(0, 12), cut=st.booleans(), target=st.sampled_from([None, 8]))
    @settings(max_examples=80, deadline=None)
    def test_hostile_bytes_raise_nothing_but_image_errors(self, name, seed, flips, cut, target):
        assume(flips or cut)
        rng = np.random.default_rng(seed)
        data = np.frombuffer(SMALL_FILES[name], np.uint8).copy()
        # Half of the flips hit the first bytes, where the sizes and the metadata are.
        places = np.where(
            rng.random(flips) < 0.5, rng.integers(0, min(120, len(data)), flips), rng.integers(0, len(data), flips)
        )
        data[places] = rng.integers(0, 256, flips)
        if cut:
            data = data[: rng.integers(0, len(data))]
        try:
            photo = decode(data.tobytes(), target=target, max_pixels=2_000_000)
        except ImageError:
            return  # the one kind of answer to damage
        assert photo.pixels.dtype == np.uint8
        assert photo.width * photo.height <= 2_000_000
        if target is None:
            assert photo.pixels.shape == (photo.height, photo.width, 3)
        else:
            assert photo.pixels.shape[2:] == (3,)
            assert photo.pixels.shape[1] <= photo.width

    @given(st.binary(max_size=200), st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x60\0\0\0WEBP"]))
    @settings(max_examples=150, deadline=None)
    def test_noise_behind_a_signature(self, noise, signature):
        with pytest.raises(ImageError):
            decode(signature + noise, max_pixels=1_000_000)

    def test_another_librarys_tolerance_for_truncated_files_is_not_ours(self):
        from PIL import ImageFile

        assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_a_jpeg_with_endless_scans_is_refused_before_it_costs_anything():
    """Every scan of a progressive JPEG is a pass over all its pixels; a small file can hold thousands."""
    out = io.BytesIO()
    Image.new("L", (64, 64), 90).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    last = data.rindex(b"\xff\xda")
    scan = data[last:-2]
    assert decode(data[:-2] + scan * 20 + data[-2:]).width == 64
    with pytest.raises(UndecodableImageError, match="scans"):
        decode(data[:-2] + scan * 300 + data[-2:])


def test_scans_count_by_the_pixels_they_pass_over():
    """One scan more over a large picture costs as much as a hundred over a small one."""
    data = encode(Image.new("L", (6000, 4000), 90), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    scan = data[last:-2]
    assert decode(data[:-2] + scan * 10 + data[-2:], target=800).width == 6000
    with pytest.raises(UndecodableImageError, match="scans"):
        decode(data[:-2] + scan * 70 + data[-2:], target=800)


@pytest.mark.parametrize("fill", [b"", b"\xff\xff"])
def test_arithmetic_coding_is_unsupported_whatever_comes_before_the_frame(fill):
    data = encode(upright(), "JPEG", comment=b"\xff\xc9 is no frame here", orientation=3)
    assert decode(data).width == WIDTH
    frame = data.index(b"\xff\xc0")
    with pytest.raises(UnsupportedFormatError, match="arithmetic"):
        decode(data[:frame] + fill + b"\xff\xc9" + data[frame + 2 :])

"""Files and forms meant to hurt a service that takes photos, and how each must be answered.

Everything is made here, the same at every run: seeds are fixed and nothing is read from disk.
"""

from __future__ import annotations

import base64
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

OK = "ok"
BROKEN, FOREIGN, LARGE = "undecodable-image", "unsupported-format", "image-too-large"
INVALID, LONG_BODY = "invalid-request", "payload-too-large"
EITHER = (OK, BROKEN)  # whether damage shows depends on where it falls
ANY = (OK, BROKEN, FOREIGN, LARGE)

STEP = 10  # bytes between the places where small files are cut
FLIPS = 16  # damaged copies of each small file

MULTIPART = "multipart/form-data; boundary=x"


@dataclass(frozen=True)
class Case:
    """One request: a photo's bytes, or a whole body with its `Content-Type`, and the answers that are right."""

    name: str
    data: bytes = field(repr=False)
    answers: tuple[str, ...]
    content_type: str | None = None  # of a whole body; None for a file to be sent as a form


def case(name: str, data: bytes, *answers: str) -> Case:
    return Case(name, data, answers)


# Making files


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def noise(width: int = 24, height: int = 18, channels: int = 3) -> Image.Image:
    pixels = np.random.default_rng(width * height).integers(0, 256, (height, width, channels), dtype=np.uint8)
    return Image.fromarray(pixels.squeeze())


def plain(width: int, height: int, mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (width, height))


def chunk(kind: bytes, content: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, pixels: bytes, *, depth: int = 8, colour: int = 2, lace: int = 0) -> bytes:
    """A PNG of any header over any compressed pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, lace))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def with_chunks(data: bytes, *chunks: bytes) -> bytes:
    """A PNG with more chunks behind its header."""
    return data[:33] + b"".join(chunks) + data[33:]


def segment(marker: int, content: bytes) -> bytes:
    """A JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def with_segments(data: bytes, *segments: bytes) -> bytes:
    """A JPEG with more segments behind its first two bytes."""
    return data[:2] + b"".join(segments) + data[2:]


def jpeg_of_size(data: bytes, width: int, height: int) -> bytes:
    """A JPEG whose frame announces another size."""
    place = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2")) + 5
    return data[:place] + struct.pack(">HH", height, width) + data[place + 4 :]


def with_scans(data: bytes, count: int) -> bytes:
    """A progressive JPEG whose last scan comes `count` times more."""
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + data[-2:]


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP of any chunks."""
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2) for kind, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def canvas(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    """The WebP chunk that announces a canvas."""
    return b"VP8X", bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def exif(
    entries: int, size: int = 4, offset: int = 0, next_directory: int = 0, orientation: int | None = None
) -> bytes:
    """An EXIF block of many tags, each of which claims `size` bytes at `offset`."""
    tags = [(0x0112, 3, 1, orientation)] if orientation is not None else []
    tags += [((1000 + i) % 2**16, 1, size, offset) for i in range(entries)]
    directory = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + directory + struct.pack("<I", next_directory)


SMALL = {
    "jpeg": encode(noise(), "JPEG", quality=60),
    "progressive": encode(noise(), "JPEG", progressive=True, quality=40),
    "png": encode(noise(16, 12), "PNG"),
    "palette": encode(noise().quantize(16), "PNG"),
    "webp": encode(noise(), "WEBP", quality=70),
    "webp-lossless": encode(noise(14, 10), "WEBP", lossless=True),
}


# Families of files


def bombs() -> Iterator[Case]:
    """Small files that announce, or unpack to, far more than they are."""
    jpeg, progressive, picture = SMALL["jpeg"], SMALL["progressive"], SMALL["png"]
    for width, height in ((65_500, 65_500), (65_500, 1_000), (8_000, 7_501)):
        yield case(f"jpeg-announces-{width}x{height}", jpeg_of_size(jpeg, width, height), LARGE)
        yield case(f"progressive-announces-{width}x{height}", jpeg_of_size(progressive, width, height), LARGE)
    for width, height in ((60_000, 60_000), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (8_000, 7_501)):
        yield case(f"png-announces-{width}x{height}", png(width, height, zlib.compress(bytes(1000))), LARGE)
        yield case(f"png-16-bit-{width}x{height}", png(width, height, b"", depth=16, colour=6), LARGE)
    for width, height in ((2**24, 2**24), (2**24, 4), (16_383, 16_383), (6_000, 4_001)):
        yield case(f"webp-announces-{width}x{height}", riff(canvas(width, height), (b"VP8 ", bytes(30))), LARGE)
    lossless = bytearray(SMALL["webp-lossless"])
    lossless[21:25] = ((16_383) | 16_383 << 14).to_bytes(4, "little")
    yield case("webp-lossless-announces-16384x16384", bytes(lossless), LARGE)
    yield case("jpeg-at-the-limit-without-pixels", jpeg_of_size(jpeg, 8_000, 7_500), *EITHER)
    yield case("png-at-the-limit-without-pixels", png(8_000, 7_500, b""), BROKEN)
    yield case("webp-at-the-limit-without-pixels", riff(canvas(6_000, 4_000), (b"VP8 ", bytes(30))), BROKEN)
    zeros = zlib.compress(bytes(100_000_000), 9)
    yield case("png-pixels-unpack-to-100-mb", png(8, 8, zeros), *EITHER)
    for kind, head in ((b"zTXt", b"k\0\0"), (b"iTXt", b"k\0\1\0\0\0"), (b"iCCP", b"k\0\0")):
        bomb = chunk(kind, head + zeros)
        yield case(f"png-{kind.decode()}-unpacks-to-100-mb", with_chunks(picture, bomb), OK)
        yield case(f"png-{kind.decode()}-bomb-in-the-middle", picture[:-12] + bomb + picture[-12:], OK)
    yield case("png-a-hundred-text-bombs", with_chunks(picture, *[chunk(b"zTXt", b"k\0\0" + zeros)] * 100), OK)
    yield case("png-endless-chunks", with_chunks(picture, chunk(b"tEXt", b"") * 400_000), BROKEN)
    yield case("png-endless-pixel-chunks", with_chunks(picture, chunk(b"IDAT", b"") * 400_000), BROKEN)
    yield case("jpeg-300-scans", with_scans(progressive, 300), BROKEN)
    yield case("jpeg-150-scans", with_scans(progressive, 150), OK)
    yield case(
        "jpeg-70-scans-of-24-mp", with_scans(encode(plain(6000, 4000, "L"), "JPEG", progressive=True), 70), BROKEN
    )
    yield case("jpeg-fill-bytes", with_segments(jpeg, b"\xff" * 5_000_000), BROKEN)
    yield case("jpeg-endless-comments", with_segments(jpeg, segment(0xFE, b"") * 1_000_000), BROKEN)
    yield case("jpeg-endless-application-data", with_segments(jpeg, segment(0xE5, b"") * 1_000_000), BROKEN)
    yield case("jpeg-endless-tables", with_segments(jpeg, segment(0xDB, bytes(65)) * 100_000), BROKEN)
    frames = [plain(9, 9), Image.new("RGB", (9, 9), "red")]
    moving = encode(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    first = moving.index(b"ANMF")
    yield case("webp-4000-frames", riff(*riff_chunks(moving[12:first]), *riff_chunks(moving[first:]) * 2000), OK)
    frame = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 1, 16, 12, 0, 0, 1, 1, 0, 0)) + chunk(b"fdAT", bytes(4) + b"junk")
    apng = with_chunks(picture, chunk(b"acTL", struct.pack(">II", 5_000, 0)))
    yield case("apng-5000-frames", apng[:-12] + frame * 5_000 + apng[-12:], OK)
    yield case("apng-four-billion-frames", with_chunks(picture, chunk(b"acTL", b"\xff" * 8)), OK)


def riff_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a RIFF body."""
    chunks = []
    while len(data) >= 8:
        (length,) = struct.unpack("<I", data[4:8])
        chunks.append((data[:4], data[8 : 8 + length]))
        data = data[8 + length + length % 2 :]
    return chunks


def coding() -> Iterator[Case]:
    """JPEGs coded in ways that no camera uses, or that make no sense."""
    jpeg = SMALL["jpeg"]
    frame = jpeg.index(b"\xff\xc0")
    for marker in range(0xC1, 0xD0):
        if marker in (0xC4, 0xC8, 0xCC):
            continue
        answers = (FOREIGN,) if marker >= 0xC9 else EITHER
        yield case(f"jpeg-frame-{marker:x}", jpeg[: frame + 1] + bytes([marker]) + jpeg[frame + 2 :], *answers)
    body = jpeg[frame + 4 :]
    for name, place, value in (
        ("12-bit", 0, 12), ("0-bit", 0, 0), ("no-components", 5, 0), ("255-components", 5, 255),
        ("no-sampling", 7, 0), ("sampling-15x15", 7, 0xFF), ("no-such-table", 8, 9),
    ):  # fmt: skip
        yield case(f"jpeg-{name}", jpeg[: frame + 4] + body[:place] + bytes([value]) + body[place + 1 :], BROKEN)
    yield case("jpeg-zero-height", jpeg_of_size(jpeg, 24, 0), BROKEN)
    yield case("jpeg-zero-width", jpeg_of_size(jpeg, 0, 18), BROKEN)
    yield case("jpeg-without-tables", jpeg[:2] + jpeg[frame:], BROKEN)
    yield case("jpeg-two-frames", jpeg[:frame] + jpeg[frame : frame + 19] * 2 + jpeg[frame + 19 :], BROKEN)
    yield case("jpeg-restart-markers", with_segments(jpeg, segment(0xDD, b"\0\1")), *EITHER)
    for depth in (0, 3, 5, 32):
        yield case(f"png-{depth}-bit", png(8, 8, zlib.compress(bytes(99)), depth=depth), BROKEN)
    for colour in (1, 5, 7):
        yield case(f"png-colour-type-{colour}", png(8, 8, zlib.compress(bytes(99)), colour=colour), BROKEN)
    for size in ((0, 0), (0, 8), (8, 0), (2**32 - 1, 1)):
        yield case(f"png-{size[0]}x{size[1]}", png(*size, zlib.compress(bytes(99))), BROKEN, LARGE)
    yield case("png-filter-99", png(8, 8, zlib.compress(b"\x63" * 200)), BROKEN)
    yield case("png-palette-missing", png(8, 8, zlib.compress(bytes(72)), colour=3), *EITHER)
    yield case("png-stored-garbage", png(8, 8, random.Random(1).randbytes(300)), BROKEN)
    yield case("webp-zero-canvas", riff((b"VP8 ", bytes(10))), BROKEN)
    yield case("webp-length-lies", SMALL["webp"][:4] + b"\xff\xff\xff\xff" + SMALL["webp"][8:], BROKEN)
    yield case("webp-no-chunks", riff(), BROKEN)


def truncations() -> Iterator[Case]:
    """Every small file cut at every tenth byte, larger ones at every tenth of their length."""
    for name, data in SMALL.items():
        for length in range(STEP, len(data), STEP):
            answers = (BROKEN,) if length < len(data) * 0.95 else EITHER
            yield case(f"{name}-first-{length}-bytes", data[:length], *(answers if length > 12 else (FOREIGN, BROKEN)))
    large = noise(300, 200)
    for kind in ("JPEG", "PNG", "WEBP"):
        data = encode(large, kind)
        for tenth in range(1, 10):
            yield case(f"{kind.lower()}-{tenth}0-percent", data[: len(data) * tenth // 10], BROKEN)


def flips() -> Iterator[Case]:
    """Small files with a few bytes changed; half of them near the start, where the sizes are."""
    for name, data in SMALL.items():
        dice = random.Random(name)
        for number in range(FLIPS):
            damaged = bytearray(data)
            for _ in range(dice.choice((1, 1, 3, 10))):
                damaged[dice.randrange(min(60, len(data)) if number % 2 else len(data))] ^= 1 << dice.randrange(8)
            yield case(f"{name}-flipped-{number}", bytes(damaged), *ANY)


def wrong_types() -> Iterator[Case]:
    """What else people and attackers send as a photo."""
    for kind in ("GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "PDF", "JPEG2000", "AVIF"):
        try:
            data = encode(noise(), kind)
        except (KeyError, OSError):  # this Pillow cannot write it
            continue
        yield case(f"{kind.lower()}", data, FOREIGN)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("shelf.jpg", bytes(10_000_000))
    for name, data in {
        "empty": b"",
        "one-byte": b"\xff",
        "zeros": bytes(5_000),
        "zip-bomb": archive.getvalue(),
        "gzip": b"\x1f\x8b\x08\0" + bytes(40),
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(80),
        "avif-header": b"\0\0\0\x1cftypavif\0\0\0\0" + bytes(80),
        "jpeg-xl": b"\xff\x0a" + bytes(80),
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><image href='file:///etc/passwd'/></svg>",
        "xml-entities": b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><svg>&b;</svg>",
        "html": b"<!doctype html><script>alert(1)</script>",
        "php": b"<?php system($_GET['c']); ?>",
        "elf": b"\x7fELF\x02\x01\x01" + bytes(57),
        "windows-program": b"MZ\x90\0" + bytes(60),
        "script": b"#!/bin/sh\nrm -rf /\n",
        "postscript": b"%!PS-Adobe-3.0\n(%pipe%id) (r) file\n",
        "mvg": b"push graphic-context\nimage over 0,0 0,0 'https://127.0.0.1/x'\n",
        "pickle": b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x05posix\x94.",
        "mp4": b"\0\0\0\x20ftypisom" + bytes(60),
        "wave": b"RIFF\x24\0\0\0WAVEfmt " + bytes(40),
        "text": "Regal 7, zweite Reihe".encode("utf-16"),
        "json": b'{"image": "shelf.jpg"}',
        "nearly-jpeg": b"\xff\xd8\xfe" + bytes(60),
        "nearly-png": b"\x89PNG\n\x1a\n" + bytes(60),
        "nearly-webp": b"RIFF\x24\0\0\0WEBQ" + bytes(60),
    }.items():
        yield case(f"{name}-as-jpg", data, FOREIGN)


def polyglots() -> Iterator[Case]:
    """Files that are two things at once: the picture is answered, the other thing is never looked at."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("payload.class", b"\xca\xfe\xba\xbe" + bytes(500))
    html = b"<!doctype html><script>alert(document.domain)</script>"
    for name in ("jpeg", "png", "webp"):
        data = SMALL[name]
        yield case(f"{name}-and-zip", data + archive.getvalue(), OK)
        yield case(f"{name}-and-html", data + html, OK)
        yield case(f"{name}-twice", data * 2, OK)
        yield case(f"{name}-and-megabytes-of-zeros", data + bytes(3_000_000), OK)
        yield case(f"{name}-behind-zip", archive.getvalue() + data, FOREIGN)
        yield case(f"{name}-behind-html", html + data, FOREIGN)
    yield case("jpeg-comment-is-html", with_segments(SMALL["jpeg"], segment(0xFE, html)), OK)
    yield case("jpeg-comment-is-jpeg", with_segments(SMALL["jpeg"], segment(0xFE, SMALL["jpeg"])), OK)
    yield case("png-text-is-php", with_chunks(SMALL["png"], chunk(b"tEXt", b"c\0<?php system($_GET[0]);?>")), OK)
    yield case("gif-and-jar", encode(noise(), "GIF") + archive.getvalue(), FOREIGN)
    yield case("jpeg-signature-on-gif", b"\xff\xd8\xff" + encode(noise(), "GIF"), BROKEN)
    yield case("png-signature-on-jpeg", b"\x89PNG\r\n\x1a\n" + SMALL["jpeg"], BROKEN)
    yield case("webp-signature-on-png", b"RIFF\xff\0\0\0WEBP" + SMALL["png"], BROKEN)


def extremes() -> Iterator[Case]:
    """Honest pictures of sizes that nobody expects."""
    for width, height in ((1, 1), (1, 2), (3, 1), (1, 60_000), (60_000, 1), (17, 9_000)):
        yield case(f"png-{width}x{height}", encode(plain(width, height, "L"), "PNG"), OK)
    for width, height in ((1, 1), (1, 65_500), (65_500, 1), (65_500, 9)):
        yield case(f"jpeg-{width}x{height}", encode(plain(width, height), "JPEG"), OK)
    for width, height in ((1, 1), (1, 16_383), (16_383, 1)):
        yield case(f"webp-{width}x{height}", encode(plain(width, height), "WEBP"), OK)
    yield case("png-60-mp-of-one-bit", encode(plain(8_000, 7_500, "1"), "PNG"), OK)
    yield case("jpeg-60-mp", encode(plain(8_000, 7_500, "L"), "JPEG"), OK)
    yield case("webp-24-mp", encode(plain(6_000, 4_000, "RGBA"), "WEBP", lossless=True, quality=0, method=0), OK)


def large_with_alpha() -> Iterator[Case]:
    """The picture that takes the most memory among those allowed."""
    packer = zlib.compressobj(1)
    row = b"\0" + bytes(8_000 * 4)
    pixels = b"".join(packer.compress(row) for _ in range(7_500)) + packer.flush()
    yield case("png-60-mp-with-alpha", png(8_000, 7_500, pixels, colour=6), OK)


def metadata() -> Iterator[Case]:
    """EXIF, profiles and comments that are huge, looped or wrong: none may cost the picture."""
    jpeg, picture, webp = SMALL["jpeg"], SMALL["png"], encode(noise(), "WEBP", exif=b"Exif\0\0II*\0")
    blocks = {
        "many-tags": exif(5_000),
        "many-long-tags": exif(5_000, size=60_000),
        "tags-beyond-the-end": exif(50, size=2**31, offset=2**31),
        "loop": exif(3, next_directory=8),
        "starts-in-itself": b"II*\0\x04\0\0\0" + bytes(60),
        "starts-beyond-the-end": b"II*\0\xff\xff\xff\xff",
        "claims-65535-tags": b"MM\0*\0\0\0\x08\xff\xff" + bytes(200),
        "empty": b"",
        "noise": random.Random(7).randbytes(2_000),
        **{f"orientation-{value}": exif(0, orientation=value) for value in (0, *range(2, 10), 65_535)},
    }
    for name, block in blocks.items():
        yield case(f"jpeg-exif-{name}", with_segments(jpeg, segment(0xE1, b"Exif\0\0" + block)), OK)
        yield case(f"png-exif-{name}", with_chunks(picture, chunk(b"eXIf", block)), OK)
        chunks = [(kind, block if kind == b"EXIF" else content) for kind, content in riff_chunks(webp[12:])]
        yield case(f"webp-exif-{name}", riff(*chunks), *EITHER)
    yield case("jpeg-exif-in-250-segments", with_segments(jpeg, segment(0xE1, b"Exif\0\0" + bytes(65_000)) * 250), OK)
    yield case("png-exif-of-15-mb", with_chunks(picture, chunk(b"eXIf", exif(65_535, 10**7) + bytes(14_000_000))), OK)
    for name, profile in {"noise": random.Random(2).randbytes(3_000), "empty": b"", "lies": b"\xff" * 128}.items():
        yield case(f"jpeg-profile-{name}", encode(noise(), "JPEG", icc_profile=profile), OK)
        yield case(f"png-profile-{name}", encode(noise(), "PNG", icc_profile=profile), OK)
        yield case(f"webp-profile-{name}", encode(noise(), "WEBP", icc_profile=profile), OK)
    parts = [segment(0xE2, b"ICC_PROFILE\0" + bytes([number, 255]) + bytes(9_000)) for number in (1, 1, 0, 255, 7)]
    yield case("jpeg-profile-parts-out-of-order", with_segments(jpeg, *parts), OK)
    pictures = b"MPF\0II*\0\x08\0\0\0" + exif(4_000, size=60_000)[8:]
    yield case("jpeg-claims-more-pictures", with_segments(jpeg, segment(0xE2, pictures)), OK)
    yield case(
        "jpeg-xmp-of-60-kb", with_segments(jpeg, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"<" * 60_000)), OK
    )
    yield case(
        "jpeg-photoshop-block-lies", with_segments(jpeg, segment(0xED, b"Photoshop 3.0\0" + b"8BIM\xff" * 900)), OK
    )
    yield case("jpeg-adobe-says-ycck", with_segments(jpeg, segment(0xEE, b"Adobe\0d\0\0\0\0\2")), *EITHER)


def modes() -> Iterator[Case]:
    """Every pixel format the three kinds of file know."""
    colours = noise()
    yield case("jpeg-grey", encode(colours.convert("L"), "JPEG"), OK)
    yield case("jpeg-cmyk", encode(colours.convert("CMYK"), "JPEG"), OK)
    cmyk = bytearray(encode(colours.convert("CMYK"), "JPEG"))
    cmyk[cmyk.index(b"Adobe") + 11] = 2
    yield case("jpeg-ycck", bytes(cmyk), OK)
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        yield case(f"png-{mode}", encode(colours.convert(mode), "PNG"), OK)
    yield case(
        "png-grey-16-bit", encode(Image.fromarray(np.arange(432, dtype=np.uint16).reshape(18, 24) * 151), "PNG"), OK
    )
    for colour, channels in ((0, 1), (2, 3), (4, 2), (6, 4)):
        pixels = zlib.compress((b"\0" + bytes(range(8 * 2 * channels))) * 8)
        for lace in (0, 1):
            answers = (OK,) if not lace else EITHER
            yield case(
                f"png-16-bit-{colour}-lace-{lace}", png(8, 8, pixels, depth=16, colour=colour, lace=lace), *answers
            )
    for mode in ("RGB", "RGBA"):
        for lossless in (False, True):
            yield case(f"webp-{mode}-{lossless}", encode(colours.convert(mode), "WEBP", lossless=lossless), OK)


FILES = (bombs, coding, truncations, flips, wrong_types, polyglots, extremes, large_with_alpha, metadata, modes)


# Forms


def part(headers: str, content: bytes = b"z") -> bytes:
    return b"--x\r\n" + headers.encode() + b"\r\n\r\n" + content + b"\r\n"


IMAGE = 'Content-Disposition: form-data; name="image"; filename="shelf.jpg"'
TEXT = 'Content-Disposition: form-data; name="{}"'
END = b"--x--\r\n"


def forms() -> list[Case]:
    """Bodies that abuse `multipart/form-data` around a good photo."""
    photo = SMALL["jpeg"]
    good = part(IMAGE, photo)
    inner = good.replace(b"--x", b"--y") + b"--y--\r\n"
    nested = part(f"{IMAGE}\r\nContent-Type: multipart/mixed; boundary=y", inner)
    bodies: list[tuple[str, bytes, tuple[str, ...]]] = [
        ("good", good + END, (OK,)),
        ("a-field-beside", part(TEXT.format("note")) + good + END, (OK,)),
        ("no-type-and-strange-name", part(IMAGE.replace("shelf.jpg", "../../etc/passwd"), photo) + END, (OK,)),
        ("name-of-64-kb-of-noughts", part(IMAGE.replace("shelf", "0" * 3_000), photo) + END, (OK,)),
        ("type-lies", part(f"{IMAGE}\r\nContent-Type: text/html; charset=utf-7", photo) + END, (OK,)),
        ("base64", part(f"{IMAGE}\r\nContent-Transfer-Encoding: base64", base64.b64encode(photo)) + END, (FOREIGN,)),
        ("empty-file", part(IMAGE, b"") + END, (FOREIGN,)),
        ("missing", part(TEXT.format("note")) + END, (INVALID,)),
        ("other-file", part(IMAGE.replace('"image"', '"photo"'), photo) + END, (INVALID,)),
        ("doubled", good + good + END, (INVALID,)),
        ("text-and-file", part(TEXT.format("image")) + good + END, (INVALID,)),
        ("nested", nested + END, (INVALID,)),
        ("text-only", part(TEXT.format("image"), photo) + END, (INVALID,)),
        ("no-disposition", part("Content-Type: image/jpeg", photo) + END, (INVALID,)),
        ("no-name", part("Content-Disposition: form-data", photo) + END, (INVALID,)),
        ("attachment", part(IMAGE.replace("form-data", "attachment"), photo) + END, (INVALID,)),
        ("hundred-fields", b"".join(part(TEXT.format(f"f{i}")) for i in range(100)) + good + END, (INVALID,)),
        ("endless-fields", b"".join(part(TEXT.format(f"f{i}")) for i in range(50_000)) + good + END, (INVALID,)),
        ("text-of-2-mb", part(TEXT.format("note"), b"n" * 2_000_000) + good + END, (INVALID,)),
        ("hundred-files", b"".join(part(IMAGE.replace('"image"', f'"f{i}"')) for i in range(100)) + END, (INVALID,)),
        ("huge-header", part(f"{IMAGE}\r\nX-Junk: {'j' * 100_000}", photo) + END, (INVALID,)),
        ("many-headers", part(IMAGE + "\r\nX-Junk: j" * 5_000, photo) + END, (INVALID,)),
        ("endless-header", b"--x\r\nContent-Disposition: " + b"f" * 3_000_000, (INVALID,)),
        ("no-end", good[:-2], (INVALID,)),
        ("no-last-boundary", good, (INVALID,)),
        ("cut-in-headers", b"--x\r\nContent-Dispo", (INVALID,)),
        ("wrong-boundary", good.replace(b"--x", b"--z") + b"--z--\r\n", (INVALID,)),
        ("only-end", END, (INVALID,)),
        ("empty-body", b"", (INVALID,)),
        ("newlines-only", b"\r\n" * 100_000, (INVALID,)),
        ("noise", random.Random(4).randbytes(100_000), (INVALID,)),
        ("zeros-over-the-limit", part(IMAGE, bytes(20_500_000)) + END, (LONG_BODY,)),
        ("fields-over-the-limit", part(TEXT.format("a"), bytes(20_500_000)) + END, (LONG_BODY, INVALID)),
    ]
    types = [
        ("no-type", "", INVALID),
        ("json", "application/json", INVALID),
        ("bare-photo", "image/jpeg", INVALID),
        ("urlencoded", "application/x-www-form-urlencoded", INVALID),
        ("no-boundary", "multipart/form-data", INVALID),
        ("empty-boundary", 'multipart/form-data; boundary=""', INVALID),
        ("mixed", "multipart/mixed; boundary=x", INVALID),
        ("long-boundary", "multipart/form-data; boundary=" + "b" * 4_000, INVALID),
        ("type-of-noise", "multipart/form-data; boundary=%00%ff;;;===", INVALID),
    ]
    return [
        *(Case(f"form-{name}", body, answers, MULTIPART) for name, body, answers in bodies),
        *(Case(f"type-{name}", good + END, (answer,), kind) for name, kind, answer in types),
    ]

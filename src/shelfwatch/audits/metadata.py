"""Photos without what they tell beside their pixels: place, time, camera, owner, previews and whatever trails.

Files are taken apart and put together again; the coded pixels are copied, not made anew. What stays is what changes
how pixels look: the colour profile, transparency and the orientation.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

from shelfwatch.audits.photos import MAX_PIXELS
from shelfwatch.inference.image import UndecodableImageError, open_picture, sniff_format

# JPEG, ITU-T T.81 table B.1: the byte after 0xff.
SOI, EOI, SOS, APP0, APP1, APP2, APP14, APP15, COM = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length: TEM and the restarts
AFTER_SCAN = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")  # the first marker that is not part of the coded pixels
JFIF_BYTES = 14  # of an APP0 payload without its preview

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"pHYs"}
)
WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
WEBP_XMP, WEBP_EXIF = 0x04, 0x08  # flags of VP8X


def strip(data: bytes) -> bytes:
    """The same picture, bit for bit, without metadata. Raises `ImageError` for what is no picture."""
    kind = sniff_format(data)
    _, orientation = open_picture(data, MAX_PIXELS)
    try:
        if kind == "JPEG":
            return _jpeg(data, orientation)
        if kind == "PNG":
            return _png(data, orientation)
        if kind == "WEBP":
            return _webp(data, orientation)
    except (struct.error, IndexError):
        pass
    raise UndecodableImageError("The picture's file has no structure that could be kept.")


def _exif(orientation: int) -> bytes:
    """A TIFF structure that holds the orientation only."""
    return b"MM\x00\x2a\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)


def _jpeg(data: bytes, orientation: int) -> bytes:
    parts = [b"\xff\xd8"]
    if orientation != 1:
        parts.append(_segment(APP1, b"Exif\x00\x00" + _exif(orientation)))
    place = 2
    while True:
        found = AFTER_SCAN.search(data, place)
        # Without an end, it was dropped with what damaged pixels made look like metadata.
        marker, place = (EOI, place) if found is None else (data[found.end() - 1], found.end())
        if marker == EOI:
            return b"".join([*parts, b"\xff\xd9"])
        if marker in ALONE or marker == SOI:
            continue
        length = struct.unpack_from(">H", data, place)[0]
        payload = data[place + 2 : place + length]
        place += length
        if marker == SOS:
            end = AFTER_SCAN.search(data, place)
            stop = len(data) if end is None else end.start()
            parts += [_segment(SOS, payload), data[place:stop]]
            place = stop
        elif marker == APP0 and payload.startswith(b"JFIF\0"):
            parts.append(_segment(APP0, payload[: JFIF_BYTES - 2] + b"\0\0"))  # its preview has zero by zero pixels
        elif _changes_pixels(marker, payload):
            parts.append(_segment(marker, payload))


def _changes_pixels(marker: int, payload: bytes) -> bool:
    if marker == APP2:
        return payload.startswith(b"ICC_PROFILE\0")
    if marker == APP14:
        return payload.startswith(b"Adobe")
    return not (APP0 <= marker <= APP15 or marker == COM)


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def _png(data: bytes, orientation: int) -> bytes:
    parts = [PNG_SIGNATURE]
    place = len(PNG_SIGNATURE)
    while place + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        if name in PNG_KEPT:
            parts.append(data[place : place + length + 12])  # length, name and checksum are 4 bytes each
        if name == b"IHDR" and orientation != 1:
            parts.append(_chunk(b"eXIf", _exif(orientation)))
        if name == b"IEND":
            break
        place += length + 12
    return b"".join(parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content), name) + content + struct.pack(">I", zlib.crc32(name + content))


def _webp(data: bytes, orientation: int) -> bytes:
    parts = []
    for name, content in _riff(data):
        if name == b"VP8X":
            flags = content[0] & ~(WEBP_XMP | WEBP_EXIF) | (WEBP_EXIF if orientation != 1 else 0)
            content = bytes([flags]) + content[1:]
        if name in WEBP_KEPT:
            parts.append(_riff_chunk(name, content))
    if orientation != 1:
        parts.append(_riff_chunk(b"EXIF", _exif(orientation)))
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _riff(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 12  # RIFF, its length, WEBP
    end = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    while place + 8 <= end:
        name, length = struct.unpack_from("<4sI", data, place)
        yield name, data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2


def _riff_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2)

"""What of a picture file its pixels need. Metadata is read here or dropped: it never reaches the decoder.

Pillow unpacks whatever a file brings beside its pixels: 8 MB of empty segments cost it six seconds or 300 MB.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAX_SEGMENTS = 1_000  # of a JPEG before its first scan; 20 MB of the longest are 306
MAX_CHUNKS = 20_000  # of a PNG; encoders write some kilobytes in each

SHORT_MARKERS = frozenset({0x00, 0x01, *range(0xD0, 0xDA)})  # of JPEG: two bytes and no length (ITU-T T.81, table B.1)
FILL, START_OF_SCAN, APP0, APP1, APP14, APP15, COMMENT = 0xFF, 0xDA, 0xE0, 0xE1, 0xEE, 0xEF, 0xFE
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # JPEG's start-of-frame markers
COLOUR = {APP0: b"JFIF\0", APP14: b"Adobe"}  # segments that say what the colour components mean
EXIF = b"Exif\0\0"

PIXEL_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})

ORIENTATION = 0x0112  # EXIF tag, values 1 to 8
BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
INTEGERS = {1: "B", 3: "H", 4: "I"}  # TIFF's types of whole numbers, as `struct` calls them


@dataclass(frozen=True)
class Bare:
    """A picture file without its metadata, and what was read of that."""

    data: bytes
    orientation: int = 1  # EXIF, 1 to 8
    frame: int = 0  # the second byte of a JPEG's start-of-frame marker, which says how it is coded; 0 without one
    size: tuple[int, int] | None = None  # in pixels; of a WebP, whose reader takes memory before it tells


def bare(kind: str, data: bytes) -> Bare:
    """A JPEG or PNG stripped to what its pixels need, a WebP as it is. Raises `ValueError` on endless pieces."""
    return {"JPEG": bare_jpeg, "PNG": bare_png, "WEBP": bare_webp}[kind](data)


def bare_jpeg(data: bytes) -> Bare:
    """A JPEG without application data and comments before its first scan, but for what tells its colours."""
    view = memoryview(data)
    kept = [view[:2]]
    orientation, frame, place = 0, 0, 2
    for _ in range(MAX_SEGMENTS):
        place = data.find(b"\xff", place)
        marker = data[place + 1] if 0 <= place < len(data) - 1 else START_OF_SCAN
        if marker == START_OF_SCAN:
            rest = view[place:] if place >= 0 else view[:0]
            return Bare(b"".join([*kept, rest]), orientation or 1, frame)
        if marker == FILL or marker in SHORT_MARKERS:
            place += 1 if marker == FILL else 2
            continue
        end = place + 2 + int.from_bytes(view[place + 2 : place + 4])
        content = view[place + 4 : end]
        if marker == APP1 and not orientation and content[: len(EXIF)] == EXIF:
            orientation = exif_orientation(bytes(content))
        if marker in COLOUR:
            wanted = content[: len(COLOUR[marker])] == COLOUR[marker]
        else:
            wanted = not (APP0 <= marker <= APP15 or marker == COMMENT)
        if wanted:
            kept.append(view[place:end])
        if marker in FRAMES and not frame:
            frame = marker
        place = end
    raise ValueError(f"more than {MAX_SEGMENTS} segments before the first scan")


def bare_png(data: bytes) -> Bare:
    """A PNG without text, profiles, times and the frames of an animation."""
    view = memoryview(data)
    kept = [view[:8]]
    orientation, place = 1, 8
    for _ in range(MAX_CHUNKS):
        kind = data[place + 4 : place + 8]
        if len(kind) < 4:
            return Bare(b"".join([*kept, view[place:]]), orientation)
        end = place + 12 + int.from_bytes(view[place : place + 4])
        if kind in PIXEL_CHUNKS:
            kept.append(view[place:end])
        elif kind == b"eXIf":
            orientation = exif_orientation(data[place + 8 : end - 4])
        if kind == b"IEND":
            return Bare(b"".join(kept), orientation)
        place = end
    raise ValueError(f"more than {MAX_CHUNKS} chunks")


def bare_webp(data: bytes) -> Bare:
    """A WebP with its size. Its metadata stays: libwebp skips it, and Pillow copies but does not read it."""
    form, head = data[12:16], data[20:30]
    if len(head) < 10:
        return Bare(data)
    if form == b"VP8X":  # with a canvas: animated, transparent or with metadata
        size = 1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little")
    elif form == b"VP8L":  # lossless: 14 bits each, behind a signature byte
        bits = int.from_bytes(head[1:5], "little")
        size = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    else:  # lossy: 14 bits each, behind a frame tag and a start code; the two bits above are a scale for display
        size = int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF
    return Bare(data, size=size)


def exif_orientation(block: bytes) -> int:
    """The orientation an EXIF block names. A broken block counts as upright, since the pixels may still be good."""
    block = block.removeprefix(EXIF)
    order = BYTE_ORDERS.get(block[:4])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", block, 4)
        (entries,) = struct.unpack_from(f"{order}H", block, directory)
        for place in range(directory + 2, directory + 2 + 12 * entries, 12):
            tag, kind, count = struct.unpack_from(f"{order}HHI", block, place)
            if tag == ORIENTATION and kind in INTEGERS and count == 1:
                (value,) = struct.unpack_from(f"{order}{INTEGERS[kind]}", block, place + 8)
                return value if 1 <= value <= 8 else 1
    except struct.error:  # points beyond the block's end
        pass
    return 1

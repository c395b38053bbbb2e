"""Decode a photo safely: format by content, limits before pixels, any mode to upright RGB."""

from __future__ import annotations

import functools
import io
import itertools
import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from shelfwatch.inference.containers import bare, exif_orientation
from shelfwatch.inference.cpus import available_cpus

MAX_PIXELS = 60_000_000  # width × height a photo may have by default; phones reach 50 MP
MAX_WEBP_PIXELS = 24_000_000  # libwebp decodes whole pictures only and takes up to five times PNG's memory a pixel
MAX_JPEG_SCANS = 200  # passes over a progressive picture; cameras and web tools write about ten
MAX_SCANNED_PIXELS = 1_500_000_000  # pixels × scans: each scan is a pass over the whole picture, 0.7 ns a pixel
STRIP_PIXELS = 1_000_000  # pixels converted at a time, so that conversion adds little to a large picture's memory
HALVED = 250_000  # pixels of a resized picture from which it is made in two halves at once
START_OF_SCAN = b"\xff\xda"  # cannot occur inside a scan: there, 0xff is always followed by a stuffed zero
ARITHMETIC = 0xC9  # start of frame from which the coding is arithmetic (ITU-T T.81); Pillow reads only short ones
SIGNATURES = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n"}  # WebP: RIFF, 4 bytes of length, WEBP

DAMAGED = "The {} file is damaged or cut short and cannot be read."

# How a stored picture becomes upright, by EXIF orientation (Exif 2.32, 4.6.4, tag 274).
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
TURNED = frozenset({5, 6, 7, 8})  # orientations that swap width and height

# Pillow's readers, called directly: `Image.open` would also look for further pictures in a file's metadata.
READERS: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
}

# A truncated file must fail, whatever another library in the process has set.
ImageFile.LOAD_TRUNCATED_IMAGES = False


class ImageError(ValueError):
    """A photo that cannot be used; the message is fit for the person who sent it."""


class UnsupportedFormatError(ImageError):
    """The bytes are not a JPEG, PNG or WebP picture."""


class UndecodableImageError(ImageError):
    """The bytes claim a supported format but are damaged or cut short."""


class ImageTooLargeError(ImageError):
    """The header announces more pixels than allowed."""


@dataclass(frozen=True, eq=False)
class Photo:
    """An upright photo.

    `pixels` is uint8 (h, w, 3) RGB, at a reduced scale where that was enough; `width` and `height` are the
    full size of the upright photo in pixels, the frame in which boxes are given. `finer` decodes it again with more
    detail, where someone may want that; it raises as `decode`.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    finer: Callable[[], Photo] | None = None


def sniff_format(data: bytes) -> str | None:
    """`"JPEG"`, `"PNG"` or `"WEBP"` by the first bytes, else None. The declared type and name are never asked."""
    for name, signature in SIGNATURES.items():
        if data.startswith(signature):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return None


def decode(data: bytes, *, target: int | None = None, max_pixels: int = MAX_PIXELS, shrink: bool = False) -> Photo:
    """Decode photo bytes to upright RGB.

    `target` is the long side in pixels the caller needs: a JPEG is then decoded at the smallest of its built-in
    scales (1, 1/2, 1/4, 1/8) that is not below it. With `shrink`, what is still larger is brought to exactly that
    size here, which saves copying the larger picture about. Animated files give their first frame, transparent ones lie
    on white. A WebP may never have more than `MAX_WEBP_PIXELS`. Raises `UnsupportedFormatError`, `ImageTooLargeError`
    (from the header, before pixels are decoded) or `UndecodableImageError`.
    """
    picture, orientation = open_picture(data, max_pixels)
    kind, (width, height) = picture.format, picture.size
    image: Image.Image = picture
    del picture  # so that no larger picture is kept than `image` is at the time
    try:
        if target is not None and kind == "JPEG":
            image.draft("RGB", _draft_size(width, height, target))
        image.load()
        size = image.size
        if target is not None and shrink and max(size) > target:
            size = scaled(width, height, target / max(width, height))
        image = _to_rgb(image, size)
        if orientation in UPRIGHT:
            image = image.transpose(UPRIGHT[orientation])
        pixels = _to_array(image)
    except MemoryError:
        raise
    except Exception as error:  # Pillow's plugins raise almost anything on hostile bytes
        raise UndecodableImageError(DAMAGED.format(kind)) from error
    if orientation in TURNED:
        width, height = height, width
    return Photo(pixels, width, height)


def open_picture(data: bytes, max_pixels: int = MAX_PIXELS) -> tuple[ImageFile.ImageFile, int]:
    """A picture whose header was read and whose pixels were not, and its EXIF orientation. Raises as `decode`."""
    kind = sniff_format(data)
    if kind is None:
        raise UnsupportedFormatError("The file is not a JPEG, PNG or WebP picture.")
    try:
        file = bare(kind, data)
        if file.frame >= ARITHMETIC:
            raise UnsupportedFormatError("The JPEG is coded arithmetically, which cameras and browsers do not use.")
        if file.size is not None:
            _check_size(kind, *file.size, max_pixels)
        image = READERS[kind](io.BytesIO(file.data))
    except (ImageError, MemoryError):
        raise
    except Exception as error:
        raise UndecodableImageError(DAMAGED.format(kind)) from error
    _check_size(kind, image.width, image.height, max_pixels)
    if kind == "JPEG":
        _check_scans(file.data, image.width * image.height)
    return image, exif_orientation(image.info.get("exif", b"")) if kind == "WEBP" else file.orientation


def _check_size(kind: str, width: int, height: int, max_pixels: int) -> None:
    """Raise `ImageTooLargeError` for more pixels than a picture of that kind may have."""
    allowed = min(max_pixels, MAX_WEBP_PIXELS) if kind == "WEBP" else max_pixels
    if width * height > allowed:
        words = f"{allowed / 1e6:g} megapixels are accepted{' of a WebP' if allowed < max_pixels else ''}"
        raise ImageTooLargeError(f"The picture has {width} × {height} pixels; at most {words}.")


def _check_scans(data: bytes, pixels: int) -> None:
    """Raise `UndecodableImageError` for a JPEG whose scans would cost more time than any honest one."""
    scans = data.count(START_OF_SCAN)
    if scans > MAX_JPEG_SCANS or scans * pixels > MAX_SCANNED_PIXELS:
        raise UndecodableImageError(f"The JPEG file has {scans} scans, which no camera writes at this size.")


def scaled(width: int, height: int, scale: float) -> tuple[int, int]:
    """A picture's sides after scaling: whole pixels, never zero."""
    return max(1, round(width * scale)), max(1, round(height * scale))


def resize(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resize an RGB picture by Pillow's bilinear filter, which averages where it shrinks.

    The lower half of a large result is made in a thread of its own beside the upper one. Whether it is depends on the
    size alone, so the same photo gives the same pixels on every machine.
    """
    width, height = size
    if width * height < HALVED:
        return image.resize(size, Image.Resampling.BILINEAR)
    cut = height // 2
    bands = [(0, cut), (cut, height)]

    def band(first: int, last: int) -> Image.Image:
        box = (0, image.height * first / height, image.width, image.height * last / height)
        return image.resize((width, last - first), Image.Resampling.BILINEAR, box=box)

    lower = _helpers(os.getpid()).submit(band, *bands[1])
    whole = Image.new("RGB", size)
    whole.paste(band(*bands[0]), (0, 0))
    whole.paste(lower.result(), (0, cut))
    return whole


@functools.cache
def _helpers(process: int) -> ThreadPoolExecutor:
    """Threads that help resizing, for one process: a forked child has none of its parent's."""
    return ThreadPoolExecutor(available_cpus(), thread_name_prefix="resize")


def _draft_size(width: int, height: int, target: int) -> tuple[int, int]:
    """The size of the photo with its long side at `target`, never zero."""
    # Rounded down: Pillow takes the scale that both sides allow, and one pixel too many would halve it.
    long = max(width, height)
    return max(1, width * target // long), max(1, height * target // long)


def _to_rgb(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """An RGB picture of `size` from one of any mode, which is at least as large."""
    if image.mode == "RGB" and not image.has_transparency_data:  # a PNG may name one RGB colour as transparent
        return image if image.size == size else resize(image, size)
    strips = -(-image.width * image.height // STRIP_PIXELS)
    if strips == 1:
        image = _strip_to_rgb(image)
        return image if image.size == size else resize(image, size)
    whole = Image.new("RGB", size)
    scale = image.height / whole.height
    margin = math.ceil(scale) + 1 if image.size != size else 0  # rows beyond a strip that the filter looks at
    cuts = [whole.height * number // strips for number in range(strips + 1)]
    for first, last in itertools.pairwise(sorted(set(cuts))):
        top = max(0, math.floor(first * scale) - margin)
        bottom = min(image.height, math.ceil(last * scale) + margin)
        strip = _strip_to_rgb(image.crop((0, top, image.width, bottom)))
        if image.size != size:
            box = (0, first * scale - top, image.width, last * scale - top)
            strip = strip.resize((whole.width, last - first), Image.Resampling.BILINEAR, box=box)
        whole.paste(strip, (0, first))
    return whole


def _strip_to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in {"I", "I;16", "I;16L", "I;16B", "I;16N"}:  # 16-bit grey: Pillow would clip at 255
        wide = np.asarray(image)
        if wide.dtype != np.uint16:
            wide = wide.clip(0, 65535)
        return Image.fromarray((wide >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image.convert("RGB"), mask=image)  # three times as fast as `alpha_composite`
        return ground
    return image.convert("RGB")


def _to_array(image: Image.Image) -> NDArray[np.uint8]:
    """The pixels of an RGB picture, uint8 (h, w, 3)."""
    rows = max(1, STRIP_PIXELS // image.width)
    if image.height <= rows:
        return np.asarray(image)
    # Pillow's own way holds two copies for a moment.
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, rows):
        pixels[top : top + rows] = np.asarray(image.crop((0, top, image.width, min(top + rows, image.height))))
    return pixels

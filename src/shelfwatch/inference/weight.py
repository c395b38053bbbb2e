"""What decoding a photo will cost, judged from its header."""

from __future__ import annotations

from shelfwatch.inference.image import ImageError, open_picture

# What a pixel costs against one of a PNG or WebP, which are decoded whole (measured at 16 and 60 megapixels). A JPEG is
# decoded at the scale the network needs; a progressive one has all its coefficients unpacked and held first.
JPEG_SHARE = 0.1
PROGRESSIVE_SHARE = 0.4


def decoding_weight(data: bytes, max_pixels: int) -> float:
    """Pixels that decoding `data` for the network costs, as if each cost what one of a PNG does.

    0 for what is no picture or has more than `max_pixels`: `decode` refuses that at once.
    """
    try:
        image, _ = open_picture(data, max_pixels)
    except ImageError:  # for `decode` to describe
        return 0
    share = 1.0
    if image.format == "JPEG":
        share = PROGRESSIVE_SHARE if image.info.get("progressive") else JPEG_SHARE
    return image.width * image.height * share

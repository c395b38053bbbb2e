"""What decoding will cost, by the header alone."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from shelfwatch.inference.image import MAX_PIXELS
from shelfwatch.inference.weight import decoding_weight


def picture(kind: str, size: tuple[int, int] = (400, 300), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **options)
    return out.getvalue()


def test_files_that_are_decoded_whole_weigh_their_pixels() -> None:
    for kind in ("PNG", "WEBP"):
        assert decoding_weight(picture(kind), MAX_PIXELS) == 400 * 300


def test_jpegs_weigh_less_and_progressive_ones_more_than_others() -> None:
    plain = decoding_weight(picture("JPEG"), MAX_PIXELS)
    progressive = decoding_weight(picture("JPEG", progressive=True), MAX_PIXELS)
    assert 0 < plain < progressive < 400 * 300


def test_the_header_is_enough() -> None:
    data = picture("JPEG", (4000, 3000))
    assert decoding_weight(data[: len(data) // 2], MAX_PIXELS) == decoding_weight(data, MAX_PIXELS)


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_decoding_refuses_at_once_weighs_nothing(data: bytes) -> None:
    assert decoding_weight(data, MAX_PIXELS) == 0
    assert decoding_weight(picture("PNG"), 1000) == 0

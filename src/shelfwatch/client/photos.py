"""Photos as callers have them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, TypeAlias

Photo: TypeAlias = "bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryIO"
"""The bytes of a photo, the path of one, or a file opened for reading bytes."""


def read(photo: Photo) -> bytes:
    """All bytes of a photo; of an open file those from where it stands, which is left at its end.

    Raises `OSError` where a file cannot be read, and `TypeError` for a file opened as text.
    """
    if isinstance(photo, bytes | bytearray | memoryview):
        return bytes(photo)
    if isinstance(photo, str | os.PathLike):
        return Path(photo).read_bytes()
    data = photo.read()
    if not isinstance(data, bytes):
        raise TypeError(f"the photo's file gives {type(data).__name__}, not bytes: open it with mode 'rb'")
    return data

"""Where photos are kept: named by the SHA-256 of their bytes, in a folder or in a bucket."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from PIL import Image

from shelfwatch.audits.errors import InvalidError
from shelfwatch.inference.image import decode

NAME = re.compile(r"[0-9a-f]{64}")  # SHA-256 in hex
THUMBNAIL_SIDE = 320  # pixels of the long side
THUMBNAIL_QUALITY = 80  # WebP's, 0..100
MAX_PIXELS = 178_956_970  # the most that anyone may let in; each photo was judged by its service before it came here


class Claim(Protocol):
    """A photo that is durable while no row speaks of it yet."""

    sha256: str

    def release(self) -> None:
        """A row speaks of it, or the photo is gone again: nothing is left to clean."""

    def abandon(self) -> None:
        """Neither is known: cleaning decides later. Does nothing once released."""


class PhotoStore(Protocol):
    """Photos and their thumbnails. Every method raises `PhotosUnavailableError` or `StorageFullError`."""

    def claim(self, sha256: str, data: bytes) -> Claim:
        """Make the bytes durable under that name; one that is there already stays."""

    def size(self, sha256: str) -> int | None:
        """Bytes of a photo, None where it is not there."""

    def read(self, sha256: str, start: int = 0, stop: int | None = None) -> bytes:
        """The photo's bytes from `start` up to `stop`. Raises `NotFoundError`."""

    def remove(self, sha256: str) -> None:
        """Remove a photo and its thumbnail; one that is not there is no fault."""

    def photos(self) -> Iterator[tuple[str, int]]:
        """Name and bytes of every photo that nobody is writing right now."""

    def leftovers(self) -> Iterator[Claim]:
        """Claims whose process died before it released them. Release or abandon each."""

    def thumbnail(self, sha256: str) -> bytes | None:
        """The thumbnail made before, None where there is none."""

    def set_thumbnail(self, sha256: str, data: bytes) -> None:
        """Keep a thumbnail. It can be made again, so it need not survive a power cut."""

    def check(self) -> None:
        """Return if photos can be kept."""


def open_photos(place: str) -> PhotoStore:
    """The store at a folder's path or at an fsspec address such as `s3://bucket/folder`.

    Raises `InvalidError` where nothing is installed for that kind of address.
    """
    kind, separator, rest = place.partition("://")
    if not separator or kind == "file":
        from shelfwatch.audits.folder import FolderPhotos

        return FolderPhotos(Path(rest if separator else place))
    from shelfwatch.audits.bucket import BucketPhotos

    try:
        return BucketPhotos(place)
    except (ImportError, ValueError) as error:
        raise InvalidError(f"No photo store for addresses of {kind}://: {error}") from error


def digest(data: bytes) -> str:
    """A photo's name: 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def thumbnail(photos: PhotoStore, sha256: str) -> bytes:
    """A WebP of at most 320 × 320 px, upright; made when it is first asked for. Raises as `PhotoStore.read`."""
    found = photos.thumbnail(sha256)
    if found is not None:
        return found
    photo = decode(photos.read(sha256), target=THUMBNAIL_SIDE, max_pixels=MAX_PIXELS, shrink=True)
    buffer = io.BytesIO()
    Image.fromarray(photo.pixels).save(buffer, "WEBP", quality=THUMBNAIL_QUALITY)
    photos.set_thumbnail(sha256, buffer.getvalue())
    return buffer.getvalue()

"""Photos in a bucket, or wherever else fsspec leads. A put is whole or not at all, and durable when it returns."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import fsspec

from shelfwatch.audits.errors import NotFoundError, PhotosUnavailableError
from shelfwatch.audits.photos import NAME

RECENT_SECONDS = 600  # photos younger than this may belong to an audit that is being recorded


class BucketClaim:
    """A photo just put. A bucket keeps no note of it: `shelfwatch db verify` compares all names instead."""

    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256

    def release(self) -> None:
        """Nothing to clean."""

    def abandon(self) -> None:
        """Nothing to unlock."""


class BucketPhotos:
    """The photo store at an fsspec address. Raises `ImportError` or `ValueError` where nothing serves that kind."""

    def __init__(self, url: str) -> None:
        # Listings are not cached: other processes write here too.
        self.files, root = fsspec.url_to_fs(url, use_listings_cache=False)
        self.root = root.rstrip("/")

    def claim(self, sha256: str, data: bytes) -> BucketClaim:
        """Put the photo, unless it is there."""
        if self.size(sha256) != len(data):
            with _spoken():
                self.files.pipe_file(self._original(sha256), data)
        return BucketClaim(sha256)

    def size(self, sha256: str) -> int | None:
        """Bytes of a photo, None where it is not there."""
        with _spoken():
            try:
                return int(self.files.info(self._original(sha256))["size"])
            except FileNotFoundError:
                return None

    def read(self, sha256: str, start: int = 0, stop: int | None = None) -> bytes:
        """The photo's bytes from `start` up to `stop`; only those are transferred."""
        if stop is not None and stop <= start:
            return b""
        with _spoken():
            try:
                whole = start == 0 and stop is None
                bounds: dict[str, int | None] = {} if whole else {"start": start, "end": stop}
                return bytes(self.files.cat_file(self._original(sha256), **bounds))
            except FileNotFoundError:
                raise NotFoundError("The photo is not in the photo store.") from None

    def remove(self, sha256: str) -> None:
        """Remove a photo and its thumbnail."""
        with _spoken():
            for path in (self._thumbnail(sha256), self._original(sha256)):
                with contextlib.suppress(FileNotFoundError):
                    self.files.rm_file(path)

    def photos(self) -> Iterator[tuple[str, int]]:
        """Every photo but those put in the last minutes."""
        with _spoken():
            try:
                found = self.files.find(f"{self.root}/originals", detail=True)
            except FileNotFoundError:
                return
            for path, info in sorted(found.items()):
                name = path.rpartition("/")[2]
                if NAME.fullmatch(name) and _age(info) > RECENT_SECONDS:
                    yield name, int(info["size"])

    def leftovers(self) -> Iterator[BucketClaim]:
        """A bucket keeps no claims."""
        return iter(())

    def thumbnail(self, sha256: str) -> bytes | None:
        """The thumbnail made before."""
        with _spoken():
            try:
                return bytes(self.files.cat_file(self._thumbnail(sha256)))
            except FileNotFoundError:
                return None

    def set_thumbnail(self, sha256: str, data: bytes) -> None:
        """Put a thumbnail."""
        with _spoken():
            self.files.pipe_file(self._thumbnail(sha256), data)

    def check(self) -> None:
        """Return if an object can be put and removed here."""
        with _spoken():
            self.files.pipe_file(f"{self.root}/check", b"\0")
            self.files.rm_file(f"{self.root}/check")

    def _original(self, sha256: str) -> str:
        return f"{self.root}/originals/{sha256[:2]}/{sha256}"

    def _thumbnail(self, sha256: str) -> str:
        return f"{self.root}/thumbnails/{sha256[:2]}/{sha256}.webp"


def _age(info: dict[str, Any]) -> float:
    """Seconds since an object was put; endless where the store does not tell."""
    moment = info.get("LastModified") or info.get("created")
    return (datetime.now(UTC) - moment).total_seconds() if isinstance(moment, datetime) else float("inf")


@contextlib.contextmanager
def _spoken() -> Iterator[None]:
    """A bucket's errors in words of our own; each kind of store raises its own."""
    try:
        yield
    except NotFoundError:
        raise
    except Exception as error:
        raise PhotosUnavailableError(f"The photo store cannot be used ({type(error).__name__}).") from error

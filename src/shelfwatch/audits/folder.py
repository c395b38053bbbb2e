"""Photos in a folder: each is complete and on the disk before its name appears.

A photo is written to `incoming/<name>.<token>` under a lock, brought to the disk and then linked to its name. The entry
in `incoming/` stays until the database knows the photo, so after a crash it tells which photos nobody may know: a lock
ends with its process.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from shelfwatch.audits.errors import NotFoundError, PhotosUnavailableError, StorageFullError
from shelfwatch.audits.photos import NAME

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
ATTEMPTS = 3  # writings of one photo, should cleaning take its entry in the moment before it is locked
FULL_SYNC = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone leaves data in the drive's cache


class FolderClaim:
    """An entry in `incoming/`, locked while this process lives; without one for a photo that was there before."""

    def __init__(self, sha256: str, path: Path | None = None, descriptor: int | None = None) -> None:
        self.sha256 = sha256
        self._path = path
        self._descriptor = descriptor

    def release(self) -> None:
        """Remove the entry."""
        if self._path is not None:
            with _spoken():
                self._path.unlink(missing_ok=True)
        self.abandon()

    def abandon(self) -> None:
        """Unlock the entry and leave it for cleaning."""
        self._path = None
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class FolderPhotos:
    """The photo store in a folder, made when it is first written to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.incoming = folder / "incoming"
        self.originals = folder / "originals"
        self.thumbnails = folder / "thumbnails"

    def claim(self, sha256: str, data: bytes) -> FolderClaim:
        """Make the photo durable under its name."""
        with _spoken():
            final = self._original(sha256)
            if self.size(sha256) == len(data):
                _sync(final.parent)  # whoever linked it may not have come to this yet
                return FolderClaim(sha256)
            for _ in range(ATTEMPTS):
                with contextlib.suppress(FileNotFoundError):
                    return self._write(sha256, data, final)
            raise PhotosUnavailableError("The photo folder is being emptied while photos are written to it.")

    def size(self, sha256: str) -> int | None:
        """Bytes of a photo, None where it is not there."""
        with _spoken():
            try:
                return self._original(sha256).stat().st_size
            except FileNotFoundError:
                return None

    def read(self, sha256: str, start: int = 0, stop: int | None = None) -> bytes:
        """The photo's bytes from `start` up to `stop`."""
        with _spoken():
            try:
                with self._original(sha256).open("rb") as file:
                    file.seek(start)
                    return file.read(-1 if stop is None else max(0, stop - start))
            except FileNotFoundError:
                raise NotFoundError("The photo is not in the photo store.") from None

    def remove(self, sha256: str) -> None:
        """Remove a photo and its thumbnail."""
        with _spoken():
            self._thumbnail(sha256).unlink(missing_ok=True)
            self._original(sha256).unlink(missing_ok=True)

    def photos(self) -> Iterator[tuple[str, int]]:
        """Every photo but those that are being written."""
        with _spoken():
            for part in _entries(self.originals):
                found = _entries(part.path)
                # Looked up after the photos: a photo with no entry any more has its row by now.
                busy = {entry.name.partition(".")[0] for entry in _entries(self.incoming)}
                for entry in found:
                    if NAME.fullmatch(entry.name) and entry.name not in busy:
                        with contextlib.suppress(FileNotFoundError):  # removed while we look
                            yield entry.name, entry.stat().st_size

    def leftovers(self) -> Iterator[FolderClaim]:
        """Entries in `incoming/` that no living process holds."""
        with _spoken():
            for entry in _entries(self.incoming):
                try:
                    descriptor = os.open(entry.path, os.O_RDONLY)
                except FileNotFoundError:
                    continue
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(descriptor)
                    continue
                if not Path(entry.path).exists():
                    os.close(descriptor)  # released while we looked
                    continue
                yield FolderClaim(entry.name.partition(".")[0], Path(entry.path), descriptor)

    def thumbnail(self, sha256: str) -> bytes | None:
        """The thumbnail made before."""
        with _spoken():
            try:
                return self._thumbnail(sha256).read_bytes()
            except FileNotFoundError:
                return None

    def set_thumbnail(self, sha256: str, data: bytes) -> None:
        """Keep a thumbnail; it appears as a whole."""
        with _spoken():
            path = self._thumbnail(sha256)
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(f".{secrets.token_hex(8)}")
            try:
                temporary.write_bytes(data)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)

    def check(self) -> None:
        """Return if a file can be made here."""
        with _spoken():
            self.incoming.mkdir(parents=True, exist_ok=True)
            probe = self.incoming / f"check.{secrets.token_hex(8)}"
            try:
                probe.write_bytes(b"\0")
            finally:
                probe.unlink(missing_ok=True)

    def _original(self, sha256: str) -> Path:
        return self.originals / sha256[:2] / sha256

    def _thumbnail(self, sha256: str) -> Path:
        return self.thumbnails / sha256[:2] / f"{sha256}.webp"

    def _write(self, sha256: str, data: bytes, final: Path) -> FolderClaim:
        """Raises `FileNotFoundError` where cleaning took the entry before it was locked."""
        _make(self.incoming)
        _make(final.parent)
        path = self.incoming / f"{sha256}.{secrets.token_hex(8)}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            _flush(descriptor)
            _link(path, final, len(data))
            _sync(final.parent)
        except BaseException:
            path.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        return FolderClaim(sha256, path, descriptor)


def _link(path: Path, final: Path, size: int) -> None:
    """Give the written file its name, unless a whole photo has it already."""
    try:
        os.link(path, final)
    except FileExistsError:
        if final.stat().st_size != size:  # damaged by something else
            whole = path.with_suffix(f"{path.suffix}-whole")
            os.link(path, whole)
            whole.replace(final)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        path.replace(final)  # a file system without links; only `shelfwatch db verify` then finds what a crash left


def _make(folder: Path) -> None:
    """Make a folder and those above it, durable."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    """Bring a folder's entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _flush(descriptor)
    finally:
        os.close(descriptor)


def _flush(descriptor: int) -> None:
    if FULL_SYNC is not None:
        fcntl.fcntl(descriptor, FULL_SYNC)
    else:
        os.fsync(descriptor)


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []


@contextlib.contextmanager
def _spoken() -> Iterator[None]:
    """The system's errors in words of our own."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFullError("The disk behind the photo store is full.") from error
        raise PhotosUnavailableError(f"The photo store cannot be used ({error.strerror}).") from error

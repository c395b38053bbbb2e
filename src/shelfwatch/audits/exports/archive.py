"""A zip file that leaves in pieces while it is written."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterable, Iterator

PIECE_BYTES = 65_536  # least of a piece of a long file


class Archive:
    """A zip file: add to it, and take what is ready to leave. What has left is not kept."""

    def __init__(self) -> None:
        self._sink = _Sink()
        # A file without `seek` or `tell`, to which `zipfile` writes sizes after contents.
        self._zip = zipfile.ZipFile(self._sink, "w")  # type: ignore[call-overload]

    def add(self, name: str, content: bytes | str, *, compress: bool = True) -> bytes:
        """Add a file; gives what is ready. Photos need no compression: they have theirs."""
        self._zip.writestr(_entry(name, compress), content)
        return self._sink.take()

    def add_long(self, name: str, parts: Iterable[bytes]) -> Iterator[bytes]:
        """Add a file of many parts, compressed; gives what is ready meanwhile."""
        with self._zip.open(_entry(name, compress=True), "w", force_zip64=True) as file:
            for part in parts:
                file.write(part)
                if self._sink.waiting >= PIECE_BYTES:
                    yield self._sink.take()
        yield self._sink.take()

    def finish(self) -> bytes:
        """The end of the file."""
        self._zip.close()
        return self._sink.take()


def _entry(name: str, compress: bool) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, time.gmtime()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    entry.external_attr = 0o644 << 16  # as `unzip` shall set it
    return entry


class _Sink:
    """Holds what was written until it is taken."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.waiting = 0  # bytes

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        self.waiting += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def take(self) -> bytes:
        data, self.parts, self.waiting = b"".join(self.parts), [], 0
        return data

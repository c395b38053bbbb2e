"""Zip files that leave in pieces."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from shelfwatch.audits.exports.archive import PIECE_BYTES, Archive


def test_the_pieces_are_one_zip_file(tmp_path: Path) -> None:
    archive, noise = Archive(), os.urandom(100_000)
    pieces = [archive.add("a/b.txt", "Käse"), archive.add("noise", noise, compress=False)]
    pieces += archive.add_long("long", [b"x" * 1000] * 100)
    pieces.append(archive.finish())
    found = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert found.testzip() is None
    assert found.namelist() == ["a/b.txt", "noise", "long"]
    assert found.read("a/b.txt").decode() == "Käse"
    assert found.read("noise") == noise
    assert found.read("long") == b"x" * 100_000
    assert found.getinfo("long").compress_size < 1000
    assert found.getinfo("noise").compress_size == len(noise)
    (tmp_path / "a.zip").write_bytes(b"".join(pieces))
    found.extractall(tmp_path)
    assert os.access(tmp_path / "noise", os.R_OK)


def test_what_is_written_leaves_at_once() -> None:
    archive = Archive()
    assert len(archive.add("noise", os.urandom(100_000), compress=False)) > 100_000
    written = 0

    def parts() -> Iterator[bytes]:
        nonlocal written
        while True:
            part = os.urandom(10_000)  # which cannot be compressed
            written += len(part)
            yield part

    piece = next(archive.add_long("endless", parts()))
    assert PIECE_BYTES <= len(piece) <= written <= 2 * PIECE_BYTES

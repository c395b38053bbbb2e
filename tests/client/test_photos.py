"""A photo is read alike from wherever it comes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from shelfwatch.client.photos import read

DATA = bytes(range(256)) * 9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "shelf.jpg"
    file.write_bytes(DATA)
    return file


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_in_any_wrapping(kind: type) -> None:
    data = read(kind(DATA))
    assert type(data) is bytes
    assert data == DATA


def test_paths_of_either_kind(path: Path) -> None:
    assert read(path) == read(str(path)) == DATA


def test_open_files_from_where_they_stand(path: Path) -> None:
    with path.open("rb") as file:
        assert read(file) == DATA
    stream = io.BytesIO(DATA)
    stream.seek(100)
    assert read(stream) == DATA[100:]


def test_a_text_file_is_refused() -> None:
    with pytest.raises(TypeError, match="mode 'rb'"):
        read(io.StringIO("no bytes"))  # type: ignore[arg-type]


def test_a_missing_file_is_the_operating_system_s_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "missing.jpg")

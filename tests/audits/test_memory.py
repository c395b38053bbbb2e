"""Where the memory is, and how it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from audits.memories import photo
from shelfwatch.audits.bucket import BucketPhotos
from shelfwatch.audits.errors import InvalidError
from shelfwatch.audits.folder import FolderPhotos
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.photos import digest


def test_a_data_folder_holds_all_of_it(tmp_path: Path) -> None:
    memory = Memory.at(tmp_path / "a" / "data")
    assert not (tmp_path / "a").exists()
    memory.check()
    assert (tmp_path / "a" / "data" / "shelfwatch.db").is_file()
    assert isinstance(memory.photos, FolderPhotos)
    assert memory.photos.folder == tmp_path / "a" / "data" / "photos"
    memory.close()


def test_rows_and_photos_may_lie_elsewhere(tmp_path: Path) -> None:
    memory = Memory.at(None, f"sqlite:///{tmp_path / 'rows.db'}", "s3://bucket/photos")
    memory.start()
    assert (tmp_path / "rows.db").is_file()
    assert isinstance(memory.photos, BucketPhotos)
    memory = Memory.at(tmp_path, photo_store=str(tmp_path / "elsewhere"))
    assert isinstance(memory.photos, FolderPhotos)
    assert memory.photos.folder == tmp_path / "elsewhere"


@pytest.mark.parametrize("place", [("", ""), ("postgresql://host/name", ""), ("", "s3://bucket")])
def test_a_place_must_be_named(place: tuple[str, str]) -> None:
    with pytest.raises(InvalidError, match="SHELFWATCH_DATA_DIR"):
        Memory.at(None, *place)


def test_starting_cleans_up_once(tmp_path: Path) -> None:
    memory = Memory.at(tmp_path)
    memory.photos.claim(digest(photo()), photo()).abandon()
    memory.start()
    assert memory.photos.size(digest(photo())) is None
    memory.photos.claim(digest(photo()), photo()).abandon()
    memory.start()
    assert memory.photos.size(digest(photo())) == len(photo())
    memory.close()

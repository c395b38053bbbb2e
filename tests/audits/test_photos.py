"""The photo stores: a folder, and a bucket over real HTTP."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from audits.memories import entry, photo
from shelfwatch.audits import folder
from shelfwatch.audits.bucket import BucketPhotos
from shelfwatch.audits.database import Database
from shelfwatch.audits.errors import InvalidError, NotFoundError, PhotosUnavailableError, StorageFullError
from shelfwatch.audits.folder import FolderPhotos
from shelfwatch.audits.migrate import upgrade
from shelfwatch.audits.photos import PhotoStore, digest, open_photos, thumbnail
from shelfwatch.audits.record import record
from shelfwatch.audits.remove import purge
from shelfwatch.audits.verify import verify
from support import free_port

DATA = bytes(range(256)) * 40
NAME = digest(DATA)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """An S3 server without buckets in a process of its own; its address."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}", timeout=5)
                break
            except httpx.TransportError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        process.kill()


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PhotoStore:
    """Either kind of store, empty."""
    if request.param == "folder":
        return open_photos(str(tmp_path / "photos"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("s3"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket = open_photos(f"s3://shelves/{tmp_path.name}")
    assert isinstance(bucket, BucketPhotos)
    if not bucket.files.exists("shelves"):
        bucket.files.mkdir("shelves")
    return bucket


def test_a_photo_is_read_as_it_was_written(store: PhotoStore) -> None:
    store.check()
    assert store.size(NAME) is None
    store.claim(NAME, DATA).release()
    assert store.size(NAME) == len(DATA)
    assert store.read(NAME) == DATA
    assert store.read(NAME, 100, 5000) == DATA[100:5000]
    assert store.read(NAME, 5000) == DATA[5000:]
    assert store.read(NAME, 7, 7) == b""
    store.claim(NAME, DATA).release()
    assert store.read(NAME) == DATA


def test_a_photo_and_its_thumbnail_are_removed(store: PhotoStore) -> None:
    store.claim(NAME, DATA).release()
    store.set_thumbnail(NAME, b"small")
    assert store.thumbnail(NAME) == b"small"
    store.remove(NAME)
    store.remove(NAME)
    assert store.size(NAME) is None
    assert store.thumbnail(NAME) is None
    with pytest.raises(NotFoundError):
        store.read(NAME)


def test_a_damaged_photo_is_written_again(store: PhotoStore) -> None:
    store.claim(NAME, DATA[:-1]).release()
    store.claim(NAME, DATA).release()
    assert store.read(NAME) == DATA


def test_a_thumbnail_is_small_upright_and_made_once(store: PhotoStore, sample: bytes) -> None:
    with Image.open(io.BytesIO(sample)) as image:
        tags = Image.Exif()
        tags[0x0112] = 6
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", exif=tags)
        width, height = image.size
    name = digest(buffer.getvalue())
    store.claim(name, buffer.getvalue()).release()
    made = thumbnail(store, name)
    with Image.open(io.BytesIO(made)) as small:
        assert small.format == "WEBP"
        assert max(small.size) == 320
        assert (small.width > small.height) == (height > width)
    assert store.thumbnail(name) == made
    store.set_thumbnail(name, b"made before")
    assert thumbnail(store, name) == b"made before"


def test_audits_are_recorded_checked_and_purged(store: PhotoStore, tmp_path: Path) -> None:
    database = Database.in_folder(tmp_path)
    upgrade(database)
    made = [record(database, store, photo(number), entry()).audit for number in range(2)]
    assert [store.size(audit.photo) for audit in made] == [audit.size for audit in made]
    found = verify(database, store)
    assert found.clean
    assert found.photos == 2
    store.remove(made[0].photo)
    assert verify(database, store).missing == [made[0].photo]
    purge(database, store, made[1].id)
    assert store.size(made[1].photo) is None
    database.close()


def test_every_photo_is_listed(tmp_path: Path) -> None:
    store = FolderPhotos(tmp_path)
    for number in range(3):
        store.claim(digest(photo(number)), photo(number)).release()
    (tmp_path / "originals" / "ab").mkdir(exist_ok=True)
    (tmp_path / "originals" / "ab" / "notes.txt").write_text("not a photo")
    assert dict(store.photos()) == {digest(photo(number)): len(photo(number)) for number in range(3)}


def test_what_is_being_written_is_neither_listed_nor_left_over(tmp_path: Path) -> None:
    store = FolderPhotos(tmp_path)
    claim = store.claim(NAME, DATA)
    assert list(store.photos()) == []
    assert list(store.leftovers()) == []
    claim.abandon()
    [left] = store.leftovers()
    assert left.sha256 == NAME
    left.release()
    assert list(store.leftovers()) == []
    assert list(store.photos()) == [(NAME, len(DATA))]


def test_a_process_that_dies_leaves_its_claim(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from shelfwatch.audits.folder import FolderPhotos;"
        f"claim = FolderPhotos(Path({str(tmp_path)!r})).claim({NAME!r}, {DATA!r}); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == -9
    store = FolderPhotos(tmp_path)
    assert [claim.sha256 for claim in store.leftovers()] == [NAME]
    assert store.read(NAME) == DATA


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux tells which file a descriptor is of")
def test_a_photo_has_reached_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No power can be cut here, but the order of what the system is asked for can be told."""
    calls: list[str] = []
    flush, link = folder._flush, os.link

    def flushing(descriptor: int) -> None:
        calls.append(f"flush {Path(f'/proc/self/fd/{descriptor}').readlink().name.partition('.')[0]}")
        flush(descriptor)

    def linking(source: Path, target: Path) -> None:
        calls.append(f"link {target.name}")
        link(source, target)

    monkeypatch.setattr(folder, "_flush", flushing)
    monkeypatch.setattr(os, "link", linking)
    store = FolderPhotos(tmp_path / "photos")
    store.claim(NAME, DATA)
    made = [tmp_path.name, "photos", "photos", "originals"]  # each new folder's entry in the one above it
    assert calls == [*(f"flush {name}" for name in made), f"flush {NAME}", f"link {NAME}", f"flush {NAME[:2]}"]


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """On a file system of 64 kB in a mount namespace of its own."""
    code = f"""
import os, subprocess, sys
from pathlib import Path
from shelfwatch.audits.errors import StorageFullError
from shelfwatch.audits.folder import FolderPhotos
from shelfwatch.audits.photos import digest
store, data = FolderPhotos(Path({str(tmp_path)!r})), os.urandom(100_000)
try:
    store.claim(digest(data), data)
except StorageFullError as error:
    left = [path for path in Path({str(tmp_path)!r}).rglob("*") if path.is_file()]
    sys.exit(str(left) if left else 0)
sys.exit("the disk took it")
"""
    script = f'mount -t tmpfs -o size=64k none "{tmp_path}" && exec "$@"'
    namespace = ["unshare", "--mount", *(["--map-root-user"] if os.getuid() else [])]
    try:
        probe = subprocess.run([*namespace, "sh", "-c", script, "sh", "true"], capture_output=True)
    except FileNotFoundError:
        pytest.skip("a full disk needs mount namespaces (unshare)")
    if probe.returncode:
        pytest.skip("a full disk needs mount namespaces, which are not allowed here")
    done = subprocess.run(
        [*namespace, "sh", "-c", script, "sh", sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_a_quota_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    import resource

    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    store = FolderPhotos(tmp_path / "photos")
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
        with pytest.raises(StorageFullError):
            store.claim(NAME, DATA)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert [path for path in (tmp_path / "photos").rglob("*") if path.is_file()] == []


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "photos").write_bytes(b"")
    store = FolderPhotos(tmp_path / "photos")
    for use in (store.check, lambda: store.claim(NAME, DATA), lambda: store.read(NAME), lambda: list(store.photos())):
        with pytest.raises(PhotosUnavailableError, match="Not a directory"):
            use()


def test_a_bucket_that_does_not_answer_says_so(monkeypatch: pytest.MonkeyPatch, s3: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    store = open_photos("s3://nobody-made-this-bucket/photos")
    for use in (store.check, lambda: store.claim(NAME, DATA)):
        with pytest.raises(PhotosUnavailableError):
            use()


def test_an_address_nothing_serves_is_refused() -> None:
    with pytest.raises(InvalidError, match="carrier-pigeon"):
        open_photos("carrier-pigeon://loft")

"""The memory within the service: away and back, full, switched off, pruned; photos are answered all the while."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from PIL import Image

from audits.memories import entry
from audits.silence import Way
from postgres import PostgresServer
from service.audit_calls import QUICK, get, photo, post
from service.test_health import wait_until
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.photos import digest
from shelfwatch.audits.record import record
from shelfwatch.audits.tables import AuditRow
from shelfwatch.audits.verify import verify
from shelfwatch.service.settings import Settings
from shelfwatch.service.storage import open_memory
from support import COMMAND, Service


def predicted(service: Service, sample: bytes) -> int:
    answer = httpx.post(f"{service.url}/predict?model=fast", files={"image": photo(0, sample)}, timeout=60)
    return answer.status_code


def test_a_database_goes_away_and_comes_back(
    run_service: Callable[..., Service], postgres: PostgresServer, sample: bytes
) -> None:
    service = run_service(**QUICK, SHELFWATCH_DATABASE_URL=postgres.make("away_and_back"))
    audit = post(service, photo(1, sample)).json()
    postgres.stop()
    try:
        for answer in (post(service, photo(2, sample)), get(service, "/audits"), get(service, "/stores")):
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/storage-unavailable")
            assert int(answer.headers["retry-after"]) >= 1
        assert predicted(service, sample) == 200
        wait_until(lambda: get(service, "/health/ready").status_code == 503)
        assert get(service, "/health/ready").json() == {"status": "storage-unavailable", "audits": "unavailable"}
        assert get(service, "/health").status_code == 200
    finally:
        postgres.start()
    wait_until(lambda: get(service, "/health/ready").status_code == 200)
    assert [listed["id"] for listed in get(service, "/audits").json()["items"]] == [audit["id"]]
    assert post(service, photo(2, sample)).status_code == 201
    log = service.log.read_text()
    assert log.count("audits are available again") == 1
    assert "Traceback" not in log


def test_a_database_that_is_away_at_the_start_is_waited_for(
    run_service: Callable[..., Service], postgres: PostgresServer, sample: bytes
) -> None:
    url = postgres.make("away_at_start")
    postgres.stop()
    try:
        service = run_service(**QUICK, SHELFWATCH_DATABASE_URL=url, wait_ready=False)
        wait_until(lambda: "ShelfWatch is at" in service.log.read_text(), 60)
        wait_until(lambda: get(service, "/health").status_code == 200, 60)
        assert predicted(service, sample) == 200
        assert get(service, "/audits").json()["type"] == "/problems/storage-unavailable"
    finally:
        postgres.start()
    wait_until(lambda: get(service, "/health/ready").status_code == 200)
    assert post(service, photo(1, sample)).status_code == 201


def stays_bounded(service: Service, sample: bytes, silence: Callable[[], None], end: Callable[[], None]) -> None:
    """Audits are refused in bounded time while the database hangs, more of them than threads; all else goes on."""
    audit = post(service, photo(0, sample)).json()
    with ThreadPoolExecutor(12) as threads:
        silence()
        began = time.monotonic()
        hung = [
            threads.submit(post, service, photo(number, sample), idempotency_key=str(number)) for number in range(12)
        ]
        wait_until(lambda: get(service, "/health/ready").status_code == 503, 15)
        assert get(service, "/health/ready").json() == {"status": "storage-unavailable", "audits": "unavailable"}
        for answer in (post(service, photo(20, sample)), get(service, "/audits"), get(service, "/stores")):
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/storage-unavailable")
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.elapsed.total_seconds() < 10  # none waits behind those that hang
        assert predicted(service, sample) == 200
        assert get(service, "/health").status_code == 200
        for work in hung:
            answer = work.result(timeout=60)
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/storage-unavailable")
        assert time.monotonic() - began < 60
        assert get(service, "/health/ready").status_code == 503
    end()
    wait_until(lambda: get(service, "/health/ready").status_code == 200, 45)
    assert get(service, f"/audits/{audit['id']}").status_code == 200
    for number in range(12):
        assert post(service, photo(number, sample), idempotency_key=str(number)).status_code in {200, 201}
    assert len(get(service, "/audits").json()["items"]) == 13
    assert "Traceback" not in service.log.read_text()


def test_a_way_to_the_database_that_falls_silent_costs_only_audits(
    run_service: Callable[..., Service], postgres: PostgresServer, sample: bytes
) -> None:
    way = Way(postgres.port)
    url = postgres.make("silent").replace(f":{postgres.port}/", f":{way.port}/")
    service = run_service(**QUICK, SHELFWATCH_DATABASE_URL=url)
    stays_bounded(service, sample, way.fall_silent, way.speak)
    service.process.kill()
    way.close()


def test_a_database_file_that_another_process_keeps_locked_costs_only_audits(
    run_service: Callable[..., Service], sample: bytes
) -> None:
    service = run_service(**QUICK)
    script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN EXCLUSIVE')"
    script += "; print('locked', flush=True); sys.stdin.read()"
    others: list[subprocess.Popen[bytes]] = []

    def lock() -> None:
        file = service.log.with_suffix(".data") / "shelfwatch.db"
        others.append(
            subprocess.Popen([sys.executable, "-c", script, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        )
        assert others[0].stdout is not None
        assert others[0].stdout.readline() == b"locked\n"

    try:
        stays_bounded(service, sample, lock, lambda: others[0].kill())
    finally:
        for other in others:
            other.kill()
            other.communicate()


def test_a_full_disk_acknowledges_nothing(run_service: Callable[..., Service], sample: bytes) -> None:
    if shutil.which("prlimit") is None:
        pytest.skip("a limit for files needs prlimit, of util-linux")
    service = run_service(**QUICK, wrapper=["prlimit", "--fsize=1500000"])
    out = io.BytesIO()
    Image.effect_noise((2200, 1500), 80).save(out, "JPEG", quality=92)
    answer = post(service, out.getvalue(), "Full")
    assert (answer.status_code, answer.json()["type"]) == (507, "/problems/storage-full")
    assert get(service, "/stores").json()["items"] == []
    assert post(service, photo(1, sample), "Full").status_code == 201
    photos = service.log.with_suffix(".data") / "photos"
    assert len([path for path in photos.rglob("*") if path.is_file()]) == 1


def with_mount(folder: Path, options: str) -> list[str]:
    """What starts a service that alone sees a file system in memory at `folder`."""
    folder.mkdir(parents=True)
    script = f'mount -t tmpfs -o {options} tmpfs "$0" && exec "$@"'
    wrapper = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(folder)]
    if shutil.which("unshare") is None or subprocess.run([*wrapper, "true"], capture_output=True).returncode:
        pytest.skip("a file system of one's own needs unshare, of util-linux, and leave to use it")
    return wrapper


def test_a_disk_that_fills_up_keeps_what_was_acknowledged(
    run_service: Callable[..., Service], sample: bytes, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    service = run_service(**QUICK, SHELFWATCH_DATA_DIR=str(data), wrapper=with_mount(data, "size=2m"))
    seen = Path(f"/proc/{service.process.pid}/root{data}")  # as the service sees it
    ballast = seen / "ballast"
    ballast.write_bytes(bytes(500_000))
    acknowledged: set[str] = set()
    refused = 0
    for side in (400, 200, 100, 60):  # ever smaller, so that now the photo and now its rows find no room
        for number in range(200):
            picture = Image.open(io.BytesIO(photo(number, sample)))
            picture.thumbnail((side, side))
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=90)
            answer = post(service, out.getvalue())
            if answer.status_code != 201:
                assert (answer.status_code, answer.json()["type"]) == (507, "/problems/storage-full")
                refused += 1
                break
            acknowledged.add(answer.json()["id"])
        assert listed(service) == acknowledged
        assert predicted(service, sample) == 200
    assert refused >= 2
    ballast.unlink()
    answer = post(service, photo(500, sample))
    assert answer.status_code == 201
    acknowledged.add(answer.json()["id"])
    assert listed(service) == acknowledged
    assert list((seen / "photos" / "incoming").iterdir()) == []
    inside = ["nsenter", "--user", "--mount", "--preserve-credentials", "--target", str(service.process.pid)]
    done = subprocess.run(
        [*inside, COMMAND, "db", "verify"],
        env={**os.environ, "SHELFWATCH_DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(acknowledged)} audits" in done.stdout


def listed(service: Service) -> set[str]:
    found: set[str] = set()
    page = get(service, "/audits", limit=200).json()
    while True:
        found |= {audit["id"] for audit in page["items"]}
        if page["next_cursor"] is None:
            return found
        page = get(service, "/audits", limit=200, cursor=page["next_cursor"]).json()


def test_a_photo_store_without_leave_to_write_acknowledges_nothing(
    run_service: Callable[..., Service], empty: str, sample: bytes, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    service = run_service(
        **QUICK,
        SHELFWATCH_DATABASE_URL=empty,
        SHELFWATCH_PHOTO_STORE=str(photos),
        wrapper=with_mount(photos, "ro"),
    )
    answer = post(service, photo(1, sample), idempotency_key="once")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/storage-unavailable")
    assert "photo store" in answer.json()["detail"]
    assert get(service, "/stores").json()["items"] == []
    assert listed(service) == set()
    assert predicted(service, sample) == 200
    memory = Memory.at(tmp_path, empty, str(photos))
    assert verify(memory.database, memory.photos).clean
    memory.close()


def test_a_photo_folder_that_cannot_be_used_acknowledges_nothing(
    run_service: Callable[..., Service], sample: bytes, tmp_path: Path
) -> None:
    service = run_service(**QUICK, SHELFWATCH_PHOTO_STORE=str(tmp_path / "photos"))
    (tmp_path / "photos").write_text("no folder")
    answer = post(service, photo(1, sample))
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/storage-unavailable")
    assert "photo store" in answer.json()["detail"]
    assert get(service, "/audits").json()["items"] == []
    (tmp_path / "photos").unlink()
    assert post(service, photo(1, sample)).status_code == 201


def test_retention_is_kept_by_itself(run_service: Callable[..., Service], sample: bytes, tmp_path: Path) -> None:
    data = {"SHELFWATCH_DATA_DIR": str(tmp_path / "data")}
    memory = Memory.at(tmp_path / "data")
    memory.start()
    made = [record(memory.database, memory.photos, photo(number, sample), entry()).audit for number in range(3)]
    memory.close()
    service = run_service("--keep-bytes", str(round(made[2].size * 1.5)), "--keep-days", "30", **QUICK, **data)
    wait_until(lambda: "2 over the size removed" in service.log.read_text())
    assert [audit["id"] for audit in get(service, "/audits").json()["items"]] == [made[2].id]
    assert post(service, photo(3, sample)).status_code == 201


def test_what_was_deleted_goes_by_itself_where_no_retention_is_set(
    run_service: Callable[..., Service], empty: str, sample: bytes, tmp_path: Path
) -> None:
    data = {"SHELFWATCH_DATA_DIR": str(tmp_path / "data"), "SHELFWATCH_DATABASE_URL": empty}
    memory = Memory.at(tmp_path / "data", empty)
    memory.start()
    kept, undoable, gone = [
        record(memory.database, memory.photos, photo(number, sample), entry(minutes=number)).audit
        for number in range(3)
    ]
    now = datetime.now(UTC)
    with memory.database.write() as session:
        for audit, hours in ((undoable, 23), (gone, 25)):
            session.get_one(AuditRow, audit.id).deleted_at = now - timedelta(hours=hours)
    orphan = photo(3, sample)
    memory.photos.claim(digest(orphan), orphan).abandon()  # by a process that died
    service = run_service(**QUICK, **data)
    wait_until(lambda: "1 deleted audits, 0 too old and 0 over the size removed" in service.log.read_text())
    assert [audit["id"] for audit in get(service, "/audits").json()["items"]] == [kept.id]
    assert {name for name, _ in memory.photos.photos()} == {kept.photo, undoable.photo}
    assert httpx.post(f"{service.url}/audits/{undoable.id}/restore").status_code == 200
    assert httpx.post(f"{service.url}/audits/{gone.id}/restore").status_code == 404
    memory.close()


def test_the_usual_folder_is_the_user_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SHELFWATCH_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    memory = open_memory(Settings())
    assert memory is not None
    assert memory.database.file == tmp_path / "xdg" / "shelfwatch" / "shelfwatch.db"
    assert (tmp_path / "xdg" / "shelfwatch").stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv("XDG_DATA_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    memory = open_memory(Settings())
    assert memory is not None
    assert memory.database.file == tmp_path / "home" / ".local" / "share" / "shelfwatch" / "shelfwatch.db"
    named = open_memory(Settings(data_dir=str(tmp_path / "named")))
    assert named is not None
    assert named.database.file == tmp_path / "named" / "shelfwatch.db"

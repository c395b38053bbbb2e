"""The memory within the service: away and back, full, switched off, pruned; photos are answered all the while."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image

from audits.memories import entry
from postgres import PostgresServer
from service.audit_calls import QUICK, get, photo, post
from service.test_health import wait_until
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.record import record
from shelfwatch.service.settings import Settings
from shelfwatch.service.storage import open_memory
from support import Service


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

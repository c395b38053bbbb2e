"""`shelfwatch audit --url`: photos are sent to the real service, and a run that was killed is gone on with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from service.audit_calls import QUICK, get
from shelfwatch.audits.ids import new_id
from shelfwatch.client import Client, RetryPolicy
from shelfwatch.commands.recording import Bay, record_all
from shelfwatch.commands.service_recorder import ServiceRecorder
from support import COMMAND, free_port

PLACE = ("--store", "Berlin 1", "--bay", "Cereal/1")
KEY = "a-key-made-for-this-test"


@pytest.fixture
def folder(photos, tmp_path):
    """Four shelves."""
    (tmp_path / "day").mkdir()
    for path in photos:
        shutil.copyfile(path, tmp_path / "day" / path.name)
    return tmp_path / "day"


def sent(service):
    """How often a photo was posted to the service, from its log."""
    return sum(line.get("route") == "/audits" and line.get("method") == "POST" for line in service.lines())


def test_photos_are_sent_once_and_told_as_if_recorded_here(shelfwatch, run_service, folder, tmp_path, monkeypatch):
    service = run_service(**QUICK)
    monkeypatch.setenv("SHELFWATCH_DATA_DIR", str(tmp_path / "data"))  # which is not touched
    result = shelfwatch("audit", *PLACE, "--url", service.url, "--json", folder)
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert not (tmp_path / "data").exists()
    assert (answer["photos"], answer["recorded"], answer["skipped"], answer["failed"]) == (4, 4, 0, 0)
    kept = {audit["id"]: audit for audit in get(service, "/audits", store="Berlin 1", bay="Cereal/1").json()["items"]}
    assert {audit["id"] for audit in answer["audits"]} == set(kept)
    for audit in answer["audits"]:
        report = kept[audit["id"]]["report"]
        assert (audit["facings"], audit["gaps"]) == (report["facings"], report["gap_count"])
        assert audit["taken_at"] == kept[audit["id"]]["taken_at"]
    assert sent(service) == 4

    again = shelfwatch("audit", *PLACE, "--url", service.url, "--json", folder)
    assert again.exit_code == 0
    assert "4 photos were recorded before and skipped." in again.stderr
    second = json.loads(again.stdout)
    assert (second["recorded"], second["skipped"]) == (0, 4)
    assert [second[name] for name in ("facings", "fill_rate", "gaps")] == [
        answer[name] for name in ("facings", "fill_rate", "gaps")
    ]
    assert sent(service) == 4  # nothing was sent twice

    # Recorded here by the same model they are told in the same words.
    local = shelfwatch("audit", *PLACE, "--model", "fast", "--json", folder)
    here = json.loads(local.stdout)
    for audit in (*here["audits"], *answer["audits"]):
        del audit["id"], audit["taken_at"]
    assert here == answer


def test_what_was_deleted_is_not_recorded_again_and_what_is_broken_is_told(shelfwatch, run_service, folder):
    service = run_service(**QUICK)
    first = sorted(folder.iterdir())[0]
    made = json.loads(shelfwatch("audit", *PLACE, "--url", service.url, "--json", first).stdout)["audits"][0]
    with Client(service.url) as client:
        client.delete_audit(made["id"])
    (folder / "broken.jpg").write_bytes(first.read_bytes()[:5000])
    result = shelfwatch(
        "audit", *PLACE, "--url", service.url, "--json", first, folder / "broken.jpg", folder / "no.jpg"
    )
    answer = json.loads(result.stdout)
    assert result.exit_code == 1
    assert answer["skipped_photos"] == [{"path": str(first), "id": None}]
    assert f"{folder / 'broken.jpg'}: The JPEG file is damaged or cut short" in result.stderr
    assert f"{folder / 'no.jpg'}: No such file or directory" in result.stderr
    result = shelfwatch("audit", *PLACE, "--url", service.url, "--taken-from-exif", first)
    assert "does not say when it was taken" in result.stderr
    result = shelfwatch("audit", *PLACE, "--url", service.url, "--model", "slow", sorted(folder.iterdir())[2])
    assert (result.exit_code, "model" in result.stderr) == (1, True)


def test_the_key_comes_from_the_environment(shelfwatch, run_service, folder, monkeypatch):
    service = run_service(**QUICK, SHELFWATCH_API_KEYS=KEY)
    for key in (None, "wrong-key"):
        if key:
            monkeypatch.setenv("SHELFWATCH_KEY", key)
        result = shelfwatch("audit", *PLACE, "--url", service.url, folder)
        assert result.exit_code == 1
        assert "Stopped: " in result.stderr
        assert "key" in result.stderr
        assert "wrong-key" not in result.output
    monkeypatch.setenv("SHELFWATCH_KEY", KEY)
    result = shelfwatch("audit", *PLACE, "--url", service.url, folder)
    assert result.exit_code == 0
    assert KEY not in result.output


def test_addresses_that_cannot_be_are_refused(shelfwatch, folder, tmp_path):
    for words, said in (
        (("--url", "shelf.example"), "--url is like https://shelfwatch.example"),
        (("--url", "http://me:word@shelf.example"), "--url holds no user and password"),
        (("--url", "http://shelf.example", "--data-dir", tmp_path), "--url and --data-dir name two places"),
    ):
        result = shelfwatch("audit", *PLACE, *words, folder)
        assert result.exit_code != 0
        assert said in result.stderr


def test_a_service_that_went_away_stops_the_run(run_service, folder):
    service = run_service(**QUICK)
    files = sorted(folder.iterdir())

    def until_killed():
        yield files[0]
        service.process.kill()
        service.process.wait()
        yield from files[1:]

    with Client(service.url, retries=RetryPolicy(attempts=2, backoff=0)) as client:
        outcome = record_all(ServiceRecorder(client, Bay("Berlin 1", "Tea", False), None), until_killed())
    assert [path for path, _ in outcome.recorded] == files[:1]
    assert outcome.stopped.startswith(f"{files[1]}: ")
    assert (outcome.skipped, outcome.failed) == ([], [])


def test_a_run_outlives_a_service_that_is_killed_and_started_again(run_service, folder, tmp_path):
    """And one that was killed itself is gone on with; each photo makes one audit all the same."""
    for number in range(8):  # more to do, in distinct bytes
        for path in sorted(folder.glob("shelf_?.jpg")):
            (folder / f"more_{number}_{path.name}").write_bytes(path.read_bytes() + new_id().encode())
    port = str(free_port())
    where = {"SHELFWATCH_PORT": port, "SHELFWATCH_DATA_DIR": str(tmp_path / "kept")}
    url = f"http://127.0.0.1:{port}"
    command = [COMMAND, "audit", *PLACE, "--url", url, "--json", folder]

    def audits():
        return [audit.id for audit in client.audits(store="Berlin 1", bay="Cereal/1")]

    with Client(url, retries=RetryPolicy(attempts=600, total_wait=60, backoff=0)) as client:
        service = run_service(**QUICK, **where, wait_ready=False)
        while not client.ready():
            time.sleep(0.05)
        first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while len(audits()) < 4:
            assert first.poll() is None
            time.sleep(0.05)
        first.kill()
        first.wait()
        before = audits()
        assert 4 <= len(before) < 36

        second = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while len(audits()) < len(before) + 4:
            assert second.poll() is None
            time.sleep(0.05)
        service.process.kill()
        service.process.wait()
        run_service(**QUICK, **where, wait_ready=False)
        out, errors = second.communicate(timeout=120)
        assert second.returncode == 0, errors.decode()
        answer = json.loads(out)
        assert answer["stopped"] is None
        assert (answer["photos"], answer["failed"]) == (36, 0)
        assert answer["skipped"] >= len(before)
        kept = audits()
    assert len(kept) == len(set(kept)) == 36
    assert set(before) <= set(kept)


def test_without_httpx_it_is_told_what_to_install(folder, tmp_path):
    code = "import sys; sys.modules['httpx'] = None; from shelfwatch.cli import main; main()"
    command = [sys.executable, "-c", code, "audit", *PLACE, "--url", "http://127.0.0.1:9", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ}, timeout=60)
    assert done.returncode == 1
    assert 'pip install "shelfwatch[client]"' in done.stderr

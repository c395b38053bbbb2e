"""The real service as a container runs it: a read-only root, a user without a name or a home, one writable folder."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from support import COMMAND, Service

USER = "10001"  # of no entry in /etc/passwd
NAMESPACE = ["unshare", "--mount", *(["--map-root-user"] if os.getuid() else [])]
# Leaves nothing writable but the folder that is named, then becomes the service.
SCRIPT = """
mount --make-rprivate /
if [ -n "$1" ]; then mount --bind "$1" "$1"; fi
while read -r _ place kind flags _; do
    case "$kind,$place" in proc,* | sysfs,* | devpts,* | cgroup*,* | *,"$1") continue ;; esac
    case "$flags" in rw*) mount -o remount,bind,ro "$place" || echo "$place stays writable" ;; esac
done </proc/self/mounts
shift
cd / && unset HOME TMPDIR XDG_CACHE_HOME XDG_DATA_HOME
exec "$@"
"""


def read_only(folder: Path | None) -> list[str]:
    """A wrapper that makes every file system read-only but for `folder`, and where it can leaves root's rights behind.

    Skips the test where the system does not allow that.
    """
    if shutil.which("unshare") is None or subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode:
        pytest.skip("a read-only root needs mount namespaces (unshare), which are not allowed here")
    wrapper = [*NAMESPACE, "sh", "-c", SCRIPT, "sh", str(folder or "")]
    if os.getuid() == 0 and shutil.which("setpriv"):
        # The checkout may lie in a folder of root's alone: reading is allowed, writing is not.
        reading = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
        wrapper += ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *reading, "--no-new-privs"]
    return wrapper


def large_photo() -> bytes:
    """A photo of some megabytes, more than is held in memory by default where bodies are put into files."""
    out = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (1500, 2000, 3), np.uint8)
    Image.fromarray(noise).save(out, "JPEG", quality=95)
    return out.getvalue()


def test_photos_are_answered_where_nothing_can_be_written(run_service: Callable[..., Service], tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o777)
    service = run_service(wrapper=read_only(data), SHELFWATCH_DATA_DIR=str(data))
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    if os.getuid() == 0 and shutil.which("setpriv"):
        assert f"Uid:\t{USER}\t{USER}" in status
    photo = large_photo()
    assert len(photo) > 1_500_000
    answer = httpx.post(f"{service.url}/predict", files={"image": ("shelf.jpg", photo)}, timeout=60)
    assert answer.status_code == 200
    assert httpx.get(service.url).status_code == 200
    # The database of the audits, and no photo.
    assert {path.name for path in data.iterdir()} <= {f"shelfwatch.db{end}" for end in ("", "-shm", "-wal", ".pruning")}
    assert service.stop() == 0
    log = service.log.read_text()
    for sign in ("Read-only", "Permission denied", "No such file", "Traceback", "stays writable"):
        assert sign not in log


def test_where_nothing_at_all_can_be_written_only_audits_are_missing(run_service: Callable[..., Service]) -> None:
    service = run_service(wrapper=read_only(None), SHELFWATCH_DATA_DIR="")
    assert httpx.get(f"{service.url}/health/ready").json() == {"status": "ready", "audits": "off"}
    answer = httpx.post(f"{service.url}/predict", files={"image": ("shelf.jpg", large_photo())}, timeout=60)
    assert answer.status_code == 200
    refused = httpx.get(f"{service.url}/audits")
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/storage-unavailable")
    assert "SHELFWATCH_DATA_DIR" in refused.json()["detail"]
    assert "no audits are kept" in service.log.read_text()
    assert service.stop() == 0


def test_a_data_folder_that_cannot_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    command = [*read_only(None), COMMAND, "serve", "--port", "0", "--data-dir", str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "SHELFWATCH_DATA_DIR" in done.stderr
    assert str(tmp_path / "data") in done.stderr
    assert "Traceback" not in done.stderr


def test_a_data_folder_is_made(run_service: Callable[..., Service], tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    run_service("--data-dir", str(folder))
    assert folder.is_dir()

"""Both images, built for real from a base made here, and run as uid 10001 with nothing writable but /data."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from support import ROOT, free_port

pytestmark = pytest.mark.ops

BASE = "docker.io/library/python:3.12-slim-bookworm"
BUILD_BASE = "localhost/shelfwatch-build"
MOST_MEGABYTES = 350
USER = 10001
TOOLS = ("buildah", "umoci", "bwrap", "mmdebstrap", "podman", "setpriv")


def run(*command: str | Path, seconds: float = 600) -> str:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def pip_options(folder: Path) -> list[str]:
    """What pip on this machine is told, told to the pip in the build too: mirrors, and folders they are in."""
    told = subprocess.run(["pip", "config", "list"], capture_output=True, text=True).stdout
    lines = re.findall(r"^global\.([\w-]+)='(.+)'$", told, re.MULTILINE)
    options = []
    for _, value in lines:
        for place in re.findall(r"(?:file://)?(/[^\s\\]+)", value):
            where = (
                Path(place).parent if Path(place).name == "simple" else Path(place)
            )  # an index names files beside it
            if where.exists():
                options += ["--volume", f"{where}:{where}:ro"]
    if lines:
        unescaped = [(name, value.replace("\\n", "\n    ")) for name, value in lines]
        (folder / "pip.conf").write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in unescaped))
        options += ["--volume", f"{folder / 'pip.conf'}:/etc/pip.conf:ro"]
    return options


def build(tag: str, *options: str) -> None:
    run("buildah", "bud", "--isolation", "chroot", "--pull-never", "--format", "docker", "--tag", tag, *options, ".")


@dataclass
class Image:
    """A built image: its name, its settings and its unpacked files."""

    name: str
    config: dict[str, Any]
    root: Path
    megabytes: float


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Image]:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or os.getuid() != 0:
        needs = ", ".join(missing) or "all tools"
        pytest.skip(f"images are built as root with {needs}; scripts/install-ops installs them")
    folder = tmp_path_factory.mktemp("images")
    if not run("buildah", "images", "--quiet", "--filter", f"reference={BUILD_BASE}").strip():
        run("scripts/make-base")
    build("shelfwatch:base", "--build-arg", f"BUILD_BASE={BUILD_BASE}", *pip_options(folder))
    build("shelfwatch:aws", "--file", "Dockerfile.aws", "--build-arg", "BASE=localhost/shelfwatch:base")
    found = {}
    for tag in ("base", "aws"):
        name = f"localhost/shelfwatch:{tag}"
        run("buildah", "push", "--quiet", name, f"oci:{folder / 'oci'}:{tag}")
        run("umoci", "unpack", "--image", f"{folder / 'oci'}:{tag}", folder / tag)
        told = json.loads(run("buildah", "inspect", "--type", "image", name))
        size = sum(file.lstat().st_size for file in (folder / tag / "rootfs").rglob("*") if not file.is_symlink())
        found[tag] = Image(name, told["Docker"]["config"], folder / tag / "rootfs", size / 1e6)
    for place in (folder, *folder.parents[:2], folder / "base", folder / "aws"):
        place.chmod(place.stat().st_mode | 0o055)
    return found


@contextlib.contextmanager
def container(image: Image, data: Path, *command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the image's files, all of them read-only, as the user the image names."""
    data.mkdir(exist_ok=True)
    os.chown(data, USER, USER)
    set_there = dict(entry.split("=", 1) for entry in image.config["Env"]) | environment
    wrapped = [
        "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
        "bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent",
        "--ro-bind", str(image.root), "/", "--proc", "/proc", "--dev", "/dev", "--bind", str(data), "/data",
        "--clearenv", *(part for pair in set_there.items() for part in ("--setenv", *pair)),
        "--chdir", image.config["WorkingDir"], *command,
    ]  # fmt: skip
    with (data.parent / "log").open("wb") as log:
        process = subprocess.Popen(wrapped, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("tag", ["base", "aws"])
def test_it_serves_photos_as_nobody_with_nothing_writable_but_its_data(
    images: dict[str, Image], sample: bytes, tmp_path: Path, tag: str
) -> None:
    image = images[tag]
    assert image.config["User"] == f"{USER}:{USER}"
    for place in (tmp_path, *list(tmp_path.parents)[:3]):
        place.chmod(place.stat().st_mode | 0o055)
    port = str(free_port())
    started = [*image.config["Entrypoint"], *image.config["Cmd"]]
    key = "0123456789abcdef0123456789abcdef"
    with container(image, tmp_path / "data", *started, SHELFWATCH_PORT=port, SHELFWATCH_API_KEYS=key) as process:
        headers = {"Authorization": f"Bearer {key}"}
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60)
        for _ in range(300):
            with contextlib.suppress(httpx.TransportError):
                if client.get("/health/ready").status_code == 200:
                    break
            assert process.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.2)
        answer = client.post("/predict", files={"image": sample})
        assert answer.status_code == 200, answer.text
        assert 60 <= answer.json()["count"] <= 80
        form = {"store": "Kiel", "bay": "Tea"}
        assert client.post("/audits", data=form, files={"image": sample}).status_code == 201
        assert client.get("/").status_code == 200
        (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[:1]
        assert f"Uid:\t{USER}\t{USER}" in Path(f"/proc/{child}/status").read_text()
        check = image.config["Healthcheck"]["Test"]
        assert check[0] == "CMD"
        with container(image, tmp_path / "other", *check[1:], SHELFWATCH_PORT=port) as asked:
            assert asked.wait(timeout=20) == 0
    assert (tmp_path / "data" / "shelfwatch.db").exists()


def test_it_is_small_and_holds_no_compiler_and_no_torch(images: dict[str, Image]) -> None:
    for tag, image in images.items():
        print(f"shelfwatch:{tag} has {image.megabytes:.0f} MB, its base included")
        assert image.megabytes <= MOST_MEGABYTES
        programs = [path for folder in ("usr/bin", "opt/shelfwatch/bin") for path in (image.root / folder).iterdir()]
        packages = (image.root / "opt/shelfwatch").glob("lib/python3*/site-packages/*")
        names = {path.name for path in (*programs, *packages)}
        assert not names & {"gcc", "cc", "ld", "strip", "torch", "ultralytics", "cv2", "pip"}
        labels = image.config["Labels"]
        assert labels["org.opencontainers.image.title"] == "ShelfWatch"
        assert {"org.opencontainers.image.version", "org.opencontainers.image.revision"} <= set(labels)


def test_what_the_image_leaves_out_is_not_missed(images: dict[str, Image], tmp_path: Path) -> None:
    for place in (tmp_path, *list(tmp_path.parents)[:3]):
        place.chmod(place.stat().st_mode | 0o055)
    script = (
        "import s3fs, psycopg, onnxruntime, alembic, openpyxl, rich.traceback, opentelemetry.sdk.trace, PIL.ImageDraw;"
        "from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter;"
        "import botocore.session as b; s = b.get_session();"
        "[s.create_client(name, region_name='eu-central-1') for name in ('s3', 'sts', 'sso')]"
    )
    with container(images["base"], tmp_path / "data", "python3", "-c", script) as process:
        assert process.wait(timeout=60) == 0, (tmp_path / "log").read_text()

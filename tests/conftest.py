"""Fixtures every test may use."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from postgres import NotInstalledError, PostgresServer
from shelfwatch.inference.detector import Detector, packaged_models
from shelfwatch.inference.model import Model
from support import ROOT, SHARED, Service, start_service


@pytest.fixture
def scripts_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """`scripts/` importable, as its commands have it."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))


@pytest.fixture
def run_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Start services with flags and environment variables; they end with the test."""
    running: list[Service] = []

    def start(*flags: str, **options: Any) -> Service:
        service = start_service(tmp_path / f"service{len(running)}.log", *flags, **options)
        running.append(service)
        return service

    yield start
    for service in running:
        service.process.kill()
        service.process.wait()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service with default settings and the packaged model, for every test that does not change it."""
    service = start_service(tmp_path_factory.mktemp("service") / "service.log")
    yield service
    service.process.kill()
    service.process.wait()


@pytest.fixture(scope="session")
def packaged() -> Detector:
    """The default packaged model, loaded once."""
    return Detector(Model(next(iter(packaged_models().values()))))


@pytest.fixture(scope="session")
def sample() -> bytes:
    """The page's sample shelf, a picture of our own."""
    return (ROOT / "ui" / "samples" / "shelf.jpg").read_bytes()


@pytest.fixture(scope="session")
def emptied(sample: bytes) -> bytes:
    """The sample shelf with a stretch where nothing stands."""
    picture = Image.open(io.BytesIO(sample)).convert("RGB")
    width, height = picture.size
    picture.paste((40, 40, 40), (width // 4, 0, width // 2, height))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def shared_products() -> Path:
    """The labelled photos, which are not part of the project."""
    folder = SHARED / "data" / "products"
    if not folder.is_dir():
        pytest.skip("the labelled photos in ../shared/data/products are not here; they are not part of the project")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    try:
        server = PostgresServer()
    except NotInstalledError as error:
        pytest.skip(str(error))
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Every test that asks for it runs on either database."""
    return str(request.param)


@pytest.fixture
def empty(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path / 'shelfwatch.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.make(f"test_{secrets.token_hex(6)}")

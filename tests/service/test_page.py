"""How the page's files are answered: compressed, revalidated, the service worker at the root."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from shelfwatch.service import page
from shelfwatch.service.app import create_app
from shelfwatch.service.settings import Settings
from support import ROOT, Service


@pytest.mark.parametrize("path", ["/", "/static/js/app.js", "/static/css/page.css", "/static/icons.svg"])
def test_text_is_compressed_for_those_who_take_it(service: Service, path: str) -> None:
    address = f"{service.url}{path}"
    plain = httpx.get(address, headers={"Accept-Encoding": "identity"})
    small = httpx.get(address, headers={"Accept-Encoding": "br;q=1, gzip"})
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < len(plain.content)
    if not path.endswith((".js", ".css")):  # those lose their comments on the way
        assert small.content == plain.content
    assert small.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert small.headers["etag"] != plain.headers["etag"]
    assert small.headers["content-type"] == plain.headers["content-type"]
    for answer, encoding in ((plain, "identity"), (small, "gzip")):
        again = {"If-None-Match": answer.headers["etag"], "Accept-Encoding": encoding}
        known = httpx.get(address, headers=again)
        assert (known.status_code, known.content) == (304, b"")
        assert known.headers["etag"] == answer.headers["etag"]


def test_photos_and_parts_are_sent_as_they_are(service: Service) -> None:
    sample = next((ROOT / "ui" / "samples").glob("*.jpg"))
    answer = httpx.get(f"{service.url}/static/samples/{sample.name}", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.content == sample.read_bytes()
    part = {"Accept-Encoding": "gzip", "Range": "bytes=0-9"}
    answer = httpx.get(f"{service.url}/static/js/app.js", headers=part)
    assert (answer.status_code, answer.content) == (206, (ROOT / "ui/js/app.js").read_bytes()[:10])


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip", True), ("br, GZIP;q=0.5", True), ("*", True), ("gzip;q=0", False), ("gzip;q=0.000, *", False),
        ("", False), ("br", False), ("*;q=0", False), ("gzip;q=1.0", True),
    ],
)  # fmt: skip
def test_who_takes_gzip(header: str, takes: bool) -> None:
    assert page.takes_gzip(header) == takes


def test_a_changed_file_is_compressed_anew(tmp_path: Path) -> None:
    file = tmp_path / "words.js"
    asked = Headers({"accept-encoding": "gzip"})
    file.write_text("one();\n" * 200)
    first = page.fresh(file, asked)
    file.write_text("other();\n" * 200)
    second = page.fresh(file, asked)
    assert gzip.decompress(bytes(second.body)).startswith(b"other();other();")
    assert first.headers["etag"] != second.headers["etag"]


@pytest.fixture
def keyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """A service that asks for keys, with a page folder of its own."""
    monkeypatch.setattr(page, "ui_folder", lambda: tmp_path)
    return create_app(Settings(api_keys="a-key-made-for-this-test"))


def test_worker_and_manifest_are_open_without_a_key(keyed: FastAPI, tmp_path: Path) -> None:
    client = TestClient(keyed, base_url="http://127.0.0.1")
    (tmp_path / "sw.js").write_text("self.addEventListener('fetch', () => {})\n")
    (tmp_path / "manifest.webmanifest").write_text('{"name": "ShelfWatch"}')
    worker = client.get("/sw.js")
    assert worker.status_code == 200
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.headers["cache-control"] == "no-cache"
    assert "worker-src 'self'" in worker.headers["content-security-policy"]
    manifest = client.get("/static/manifest.webmanifest")
    assert (manifest.status_code, manifest.headers["content-type"]) == (200, "application/manifest+json")
    assert client.get("/audits").status_code == 401


def test_worker_changes_with_any_file_of_the_page(keyed: FastAPI, tmp_path: Path) -> None:
    """Its first line says what it keeps and which version that is, so that browsers see a new page as a new worker."""
    client = TestClient(keyed, base_url="http://127.0.0.1")
    (tmp_path / "sw.js").write_text("// the worker\n")
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "photo.jpg").write_bytes(b"large")

    def shell() -> dict[str, Any]:
        first, rest = client.get("/sw.js").text.split("\n", 1)
        assert rest == "// the worker\n"
        return json.loads(first.removeprefix("self.SHELL = ").removesuffix(";"))

    before = shell()
    assert before["files"] == ["/"]
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "app.js").write_text("export {};")
    after = shell()
    assert after["files"] == ["/", "/static/js/app.js"]
    assert after["version"] != before["version"]
    tag = client.get("/sw.js").headers["etag"]
    assert client.get("/sw.js", headers={"If-None-Match": tag}).status_code == 304
    (tmp_path / "index.html").write_text("<!doctype html><title>new</title>")
    assert client.get("/sw.js", headers={"If-None-Match": tag}).status_code == 200


def test_scripts_and_styles_are_sent_without_their_comments(service: Service) -> None:
    """Less than they are as files; that they still do the same is what every test in the browser shows."""
    for name in ("js/app.js", "css/base.css"):
        file = (ROOT / "ui" / name).read_text()
        sent = httpx.get(f"{service.url}/static/{name}").text
        assert "/*" in file
        assert "/*" not in sent
        assert 200 < len(sent) < len(file)
        plain = httpx.get(f"{service.url}/static/{name}", headers={"Accept-Encoding": "identity"}).text
        assert plain == file

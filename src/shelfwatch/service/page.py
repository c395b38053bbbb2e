"""The web page and its static files."""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
import os
from pathlib import Path

import rcssmin
import rjsmin
from fastapi import APIRouter, Request
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from shelfwatch.service.photos import is_known

router = APIRouter(include_in_schema=False)

TEXT = ("text/", "application/json", "application/manifest+json", "image/svg+xml")  # what gzip makes smaller
LEAST_BYTES = 500  # below it the answer's head outweighs what is saved
MOST_BYTES = 2_000_000  # of a file that is held compressed
FILES = 128  # held at once
# Of what the page needs to open without a network; sample photos are not among them.
SHELL_SUFFIXES = frozenset({".html", ".js", ".css", ".svg", ".png", ".webmanifest"})


def ui_folder() -> Path:
    """The front end: inside the package when installed from a wheel, at the root of a checkout."""
    package = Path(__file__).parent.parent
    packaged = package / "ui"
    return packaged if packaged.is_dir() else package.parent.parent / "ui"


class FreshFiles(StaticFiles):
    """Static files that browsers ask about each time: a new version shows at once, an old one costs a 304."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file as `fresh` answers it."""
        return fresh(Path(full_path), Headers(scope=scope), stat_result)


def fresh(path: Path, asked: Headers, stat: os.stat_result | None = None, media_type: str | None = None) -> Response:
    """A file, or 304 where the reader has it; text compressed for those who take gzip, under an `ETag` of its own."""
    stat = stat or path.stat()
    response: Response = FileResponse(path, media_type=media_type, stat_result=stat)
    response.headers["Cache-Control"] = "no-cache"
    if (response.media_type or "").startswith(TEXT):
        response.headers["Vary"] = "Accept-Encoding"
        # A part of a file counts its bytes as they lie there.
        small = LEAST_BYTES <= stat.st_size <= MOST_BYTES
        if small and "range" not in asked and takes_gzip(asked.get("accept-encoding", "")):
            headers = {name: response.headers[name] for name in ("cache-control", "vary", "last-modified")}
            headers["Content-Encoding"] = "gzip"
            headers["ETag"] = response.headers["etag"][:-1] + '-gzip"'
            data = compressed(path, stat.st_mtime_ns, stat.st_size)
            response = Response(data, headers=headers, media_type=response.media_type)
    if "if-none-match" in asked and is_known(asked["if-none-match"], response.headers["etag"]):
        return NotModifiedResponse(response.headers)
    return response


def takes_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header names gzip or everything, and does not rule it out (RFC 9110, 12.5.3)."""
    weights: dict[str, bool] = {}
    for part in header.lower().split(","):
        name, _, weight = part.partition(";")
        refused = weight.replace(" ", "").removeprefix("q=").rstrip("0") in {"0.", ""} and "q" in weight
        weights[name.strip()] = not refused
    return weights.get("gzip", weights.get("*", False))


@functools.lru_cache(FILES)
def compressed(path: Path, changed: int, size: int) -> bytes:
    """A file as gzip, kept until it changes: `changed` (nanoseconds) and `size` (bytes) tell.

    Scripts and styles go without their comments and blanks, which are a third of what would be sent.
    """
    data = path.read_bytes()
    if path.suffix == ".js":
        data = rjsmin.jsmin(data.decode()).encode()
    elif path.suffix == ".css":
        data = rcssmin.cssmin(data.decode()).encode()
    return gzip.compress(data, mtime=0)


@router.api_route("/", methods=["GET", "HEAD"])
async def index(request: Request) -> Response:
    """The page."""
    return fresh(ui_folder() / "index.html", request.headers)


@functools.lru_cache(maxsize=1)
def worker(stamp: tuple[tuple[str, int], ...]) -> tuple[bytes, str]:
    """The service worker with what it keeps, and its `ETag`. `stamp`: every file's address and time of change (ns)."""
    folder = ui_folder()
    digest = hashlib.sha256()
    for address, _ in stamp:
        digest.update(address.encode() + b"\0")
        digest.update((folder / address).read_bytes())
    files = ["/", *(f"/static/{address}" for address, _ in stamp if address not in {"index.html", "sw.js"})]
    version = digest.hexdigest()[:16]
    shell = json.dumps({"version": version, "files": files})
    return f"self.SHELL = {shell};\n{(folder / 'sw.js').read_text('utf-8')}".encode(), f'"{version}"'


@router.api_route("/sw.js", methods=["GET", "HEAD"])
async def service_worker(request: Request) -> Response:
    """The service worker: at the root, since it looks after no address above its own."""
    folder = ui_folder()
    files = (file for file in folder.rglob("*") if file.suffix in SHELL_SUFFIXES)
    stamp = sorted((file.relative_to(folder).as_posix(), file.stat().st_mtime_ns) for file in files)
    body, tag = worker(tuple(stamp))
    headers = {"Cache-Control": "no-cache", "ETag": tag}
    if "if-none-match" in request.headers and is_known(request.headers["if-none-match"], tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="text/javascript")


@router.get("/favicon.ico")
async def favicon() -> Response:
    """Browsers ask for it whatever the page says."""
    return FileResponse(ui_folder() / "favicon.svg", media_type="image/svg+xml")

"""The web page and its static files."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

router = APIRouter(include_in_schema=False)


def ui_folder() -> Path:
    """The front end: inside the package when installed from a wheel, at the root of a checkout."""
    package = Path(__file__).parent.parent
    packaged = package / "ui"
    return packaged if packaged.is_dir() else package.parent.parent / "ui"


class FreshFiles(StaticFiles):
    """Static files that browsers ask about each time: a new version shows at once, an old one costs a 304."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file's response, with revalidation asked for."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


@router.api_route("/", methods=["GET", "HEAD"])
async def index() -> Response:
    """The page."""
    return FileResponse(ui_folder() / "index.html", headers={"Cache-Control": "no-cache"})


@router.get("/favicon.ico")
async def favicon() -> Response:
    """Browsers ask for it whatever the page says."""
    return FileResponse(ui_folder() / "favicon.svg", media_type="image/svg+xml")

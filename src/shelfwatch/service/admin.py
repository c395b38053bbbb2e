"""`POST /admin/reload`: new model files without a restart."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from shelfwatch.service import workers
from shelfwatch.service.engine import Engine, ReloadRefusedError
from shelfwatch.service.openapi import ACCESS, responses
from shelfwatch.service.problems import Problem
from shelfwatch.service.schemas import Reloaded
from shelfwatch.service.settings import is_loopback

router = APIRouter(prefix="/admin", tags=["operation"])


@router.post(
    "/reload",
    response_model=Reloaded,
    responses=responses((*ACCESS, "conflict")),
    summary="Load the models again",
)
async def reload(request: Request) -> Response:
    """Load the model files again, warm them up and swap all at once; no request is dropped or waits.

    Where a file does not load, or another reload is running, the models stay as they are and the answer is 409.
    Several workers follow the one that answers.
    """
    engine: Engine = request.app.state.engine
    if not engine.settings.keys and not is_loopback(engine.settings.host):
        raise Problem("unauthorized", "Beyond loopback this asks for an API key, and the service has none.")
    try:
        await asyncio.to_thread(engine.reload)
    except ReloadRefusedError as refused:
        raise Problem("conflict", str(refused)) from refused
    if engine.settings.workers > 1:  # here the files load, so they do for the others
        workers.reload_others()
    models = [
        {"name": detector.info.name, "version": detector.info.version, "precision": detector.info.precision}
        for detector in engine.detectors.values()
    ]
    return JSONResponse({"models": models})

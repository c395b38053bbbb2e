"""Health, liveness, readiness and metrics."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, PlainTextResponse, Response

from shelfwatch import __version__
from shelfwatch.service.engine import Engine
from shelfwatch.service.openapi import ACCESS, responses
from shelfwatch.service.schemas import Health, Live, Readiness
from shelfwatch.service.storage import Storage

router = APIRouter(tags=["operation"])

METRICS_EXAMPLE = """# HELP shelfwatch_queue_depth Photos waiting for a lane.
# TYPE shelfwatch_queue_depth gauge
shelfwatch_queue_depth 0.0
"""


@router.head("/health", include_in_schema=False)
@router.get(
    "/health",
    response_model=Health,
    summary="State and models",
    responses={503: {"model": Health, "description": "Photos are not answered now."}},
)
async def health(request: Request) -> Response:
    """200 when photos are answered; 503 while starting, draining or when the model could not be loaded."""
    engine: Engine = request.app.state.engine
    models = [
        {
            "name": detector.info.name,
            "version": detector.info.version,
            "precision": detector.info.precision,
            "classes": list(detector.info.classes),
            "input_size": detector.info.input_size,
            "operating_threshold": detector.info.operating_threshold,
            "runtime": engine.runtime(detector),
        }
        for detector in engine.detectors.values()
    ]
    content = {"status": engine.state, "version": __version__, "models": models}
    return JSONResponse(content, 200 if engine.state == "ok" else 503)


@router.head("/health/live", include_in_schema=False)
@router.get("/health/live", response_model=Live, summary="The process turns")
async def live() -> Response:
    """200 as long as the event loop turns."""
    return JSONResponse({"status": "live"})


@router.head("/health/ready", include_in_schema=False)
@router.get(
    "/health/ready",
    response_model=Readiness,
    summary="Work can be taken",
    responses={503: {"model": Readiness, "description": "Not ready."}},
)
async def ready(request: Request) -> Response:
    """200 when the model is loaded and warm, the database answers and the service is not stopping.

    A full queue is not unready, nor is a service that keeps no audits.
    """
    engine: Engine = request.app.state.engine
    storage: Storage = request.app.state.storage
    status: str = "ready" if engine.state == "ok" else engine.state
    if status == "ready" and storage.state in {"starting", "unavailable"}:
        status = "starting" if storage.state == "starting" else "storage-unavailable"
    return JSONResponse({"status": status, "audits": storage.state}, 200 if status == "ready" else 503)


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"example": METRICS_EXAMPLE}}}, **responses(ACCESS)},
)
async def metrics(request: Request) -> Response:
    """The metrics in Prometheus text format."""
    await request.app.state.stock.refresh()
    # In a thread: the counts of many workers take a while to read.
    text = await asyncio.to_thread(request.app.state.metrics.render)
    return Response(text, media_type=CONTENT_TYPE_LATEST)

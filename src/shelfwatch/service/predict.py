"""`POST /predict`: a photo in, boxes out, nothing stored."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from shelfwatch.inference.detector import MAX_DETECTIONS
from shelfwatch.service import logs, tracing
from shelfwatch.service.engine import Answer, Engine
from shelfwatch.service.metrics import Metrics
from shelfwatch.service.openapi import ACCESS, responses
from shelfwatch.service.schemas import Prediction
from shelfwatch.service.upload import read_upload, request_body

router = APIRouter(tags=["detection"])

T = TypeVar("T")

CLIENT_CLOSED_REQUEST = 499  # nginx's number for a client that left; nobody reads it but the metrics

Confidence = Annotated[
    float | None,
    Query(ge=0.01, le=1, description="Least confidence; default: the model's operating threshold.", examples=[0.4]),
]
ModelChoice = Annotated[
    str | None, Query(description="A served model's name; default: the first.", examples=["accurate"])
]
MostDetections = Annotated[int, Query(ge=1, le=3000, description="Most detections to answer.")]
Tiles = Annotated[
    Literal["auto", "off"],
    Query(description="`auto` looks at dense photos and panoramas again in overlapping tiles, which takes longer."),
]

PROBLEMS = (
    *ACCESS, "undecodable-image", "slow-upload", "payload-too-large", "image-too-large", "unsupported-format",
    "invalid-request", "overloaded", "draining", "model-failed",
)  # fmt: skip


@router.post(
    "/predict",
    response_model=Prediction,
    responses=responses(PROBLEMS),
    summary="Find products in a photo",
    openapi_extra=request_body("Upload"),
)
async def predict(
    request: Request,
    confidence: Confidence = None,
    model: ModelChoice = None,
    max_detections: MostDetections = MAX_DETECTIONS,
    tiles: Tiles = "off",
    report: Annotated[
        bool, Query(description="Adds `report` on the shelf, and row, position and level to each detection.")
    ] = False,
    report_confidence: Annotated[
        float | None,
        Query(ge=0.01, le=1, description="Least confidence of what `report` is made of; default: all.", examples=[0.4]),
    ] = None,
) -> Response:
    """Detect every product facing in one photo."""
    engine: Engine = request.app.state.engine
    with engine.admit(model) as detector:
        upload = await read_upload(request)
        start = time.perf_counter()
        work = engine.analyse(
            detector,
            upload.image,
            confidence=confidence,
            max_detections=max_detections,
            tiles=tiles == "auto",
            report=report,
            report_confidence=report_confidence or 0.0,
        )
        answer = await unless_gone(request, work)
    if answer is None:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
    observe(request, answer, detector.info.name)
    body = detector.to_json(answer.photo, answer.result)
    if answer.report is not None:
        body |= {"detections": answer.report.place(body["detections"]), "report": answer.report.to_json()}
    body |= {
        "timing_ms": {
            "decode": round(answer.decode_seconds * 1000, 2),
            "queue": round(answer.queue_seconds * 1000, 2),
            "inference": round(answer.result.inference_ms, 2),
            "total": round((time.perf_counter() - start) * 1000, 2),
        },
        "request_id": request.scope["request_id"],
    }
    return Response(json.dumps(body, separators=(",", ":")), media_type="application/json")


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of `work`, or None where the client left first; its photo then leaves the queue."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(gone())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        working.cancel()
        leaving.cancel()


def observe(request: Request, answer: Answer, model: str) -> None:
    """Feed one answered photo to the metrics, the request's log line and its trace."""
    metrics: Metrics = request.app.state.metrics
    count = len(answer.result.detections)
    seconds = {
        "queue": answer.queue_seconds,
        "decode": answer.decode_seconds,
        "inference": answer.result.inference_ms / 1000,
    }
    metrics.queue_seconds.observe(seconds["queue"])
    metrics.decode_seconds.observe(seconds["decode"])
    metrics.inference_seconds.observe(seconds["inference"])
    metrics.detections_per_image.observe(count)
    for confidence in answer.result.detections.confidence.tolist():
        metrics.detection_confidence.observe(confidence)
    metrics.photo_brightness.observe(answer.quality.brightness)
    metrics.photo_sharpness.observe(answer.quality.sharpness)
    logs.note(
        request.scope,
        **{f"{stage}_ms": logs.milliseconds(taken) for stage, taken in seconds.items()},
        model=model,
        detections=count,
        brightness=round(answer.quality.brightness, 3),
        sharpness=round(answer.quality.sharpness, 5),
    )
    tracing.record_stages(request.scope, seconds, model, count)

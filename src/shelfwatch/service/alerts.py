"""`/alerts`: bays past their thresholds, and what people say of that."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from shelfwatch.audits.alert import Alert
from shelfwatch.audits.alerts import MAX_PAGE, PAGE, acknowledge, get_alert, list_alerts
from shelfwatch.audits.crop import picture
from shelfwatch.audits.feedback import give_feedback, precision
from shelfwatch.audits.memory import Memory
from shelfwatch.service import alert_schemas as schemas
from shelfwatch.service.audits import STORAGE, Following, OfBay, OfStore
from shelfwatch.service.openapi import responses
from shelfwatch.service.storage import Storage

router = APIRouter(tags=["alerts"])

AlertId = Annotated[str, Path(description="The alert's id.", examples=[schemas.ALERT_ID])]


def shown(alert: Alert) -> dict[str, Any]:
    """An alert as JSON, with the address of its picture where there is one."""
    url = f"/alerts/{alert.id}/image" if alert.audit_id else None
    return {**alert.to_json(), "image_url": url}


@router.get(
    "/alerts",
    response_model=schemas.AlertPage,
    responses=responses((*STORAGE, "invalid-request")),
    summary="List alerts",
)
async def listed(
    request: Request,
    status: Annotated[
        Literal["open", "acknowledged", "resolved"] | None, Query(description="Of this status only.", examples=["open"])
    ] = None,
    store: OfStore = None,
    bay: OfBay = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most alerts of a page.")] = PAGE,
    cursor: Following = None,
) -> Response:
    """Those opened last first, a page at a time."""
    storage: Storage = request.app.state.storage
    page = await storage.run(lambda memory: list_alerts(memory.database, status, store, bay, limit, cursor))
    return JSONResponse({"items": [shown(alert) for alert in page.items], "next_cursor": page.next_cursor})


@router.get(
    "/alerts/precision",
    response_model=schemas.PrecisionList,
    responses=responses(STORAGE),
    summary="How right alerts are",
)
async def how_right(request: Request) -> Response:
    """By kind: restocked / (restocked + false alarm), from the last that was said of each alert."""
    storage: Storage = request.app.state.storage
    found = await storage.run(lambda memory: precision(memory.database))
    return JSONResponse({"items": [kind.to_json() for kind in found]})


@router.get(
    "/alerts/{alert_id}/image",
    response_class=Response,
    responses={
        200: {
            "description": "A JPEG.",
            "content": {"image/jpeg": {"schema": {"type": "string", "contentMediaType": "image/jpeg"}, "example": ""}},
        },
        **responses((*STORAGE, "not-found")),
    },
    summary="Where to look",
)
async def image(request: Request, alert_id: AlertId) -> Response:
    """The widest gap of the newest photo with what is around it, framed; the whole photo where it shows no gap."""
    storage: Storage = request.app.state.storage

    def draw(memory: Memory) -> bytes:
        alert = get_alert(memory.database, alert_id)
        return picture(memory.database, memory.photos, alert.audit_id, alert.box)

    return Response(await storage.run(draw), media_type="image/jpeg", headers={"Cache-Control": "private, no-cache"})


@router.post(
    "/alerts/{alert_id}/acknowledge",
    response_model=schemas.Alert,
    responses=responses((*STORAGE, "not-found", "conflict", "storage-full")),
    summary="Acknowledge an alert",
)
async def seen_to(request: Request, alert_id: AlertId) -> Response:
    """Someone sees to it; no fault if that was said before. A resolved alert is a conflict."""
    storage: Storage = request.app.state.storage
    return JSONResponse(shown(await storage.run(lambda memory: acknowledge(memory.database, alert_id))))


@router.post(
    "/alerts/{alert_id}/feedback",
    status_code=201,
    response_model=schemas.Feedback,
    responses=responses((*STORAGE, "not-found", "payload-too-large", "slow-upload", "invalid-request", "storage-full")),
    summary="Say what came of an alert",
)
async def said(request: Request, alert_id: AlertId, words: schemas.NewFeedback) -> Response:
    """Kept beside the alert, whose status stays: the next photo tells whether it is over."""
    storage: Storage = request.app.state.storage
    who = "".join(char for char in words.who or "" if char.isprintable())  # what cannot be shown names nobody
    kept = await storage.run(lambda memory: give_feedback(memory.database, alert_id, words.verdict, who, words.note))
    return JSONResponse(kept.to_json(), 201)

"""`GET /audits/{id}/gaps/{index}/image`: where in the photo a gap is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from shelfwatch.audits.crop import crop
from shelfwatch.audits.errors import NotFoundError
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.read import get_audit
from shelfwatch.service.audits import STORAGE, AuditId
from shelfwatch.service.openapi import responses
from shelfwatch.service.storage import Storage

router = APIRouter(tags=["audits"])

JPEG = {"image/jpeg": {"schema": {"type": "string", "contentMediaType": "image/jpeg"}, "example": ""}}


@router.get(
    "/audits/{audit_id}/gaps/{index}/image",
    response_class=Response,
    responses={
        200: {"description": "A JPEG.", "content": JPEG},
        **responses((*STORAGE, "not-found", "invalid-request")),
    },
    summary="The picture of a gap",
)
async def image(
    request: Request,
    audit_id: AuditId,
    index: Annotated[int, Path(ge=0, description="Which of the report's `gaps`, 0 first.", examples=[0])],
) -> Response:
    """A gap of an audit's report with what is around it, framed."""
    storage: Storage = request.app.state.storage

    def draw(memory: Memory) -> bytes:
        audit = get_audit(memory.database, audit_id)
        gaps = (audit.report or {}).get("gaps", [])
        if index >= len(gaps):
            raise NotFoundError("The audit's report has no such gap.")
        return crop(memory.photos, audit.photo, gaps[index]["box"])

    return Response(await storage.run(draw), media_type="image/jpeg", headers={"Cache-Control": "private, no-cache"})

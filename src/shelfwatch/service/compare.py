"""`GET /audits/{id}/compare/{earlier}`: what changed at a bay between two photos of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import JSONResponse, Response

from shelfwatch.audits import compare as comparing
from shelfwatch.service import compare_schemas as schemas
from shelfwatch.service.audit_schemas import AUDIT_ID
from shelfwatch.service.audits import STORAGE, AuditId
from shelfwatch.service.openapi import responses
from shelfwatch.service.storage import Storage

router = APIRouter(tags=["audits"])


@router.get(
    "/audits/{audit_id}/compare/{earlier}",
    response_model=schemas.Comparison,
    responses=responses((*STORAGE, "not-found", "invalid-request")),
    summary="Compare two audits of a bay",
)
async def compare(
    request: Request,
    audit_id: AuditId,
    earlier: Annotated[str, Path(description="The id of an audit of the same bay.", examples=[AUDIT_ID])],
) -> Response:
    """Which facings left, came or stayed, with their boxes in both photos, and how the figures changed.

    `registered` is false where the photos do not show the same products in the same places; nothing is then said of
    single facings.
    """
    storage: Storage = request.app.state.storage
    found = await storage.run(lambda memory: comparing.compare(memory.database, memory.photos, audit_id, earlier))
    return JSONResponse(found)

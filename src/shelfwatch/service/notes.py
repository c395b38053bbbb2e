"""`PATCH /audits/{id}`: what people write beside an audit."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from shelfwatch.audits.notes import set_note
from shelfwatch.service import audit_schemas as schemas
from shelfwatch.service.audits import STORAGE, AuditId, shown
from shelfwatch.service.openapi import responses
from shelfwatch.service.storage import Storage

router = APIRouter(tags=["audits"])

WRITING = (*STORAGE, "payload-too-large", "slow-upload", "invalid-request", "storage-full")  # JSON that is kept


@router.patch(
    "/audits/{audit_id}",
    response_model=schemas.Audit,
    responses=responses((*WRITING, "not-found")),
    summary="Change an audit's note",
)
async def note(request: Request, audit_id: AuditId, said: schemas.Noted) -> Response:
    """Put a note in place of the one there is; null removes it. What was found in the photo cannot be changed."""
    storage: Storage = request.app.state.storage
    return JSONResponse(shown(await storage.run(lambda memory: set_note(memory.database, audit_id, said.note))))

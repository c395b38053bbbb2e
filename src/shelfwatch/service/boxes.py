"""`GET /audits/{id}/export`: the boxes of one audit as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from shelfwatch.audits.audit import Audit
from shelfwatch.audits.corrections import get_correction
from shelfwatch.audits.exports import csv_export, labels, xlsx_export
from shelfwatch.audits.exports.boxes import csv_boxes, xlsx_boxes
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.read import get_audit
from shelfwatch.service.audits import STORAGE, AuditId
from shelfwatch.service.exports import streamed
from shelfwatch.service.openapi import responses
from shelfwatch.service.storage import Storage

router = APIRouter(tags=["audits"])

KINDS = {
    "csv": (csv_export.MEDIA_TYPE, "csv"),
    "xlsx": (xlsx_export.MEDIA_TYPE, "xlsx"),
    "coco": (labels.MEDIA_TYPE, "coco.zip"),
    "yolo": (labels.MEDIA_TYPE, "yolo.zip"),
}
TYPES = ("text/csv", xlsx_export.MEDIA_TYPE, labels.MEDIA_TYPE)
FILES = {kind: {"schema": {"type": "string", "contentMediaType": kind}, "example": ""} for kind in TYPES}


@router.get(
    "/audits/{audit_id}/export",
    response_class=Response,
    responses={
        200: {"description": "A file.", "content": FILES},
        **responses((*STORAGE, "not-found", "invalid-request")),
    },
    summary="The boxes of an audit as a file",
)
async def export(
    request: Request,
    audit_id: AuditId,
    format: Annotated[
        Literal["csv", "coco", "yolo", "xlsx"], Query(description="The labels come as a zip with the photo.")
    ] = "csv",
    corrected: Annotated[bool, Query(description="The newest correction's boxes instead of the model's.")] = False,
) -> Response:
    """A line a box as CSV or workbook, or a dataset of this one photo as COCO or YOLO."""
    storage: Storage = request.app.state.storage

    def read(memory: Memory) -> Audit:
        audit = get_audit(memory.database, audit_id)
        if not corrected:
            return audit
        return replace(audit, detections=get_correction(memory.database, audit_id).detections)

    audit = await storage.run(read)
    base = str(request.base_url).rstrip("/")
    media_type, suffix = KINDS[format]
    return await streamed(
        request,
        media_type,
        f"audit-{audit.id}.{suffix}",
        lambda memory: _pieces(memory, audit, format, base, corrected),
    )


def _pieces(memory: Memory, audit: Audit, kind: str, base: str, exact: bool) -> Iterator[bytes]:
    """The file, piece by piece."""
    if kind == "coco":
        return labels.coco_chunks([audit], memory.photos, base, exact=exact)
    if kind == "yolo":
        return labels.yolo_chunks([audit], memory.photos, exact=exact)
    return iter([(csv_boxes if kind == "csv" else xlsx_boxes)(audit.detections or [])])

"""`/audits/{id}/corrections`: what people put right in the model's answer, and all of it as a training set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from shelfwatch.audits.corrections import correct, get_correction, list_corrections
from shelfwatch.audits.exports import labels
from shelfwatch.audits.exports.corrections import walk_corrected
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.read import Filter
from shelfwatch.service import correction_schemas as schemas
from shelfwatch.service.audits import STORAGE, AuditId, OfBay, OfStore, Since, Until
from shelfwatch.service.exports import FAULTS, file_of, streamed
from shelfwatch.service.notes import WRITING
from shelfwatch.service.openapi import responses
from shelfwatch.service.storage import Storage, spoken

router = APIRouter(tags=["corrections"])


@router.get(
    "/audits/{audit_id}/corrections",
    response_model=schemas.CorrectionList,
    responses=responses((*STORAGE, "not-found")),
    summary="List an audit's corrections",
)
async def listed(request: Request, audit_id: AuditId) -> Response:
    """Newest first, without their boxes."""
    storage: Storage = request.app.state.storage
    found = await storage.run(lambda memory: list_corrections(memory.database, audit_id))
    return JSONResponse({"items": [correction.to_json() for correction in found]})


@router.get(
    "/audits/{audit_id}/corrections/{correction_id}",
    response_model=schemas.Correction,
    responses=responses((*STORAGE, "not-found")),
    summary="One correction",
)
async def one(
    request: Request,
    audit_id: AuditId,
    correction_id: Annotated[
        str, Path(description="The correction's id, or `latest` for the newest.", examples=["latest"])
    ],
) -> Response:
    """A correction with its boxes. A detection of the audit that none descends from was removed."""
    storage: Storage = request.app.state.storage
    found = await storage.run(lambda memory: get_correction(memory.database, audit_id, correction_id))
    return JSONResponse(found.to_json())


@router.post(
    "/audits/{audit_id}/corrections",
    status_code=201,
    response_model=schemas.Correction,
    responses={
        200: {"model": schemas.Correction, "description": "The newest correction: it says the same."},
        **responses((*WRITING, "not-found", "conflict")),
    },
    summary="Correct an audit",
)
async def create(request: Request, audit_id: AuditId, said: schemas.NewCorrection) -> Response:
    """Keep all boxes as they should be. The model's answer and earlier corrections stay; the same again is no fault."""
    storage: Storage = request.app.state.storage
    boxes = [{"box": given.box, "label": given.label, "source": given.source} for given in said.detections]
    kept = await storage.run(lambda memory: correct(memory.database, audit_id, said.who, boxes, said.note, said.base))
    where = f"/audits/{kept.correction.audit_id}/corrections/{kept.correction.id}"
    return JSONResponse(kept.correction.to_json(), 201 if kept.made else 200, {"Location": where})


@router.get(
    "/corrections.zip",
    response_class=Response,
    responses={**file_of(labels.MEDIA_TYPE), **FAULTS},
    summary="Corrected audits as a training set",
)
async def training_set(
    request: Request,
    format: Annotated[Literal["yolo", "coco"], Query(description="Of the labels.")] = "yolo",
    store: OfStore = None,
    bay: OfBay = None,
    since: Since = None,
    until: Until = None,
) -> Response:
    """Photos, and as their labels the newest corrections; an audit without one is left out."""
    with spoken():
        which = Filter(store, bay, since, until)
    base = str(request.base_url).rstrip("/")

    def pieces(memory: Memory) -> Iterator[bytes]:
        found = walk_corrected(memory.database, which)
        if format == "coco":
            return labels.coco_chunks(found, memory.photos, base, exact=True)
        return labels.yolo_chunks(found, memory.photos, exact=True, name="data.yaml")

    return await streamed(request, labels.MEDIA_TYPE, f"corrections-{format}.zip", pieces)

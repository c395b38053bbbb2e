"""`/audits`: record what a photo of a bay shows, read it again, delete it and take that back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from pydantic import BeforeValidator
from starlette.responses import JSONResponse, Response

from shelfwatch.audits import remove
from shelfwatch.audits.audit import Audit
from shelfwatch.audits.entry import Entry, clean_key, clean_name, clean_note, clean_time
from shelfwatch.audits.errors import InvalidError
from shelfwatch.audits.read import MAX_PAGE, PAGE, Filter, get_audit, list_audits
from shelfwatch.audits.record import Recorded, earlier, record
from shelfwatch.audits.tables import KEY_LENGTH, NAME_LENGTH, NOTE_LENGTH
from shelfwatch.inference.detector import MAX_DETECTIONS
from shelfwatch.service import audit_schemas as schemas
from shelfwatch.service import logs
from shelfwatch.service.engine import Answer, Engine
from shelfwatch.service.metrics import Metrics
from shelfwatch.service.openapi import ACCESS, responses
from shelfwatch.service.predict import (
    CLIENT_CLOSED_REQUEST,
    Confidence,
    ModelChoice,
    MostDetections,
    Tiles,
    observe,
    unless_gone,
)
from shelfwatch.service.predict import PROBLEMS as PHOTO_PROBLEMS
from shelfwatch.service.served import Served
from shelfwatch.service.storage import Storage, spoken
from shelfwatch.service.upload import read_upload, request_body

router = APIRouter(tags=["audits"])

STORAGE = (*ACCESS, "overloaded", "storage-unavailable")  # what every route over the memory may answer
RECORDING = (*PHOTO_PROBLEMS, "conflict", "storage-unavailable", "storage-full")

FIELDS: dict[str, dict[str, Any]] = {
    "store": {
        "type": "string",
        "format": "name",
        "minLength": 1,
        "maxLength": NAME_LENGTH,
        "description": "Made when first named.",
    },
    "bay": {
        "type": "string",
        "format": "name",
        "minLength": 1,
        "maxLength": NAME_LENGTH,
        "description": "Of the store; made likewise.",
    },
    "taken_at": {
        "type": "string",
        "format": "date-time",
        "description": "When the photo was taken, ISO 8601, UTC where it names no zone; default: now.",
    },
    "note": {"type": "string", "format": "note", "maxLength": NOTE_LENGTH},
    "idempotency_key": {
        "type": "string",
        "maxLength": KEY_LENGTH,
        "pattern": "^[ -~]*$",
        "description": "The same key for the same bay again gives the same audit.",
    },
}


def moment(text: object) -> object:
    """An ISO 8601 time from text; anything else is for others to judge. Raises `ValueError`."""
    return datetime.fromisoformat(text) if isinstance(text, str) else text


Moment = Annotated[datetime | None, BeforeValidator(moment)]
Since = Annotated[Moment, Query(description="Taken at or after; ISO 8601.", examples=["2026-03-01T00:00:00Z"])]
Until = Annotated[Moment, Query(description="Taken before; ISO 8601.", examples=["2026-04-01T00:00:00Z"])]
OfStore = Annotated[str | None, Query(description="Of this store only.", examples=["Berlin 1"])]
OfBay = Annotated[str | None, Query(description="Of this bay only; `store` is needed too.", examples=["Cereal"])]
Following = Annotated[
    str | None,
    Query(
        description="`next_cursor` of the page before.",
        pattern="^[A-Za-z0-9_-]{32}$",
        examples=["AAZL7g1sAAABlovRfD56Up0fOwxajk8h"],
    ),
]
AuditId = Annotated[str, Path(description="The audit's id.", examples=[schemas.AUDIT_ID])]


@dataclass(frozen=True)
class Sent:
    """The text fields of an audit, as they are stored."""

    store: str
    bay: str
    taken_at: datetime
    note: str | None
    idempotency_key: str | None

    @classmethod
    def read(cls, fields: dict[str, str], key_header: str | None) -> Sent:
        """Checked before any work is done. An empty field is one that was left out. Raises `InvalidError`."""
        given = {name: text for name, text in fields.items() if text}
        for name in given:
            if name not in FIELDS:
                raise InvalidError(f"body: {name[:64]!r}: there is no such field")
        for name in ("store", "bay"):
            if name not in given:
                raise InvalidError(f"body.{name}: the field is missing")
        key = given.get("idempotency_key", key_header)
        if key_header is not None and key != key_header:
            raise InvalidError("body.idempotency_key: differs from the header Idempotency-Key")
        try:
            taken_at = datetime.fromisoformat(given["taken_at"]) if "taken_at" in given else None
        except ValueError:
            raise InvalidError("body.taken_at: a time such as 2026-03-01T08:00:00Z") from None
        return cls(
            clean_name(given["store"], "body.store"),
            clean_name(given["bay"], "body.bay"),
            clean_time(taken_at, datetime.now(UTC)),
            clean_note(given.get("note")),
            clean_key(key),
        )

    def entry(self, detector: Served, answer: Answer) -> Entry:
        """With what was found in the photo."""
        assert answer.report is not None
        found = detector.to_json(answer.photo, answer.result)
        return Entry(
            self.store,
            self.bay,
            **found["image"],
            model=found["model"],
            detections=answer.report.place(found["detections"]),
            report=answer.report.to_json(),
            taken_at=self.taken_at,
            note=self.note,
            idempotency_key=self.idempotency_key,
        )


@router.post(
    "/audits",
    status_code=201,
    response_model=schemas.Audit,
    responses={
        200: {"model": schemas.Audit, "description": "The audit that this key has made before."},
        **responses(RECORDING),
    },
    summary="Record an audit",
    openapi_extra=request_body("NewAudit", ("store", "bay"), **FIELDS),
)
async def create(
    request: Request,
    confidence: Confidence = None,
    model: ModelChoice = None,
    max_detections: MostDetections = MAX_DETECTIONS,
    tiles: Tiles = "off",
    idempotency_key: Annotated[
        str | None,
        Header(
            description="As the field `idempotency_key`.",
            max_length=KEY_LENGTH,
            pattern="^[!-~]([ -~]*[!-~])?$",
            examples=["phone-7/12"],
        ),
    ] = None,
) -> Response:
    """Detect every product in a photo of a bay and keep both. The answer comes once they are durable."""
    engine: Engine = request.app.state.engine
    storage: Storage = request.app.state.storage
    with engine.admit(model) as detector:  # until it is recorded: a stopping service waits for that
        storage.check()
        upload = await read_upload(request)
        with spoken():
            sent = Sent.read(upload.fields, idempotency_key)
        if sent.idempotency_key is not None:
            known = await storage.run(
                lambda memory: earlier(memory.database, upload.image, sent.store, sent.bay, sent.idempotency_key)
            )
            if known is not None:
                return answered(known, 200)
        work = engine.analyse(
            detector,
            upload.image,
            confidence=confidence,
            max_detections=max_detections,
            tiles=tiles == "auto",
            report=True,
        )
        answer = await unless_gone(request, work)
        if answer is None:
            return Response(status_code=CLIENT_CLOSED_REQUEST)
        observe(request, answer, detector.info.name)
        entry = sent.entry(detector, answer)
        recorded = await keep(request, storage, upload.image, entry)
    return answered(recorded.audit, 201 if recorded.made else 200)


async def keep(request: Request, storage: Storage, photo: bytes, entry: Entry) -> Recorded:
    """Record it, and feed that to the metrics and the request's log line. Raises `Problem`."""
    metrics: Metrics = request.app.state.metrics
    start = time.perf_counter()
    recorded = await storage.run(lambda memory: record(memory.database, memory.photos, photo, entry))
    seconds = time.perf_counter() - start
    if recorded.made:
        metrics.audits_recorded.inc()
        metrics.recording_seconds.observe(seconds)
    logs.note(request.scope, recording_ms=logs.milliseconds(seconds), audit=recorded.audit.id)
    return recorded


def answered(audit: Audit, status: int) -> Response:
    """An audit as an answer; one that was made or found again says where it is."""
    return JSONResponse(shown(audit), status, {"Location": f"/audits/{audit.id}"})


def shown(audit: Audit) -> dict[str, Any]:
    """An audit as JSON, with the address of its photo."""
    body = audit.to_json()
    body["image"]["url"] = f"/audits/{audit.id}/image"
    return body


@router.get(
    "/audits",
    response_model=schemas.AuditPage,
    responses=responses((*STORAGE, "invalid-request")),
    summary="List audits",
)
async def listed(
    request: Request,
    store: OfStore = None,
    bay: OfBay = None,
    since: Since = None,
    until: Until = None,
    idempotency_key: Annotated[
        str | None,
        Query(
            description="The audit that this key has made, if any; `bay` is needed too.",
            max_length=KEY_LENGTH,
            pattern="^[!-~]([ -~]*[!-~])?$",
            examples=["phone-7/12"],
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most audits of a page.")] = PAGE,
    cursor: Following = None,
) -> Response:
    """Newest photo first, a page at a time. Pages never overlap, whatever is recorded meanwhile."""
    storage: Storage = request.app.state.storage
    with spoken():
        which = Filter(store, bay, since, until, idempotency_key)
    page = await storage.run(lambda memory: list_audits(memory.database, which, limit, cursor))
    return JSONResponse({"items": [shown(audit) for audit in page.items], "next_cursor": page.next_cursor})


@router.get(
    "/audits/{audit_id}",
    response_model=schemas.Audit,
    responses=responses((*STORAGE, "not-found")),
    summary="One audit",
)
async def one(request: Request, audit_id: AuditId) -> Response:
    """An audit with its detections and its report."""
    storage: Storage = request.app.state.storage
    return JSONResponse(shown(await storage.run(lambda memory: get_audit(memory.database, audit_id))))


@router.delete(
    "/audits/{audit_id}",
    status_code=204,
    responses={
        204: {"description": "It is in no list any more."},
        **responses((*STORAGE, "not-found", "storage-full")),
    },
    summary="Delete an audit",
)
async def delete(request: Request, audit_id: AuditId) -> Response:
    """Take an audit out of every list. It can be restored until it is pruned, for 24 hours at least."""
    storage: Storage = request.app.state.storage
    await storage.run(lambda memory: remove.delete(memory.database, audit_id))
    return Response(status_code=204)


@router.post(
    "/audits/{audit_id}/restore",
    response_model=schemas.Audit,
    responses=responses((*STORAGE, "not-found", "storage-full")),
    summary="Take a deletion back",
)
async def restore(request: Request, audit_id: AuditId) -> Response:
    """The audit as it was; no fault if it was not deleted."""
    storage: Storage = request.app.state.storage

    def bring_back(memory: Any) -> Audit:
        remove.restore(memory.database, audit_id)
        return get_audit(memory.database, audit_id)

    return JSONResponse(shown(await storage.run(bring_back)))

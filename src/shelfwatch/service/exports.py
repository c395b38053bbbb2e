"""`/audits.csv` and `/audits.xlsx`: audits for other programs, sent while they are read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from shelfwatch.audits.exports import csv_export, xlsx_export
from shelfwatch.audits.exports.walk import walk
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.read import Filter
from shelfwatch.service.audits import STORAGE, OfBay, OfStore, Since, Until
from shelfwatch.service.openapi import responses
from shelfwatch.service.storage import Storage, spoken

router = APIRouter(tags=["audits"])

FAULTS = responses((*STORAGE, "invalid-request"))


async def streamed(
    request: Request, media_type: str, name: str, chunks: Callable[[Memory], Iterator[bytes]]
) -> Response:
    """What `chunks` gives, each piece made in a thread of the memory when the last one has been sent.

    The first is made before the answer begins, so that what is wrong can still be said. Raises `Problem`.
    """
    storage: Storage = request.app.state.storage
    source = await storage.run(chunks)
    first = await storage.run(lambda _: next(source, b""))

    async def body() -> AsyncIterator[bytes]:
        piece = first
        while piece:
            yield piece
            piece = await storage.run(lambda _: next(source, b""))

    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body(), media_type=media_type, headers=disposition)


def file_of(media_type: str) -> dict[int | str, dict[str, object]]:
    """The OpenAPI entry of an answer that is such a file."""
    content = {media_type: {"schema": {"type": "string", "contentMediaType": media_type}, "example": ""}}
    return {200: {"description": "A file.", "content": content}}


@router.get(
    "/audits.csv",
    response_class=Response,
    responses={**file_of("text/csv"), **FAULTS},
    summary="Audits as CSV",
)
async def as_csv(
    request: Request, store: OfStore = None, bay: OfBay = None, since: Since = None, until: Until = None
) -> Response:
    """A line an audit, newest photo first."""
    with spoken():
        which = Filter(store, bay, since, until)
    base = str(request.base_url).rstrip("/")
    return await streamed(
        request, csv_export.MEDIA_TYPE, "audits.csv",
        lambda memory: csv_export.csv_chunks(walk(memory.database, which), base),
    )  # fmt: skip


@router.get(
    "/audits.xlsx",
    response_class=Response,
    responses={**file_of(xlsx_export.MEDIA_TYPE), **FAULTS},
    summary="Audits as a workbook",
)
async def as_xlsx(
    request: Request, store: OfStore = None, bay: OfBay = None, since: Since = None, until: Until = None
) -> Response:
    """Sheets of audits, of rows and of gaps, with links to the photos."""
    with spoken():
        which = Filter(store, bay, since, until)
    base = str(request.base_url).rstrip("/")
    return await streamed(
        request, xlsx_export.MEDIA_TYPE, "audits.xlsx",
        lambda memory: xlsx_export.xlsx_chunks(walk(memory.database, which), base),
    )  # fmt: skip

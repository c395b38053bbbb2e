"""`GET /audits/{id}/image`: a photo as it is kept, whole, in part, small, or not at all where it is known already."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from shelfwatch.audits.audit import Audit
from shelfwatch.audits.photos import thumbnail
from shelfwatch.audits.read import get_audit
from shelfwatch.service.audits import STORAGE, AuditId
from shelfwatch.service.openapi import responses
from shelfwatch.service.problems import Problem
from shelfwatch.service.storage import Storage

router = APIRouter(tags=["audits"])

CHUNK = 1_000_000  # bytes of a photo read and sent at a time, so that slow readers of large ones cost no memory
RANGE = re.compile(r"bytes=(\d*)-(\d*)")
CACHING = "private, no-cache"  # kept by the reader, and asked for each time: it may have been deleted
TYPES = ("image/jpeg", "image/png", "image/webp")
BINARY = {kind: {"schema": {"type": "string", "contentMediaType": kind}, "example": ""} for kind in TYPES}


@dataclass(frozen=True)
class Span:
    """Bytes from `start` up to `stop` of `size`."""

    start: int
    stop: int
    size: int

    @classmethod
    def read(cls, header: str, size: int) -> Span | None:
        """The part that a Range header asks for; None for several or none, which are answered with the whole.

        Raises `Problem` for a part that is not there.
        """
        found = RANGE.fullmatch(header.strip())
        if found is None or not any(found.groups()):
            return None
        first, last = (text[:19] and int(text[:19]) for text in found.groups())  # beyond any size, and no more digits
        if first == "":
            start, stop = max(0, size - int(last)), size
        else:
            start, stop = int(first), size if last == "" else min(size, int(last) + 1)
            if last != "" and int(last) < start:
                return None  # no range by the standard (RFC 9110, 14.1.1)
        if start >= stop:
            raise Problem(
                "range-not-satisfiable",
                f"The photo has {size} bytes.",
                headers={"Content-Range": f"bytes */{size}"},
            )
        return cls(start, stop, size)


def is_known(header: str | None, etag: str) -> bool:
    """Whether an If-None-Match header names this content; weak comparison (RFC 9110, 13.1.2)."""
    named = [part.strip().removeprefix("W/") for part in (header or "").split(",")]
    return "*" in named or etag in named


@router.get(
    "/audits/{audit_id}/image",
    response_class=Response,
    responses={
        200: {"description": "The photo, or its thumbnail.", "content": BINARY},
        206: {"description": "The part of the photo that `Range` asks for.", "content": BINARY},
        304: {"description": "The reader has it: `If-None-Match` names its `ETag`."},
        **responses((*STORAGE, "not-found", "invalid-request", "range-not-satisfiable")),
    },
    summary="The photo of an audit",
)
async def image(
    request: Request,
    audit_id: AuditId,
    size: Annotated[
        Literal["full", "thumbnail"], Query(description="`thumbnail` is a WebP of at most 320 × 320 px.")
    ] = "full",
    if_none_match: Annotated[str | None, Header(description="An `ETag` known already.", examples=['"5f1c"'])] = None,
    wanted: Annotated[
        str | None,
        Header(alias="Range", description="A part of the photo; of thumbnails none.", examples=["bytes=0-999"]),
    ] = None,
    if_range: Annotated[
        str | None, Header(description="`Range` counts for this `ETag` only.", examples=['"5f1c"'])
    ] = None,
) -> Response:
    """The photo as it is kept: the pixels that were sent, without metadata."""
    storage: Storage = request.app.state.storage
    audit = await storage.run(lambda memory: get_audit(memory.database, audit_id))
    small = size == "thumbnail"
    etag = f'"{audit.photo}-thumbnail"' if small else f'"{audit.photo}"'
    headers = {"ETag": etag, "Cache-Control": CACHING}
    if is_known(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    if small:
        data = await storage.run(lambda memory: thumbnail(memory.photos, audit.photo))
        return Response(data, 200, headers, "image/webp")
    headers["Accept-Ranges"] = "bytes"
    span = None
    if wanted is not None and if_range in {None, etag}:
        span = Span.read(wanted, audit.size)
    if span is not None:
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{span.size}"
    return await sending(storage, audit, span or Span(0, audit.size, audit.size), 206 if span else 200, headers)


async def sending(storage: Storage, audit: Audit, span: Span, status: int, headers: dict[str, str]) -> Response:
    """A part of a photo, read while it is sent. Raises `Problem` where the photo is not there."""

    async def chunk(start: int) -> bytes:
        return await storage.run(lambda memory: memory.photos.read(audit.photo, start, min(start + CHUNK, span.stop)))

    first = await chunk(span.start)  # before anything is sent, so that an error is an answer

    async def chunks() -> AsyncIterator[bytes]:
        yield first
        for start in range(span.start + CHUNK, span.stop, CHUNK):
            yield await chunk(start)

    headers["Content-Length"] = str(span.stop - span.start)
    return StreamingResponse(chunks(), status, headers, f"image/{audit.format.lower()}")

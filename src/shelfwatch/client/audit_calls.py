"""What can be asked about audits."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal, TypeAlias
from urllib.parse import quote

import httpx

from shelfwatch.client.answers import parse
from shelfwatch.client.audit_answers import Audit, AuditPage, Comparison, Recorded
from shelfwatch.client.calls import Call, Tiles, given
from shelfwatch.client.errors import UnexpectedAnswer, media_type
from shelfwatch.client.photos import Photo

Size: TypeAlias = Literal["full", "thumbnail"]
Boxes: TypeAlias = Literal["csv", "coco", "yolo", "xlsx"]

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"
BOXES: dict[Boxes, str] = {"csv": CSV, "coco": ZIP, "yolo": ZIP, "xlsx": XLSX}


def record(
    photo: Photo,
    store: str,
    bay: str,
    *,
    taken_at: datetime | None,
    note: str | None,
    idempotency_key: str | None,
    confidence: float | None,
    model: str | None,
    max_detections: int | None,
    tiles: Tiles | None,
) -> Call[Recorded]:
    """Keep a photo of a bay and what it shows; with a key of its own where none is given, for when it is sent again."""
    key = idempotency_key or uuid.uuid4().hex
    form = given(store=store, bay=bay, taken_at=taken_at, note=note, idempotency_key=key)
    query = given(confidence=confidence, model=model, max_detections=max_detections, tiles=tiles)
    return Call(
        "POST",
        "/audits",
        lambda response: Recorded(parse(Audit, response.content), response.status_code == 201),
        query,
        photo,
        {name: str(value) for name, value in form.items()},
        statuses=frozenset({200, 201}),
    )


def page(
    *,
    store: str | None,
    bay: str | None,
    since: datetime | None,
    until: datetime | None,
    idempotency_key: str | None,
    limit: int | None,
    cursor: str | None,
) -> Call[AuditPage]:
    """Which audits are there?"""
    query = given(
        store=store,
        bay=bay,
        since=since,
        until=until,
        idempotency_key=idempotency_key,
        limit=limit,
        cursor=cursor,
    )
    return Call("GET", "/audits", lambda response: parse(AuditPage, response.content), query)


def one(audit_id: str) -> Call[Audit]:
    """What does an audit say?"""
    return Call("GET", _path(audit_id), _audit)


def image(audit_id: str, size: Size) -> Call[bytes]:
    """What does it show?"""
    return Call("GET", f"{_path(audit_id)}/image", lambda response: response.content, {"size": size})


def gap_image(audit_id: str, index: int) -> Call[bytes]:
    """Where is a gap?"""
    return Call("GET", f"{_path(audit_id)}/gaps/{index}/image", lambda response: response.content)


def delete(audit_id: str) -> Call[None]:
    """Take it out of every list."""
    return Call("DELETE", _path(audit_id), lambda _: None, statuses=frozenset({204}), gone_is_done=True)


def restore(audit_id: str) -> Call[Audit]:
    """Take the deletion back."""
    return Call("POST", f"{_path(audit_id)}/restore", _audit)


def compare(later: str, earlier: str) -> Call[Comparison]:
    """What changed?"""
    path = f"{_path(later)}/compare/{quote(earlier, safe='')}"
    return Call("GET", path, lambda response: parse(Comparison, response.content))


def boxes(audit_id: str, kind: Boxes, *, corrected: bool) -> Call[None]:
    """The boxes of one audit as a file."""
    return _file(f"{_path(audit_id)}/export", BOXES[kind], given(format=kind, corrected="true" if corrected else None))


def export(
    path: str,
    kind: str,
    *,
    store: str | None,
    bay: str | None,
    since: datetime | None,
    until: datetime | None,
    **choices: str,
) -> Call[None]:
    """Audits as a file of that media type."""
    return _file(path, kind, given(store=store, bay=bay, since=since, until=until, **choices))


def _file(path: str, kind: str, query: dict[str, str | float]) -> Call[None]:
    def read(response: httpx.Response) -> None:
        if media_type(response) != kind:
            raise UnexpectedAnswer(f"the answer is of type {media_type(response) or 'none'}, not {kind}")

    return Call("GET", path, read, query, media_type=kind)


def _path(audit_id: str) -> str:
    return f"/audits/{quote(audit_id, safe='')}"


def _audit(response: httpx.Response) -> Audit:
    return parse(Audit, response.content)

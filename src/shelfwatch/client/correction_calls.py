"""What can be asked about corrections."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, TypeAlias
from urllib.parse import quote

from shelfwatch.client import audit_calls
from shelfwatch.client.answers import parse
from shelfwatch.client.calls import Call
from shelfwatch.client.correction_answers import CorrectedBox, Correction, CorrectionList, ListedCorrection

Labels: TypeAlias = Literal["yolo", "coco"]


def every(audit_id: str) -> Call[tuple[ListedCorrection, ...]]:
    """Which are there?"""
    return Call("GET", _path(audit_id), lambda response: parse(CorrectionList, response.content).items)


def one(audit_id: str, correction_id: str) -> Call[Correction]:
    """What does one say?"""
    path = f"{_path(audit_id)}/{quote(correction_id, safe='')}"
    return Call("GET", path, lambda response: parse(Correction, response.content))


def correct(
    audit_id: str, detections: Iterable[CorrectedBox], *, who: str, base: str | None, note: str | None
) -> Call[Correction]:
    """Keep these boxes. Sent again, the service answers with what it has kept."""
    boxes = [dataclasses.asdict(box) for box in detections]
    return Call(
        "POST",
        _path(audit_id),
        lambda response: parse(Correction, response.content),
        body={"who": who, "base": base, "note": note, "detections": boxes},
        statuses=frozenset({200, 201}),
    )


def archive(
    labels: Labels, *, store: str | None, bay: str | None, since: datetime | None, until: datetime | None
) -> Call[None]:
    """All of them with their photos, for training."""
    return audit_calls.export(
        "/corrections.zip", audit_calls.ZIP, store=store, bay=bay, since=since, until=until, format=labels
    )


def _path(audit_id: str) -> str:
    return f"/audits/{quote(audit_id, safe='')}/corrections"

"""What can be asked about alerts."""

from __future__ import annotations

from typing import Literal, TypeAlias
from urllib.parse import quote

import httpx

from shelfwatch.client.alert_answers import Alert, AlertPage, Feedback, Precision, PrecisionList
from shelfwatch.client.answers import parse
from shelfwatch.client.calls import Call, given

Status: TypeAlias = Literal["open", "acknowledged", "resolved"]
Verdict: TypeAlias = Literal["restocked", "false_alarm", "not_workable"]


def page(
    *, status: Status | None, store: str | None, bay: str | None, limit: int | None, cursor: str | None
) -> Call[AlertPage]:
    """Which bays are past their thresholds?"""
    query = given(status=status, store=store, bay=bay, limit=limit, cursor=cursor)
    return Call("GET", "/alerts", lambda response: parse(AlertPage, response.content), query)


def image(alert_id: str) -> Call[bytes]:
    """Where is it?"""
    return Call("GET", f"{_path(alert_id)}/image", lambda response: response.content)


def acknowledge(alert_id: str) -> Call[Alert]:
    """Someone sees to it."""
    return Call("POST", f"{_path(alert_id)}/acknowledge", _alert)


def feedback(alert_id: str, verdict: Verdict, *, who: str | None, note: str | None) -> Call[Feedback]:
    """What came of it. Each is kept, so it is not sent twice."""
    return Call(
        "POST",
        f"{_path(alert_id)}/feedback",
        lambda response: parse(Feedback, response.content),
        body=given(verdict=verdict, who=who, note=note),
        statuses=frozenset({201}),
        repeatable=False,
    )


def precision() -> Call[tuple[Precision, ...]]:
    """How right are they?"""
    return Call("GET", "/alerts/precision", lambda response: parse(PrecisionList, response.content).items)


def _path(alert_id: str) -> str:
    return f"/alerts/{quote(alert_id, safe='')}"


def _alert(response: httpx.Response) -> Alert:
    return parse(Alert, response.content)

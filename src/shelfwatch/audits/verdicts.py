"""What people say of tasks, and how they take it back."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shelfwatch.audits.alerts import locked
from shelfwatch.audits.audit import time_text
from shelfwatch.audits.database import Database
from shelfwatch.audits.entry import clean_name, clean_note
from shelfwatch.audits.errors import InvalidError, NotFoundError
from shelfwatch.audits.feedback import FALSE_ALARM, NOT_WORKABLE, RESTOCKED, give_feedback
from shelfwatch.audits.ids import known_id, new_id
from shelfwatch.audits.places import share
from shelfwatch.audits.tables import AuditRow, Bay, Feedback, Findings, GapVerdict

DONE = "done"
VERDICTS = (DONE, FALSE_ALARM, NOT_WORKABLE)
TASK = re.compile(r"gap-(?P<audit>[0-9a-f-]{36})-(?P<gap>0|[1-9][0-9]{0,3})|alert-(?P<alert>[0-9a-f-]{36})")


@dataclass(frozen=True)
class Verdict:
    """What one person said of a task; `created_at` is UTC."""

    task_id: str
    verdict: str  # done, false_alarm or not_workable
    who: str | None
    note: str | None
    created_at: datetime

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"created_at": time_text(self.created_at)}


def judge(database: Database, task_id: str, verdict: str, who: str | None = None, note: str | None = None) -> Verdict:
    """Keep what someone says of a task, listed or not. Of an alert it is feedback, `done` being `restocked`.

    The same said again, since the answer got lost perhaps, is kept once.

    Raises `NotFoundError` where its audit, gap or alert is not there, `InvalidError`, `UnavailableError`.
    """
    if verdict not in VERDICTS:
        raise InvalidError(f"verdict: one of {', '.join(VERDICTS)}")
    named = _named(task_id)
    if named["alert"]:
        said = give_feedback(database, named["alert"], RESTOCKED if verdict == DONE else verdict, who, note)
        return Verdict(task_id, verdict, said.who, said.note, said.created_at)
    who = clean_name(who, "who") if who and who.strip() else None
    note = clean_note(note)
    with database.write() as session:
        audit = session.get(AuditRow, known_id(named["audit"]))
        if audit is None or audit.deleted_at is not None:
            raise NotFoundError("There is no such task.")
        gaps = session.get_one(Findings, audit.id).report["gaps"]
        if int(named["gap"]) >= len(gaps):
            raise NotFoundError("There is no such task.")
        _lock(session, audit.bay_id)
        which = (GapVerdict.audit_id == audit.id, GapVerdict.gap == int(named["gap"]))
        last = session.scalar(select(GapVerdict).where(*which).order_by(GapVerdict.id.desc()).limit(1))
        if last is not None and (last.verdict, last.who, last.note) == (verdict, who, note):
            return Verdict(task_id, verdict, who, note, last.created_at)
        row = GapVerdict(
            id=new_id(),
            bay_id=audit.bay_id,
            audit_id=audit.id,
            gap=int(named["gap"]),
            box=share(gaps[int(named["gap"])]["box"], audit.width, audit.height),
            verdict=verdict,
            who=who,
            note=note,
            created_at=datetime.now(UTC),
        )
        session.add(row)
        session.flush()
        return Verdict(task_id, verdict, who, note, row.created_at)


def take_back(database: Database, task_id: str) -> None:
    """Remove the last that was said of a task. Raises `NotFoundError` where nothing was, `UnavailableError`."""
    named = _named(task_id)
    with database.write() as session:
        row: Feedback | GapVerdict | None
        if named["alert"]:
            alert = locked(session, named["alert"])
            said = select(Feedback).where(Feedback.alert_id == alert.id).order_by(Feedback.id.desc())
            row = session.scalar(said.limit(1))
        else:
            which = (GapVerdict.audit_id == known_id(named["audit"]), GapVerdict.gap == int(named["gap"]))
            last = select(GapVerdict).where(*which).order_by(GapVerdict.id.desc()).limit(1)
            row = session.scalar(last)
            if row is not None:
                _lock(session, row.bay_id)
                row = session.scalar(last)  # nobody else has taken it back meanwhile
        if row is None:
            raise NotFoundError("Nothing was said of this task.")
        session.delete(row)


def _named(task_id: str) -> dict[str, str]:
    found = TASK.fullmatch(task_id)
    if found is None or known_id(found["alert"] or found["audit"]) is None:
        raise NotFoundError("There is no such task.")
    return found.groupdict()


def _lock(session: Session, bay_id: str) -> None:
    session.execute(select(Bay.id).where(Bay.id == bay_id).with_for_update())

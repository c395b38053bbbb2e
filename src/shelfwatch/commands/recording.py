"""Record many photos of a bay, wherever audits are kept: what became of each, and how a run goes on after another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from shelfwatch.audits.audit import time_text
from shelfwatch.commands.taken import taken_at


@dataclass(frozen=True)
class Bay:
    """Whose shelf the photos show, and whether their cameras say when."""

    store: str
    bay: str
    from_exif: bool


@dataclass(frozen=True)
class Brief:
    """What is said of an audit."""

    id: str
    taken_at: datetime
    facings: int
    fill_rate: float | None
    gaps: int

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"taken_at": time_text(self.taken_at)}


class DeletedError(Exception):
    """The audit of this photo was deleted, by someone who had a reason."""


class RefusedError(Exception):
    """One photo cannot be recorded, and the message says why; others may be."""


class StoppedError(Exception):
    """No photo can be recorded now, and the message says why."""


class Recorder(Protocol):
    """Where audits of one bay are kept; a key counts within that."""

    def earlier(self, data: bytes, key: str) -> Brief | None:
        """The audit that this key has made. Raises `DeletedError`, `RefusedError`, `StoppedError`."""

    def record(self, data: bytes, key: str) -> Brief:
        """A photo's new audit, once it is durable. Raises as `earlier`."""


@dataclass
class Outcome:
    """What became of the photos, each by its path; a skipped one has the audit it made before, if that is kept."""

    recorded: list[tuple[Path, Brief]] = field(default_factory=list)
    skipped: list[tuple[Path, Brief | None]] = field(default_factory=list)
    failed: list[tuple[Path, str]] = field(default_factory=list)
    stopped: str | None = None  # why no more photos were looked at

    def figures(self) -> dict[str, Any]:
        """JSON-ready counts, and facings, gaps and mean fill rate of the audits, those made before among them."""
        audits = [audit for _, audit in (*self.recorded, *self.skipped) if audit is not None]
        rates = [audit.fill_rate for audit in audits if audit.fill_rate is not None]
        return {
            "photos": len(self.recorded) + len(self.skipped) + len(self.failed),
            "recorded": len(self.recorded),
            "skipped": len(self.skipped),
            "failed": len(self.failed),
            "facings": sum(audit.facings for audit in audits),
            "fill_rate": round(sum(rates) / len(rates), 4) if rates else None,
            "gaps": sum(audit.gaps for audit in audits),
        }

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            **self.figures(),
            "audits": [{"path": str(path), **audit.to_json()} for path, audit in self.recorded],
            "skipped_photos": [{"path": str(path), "id": audit and audit.id} for path, audit in self.skipped],
            "failed_photos": [{"path": str(path), "error": words} for path, words in self.failed],
            "stopped": self.stopped,
        }


def record_all(recorder: Recorder, files: Iterable[Path]) -> Outcome:
    """Record what is not recorded yet. Stops where no more can be recorded."""
    outcome = Outcome()
    for path in files:
        try:
            data = path.read_bytes()
            key = f"sha256-{hashlib.sha256(data).hexdigest()}"
            known = recorder.earlier(data, key)
            if known is not None:
                outcome.skipped.append((path, known))
            else:
                outcome.recorded.append((path, recorder.record(data, key)))
        except DeletedError:
            outcome.skipped.append((path, None))
        except StoppedError as error:
            outcome.stopped = f"{path}: {error}"
            break
        except OSError as error:
            outcome.failed.append((path, error.strerror or str(error)))
        except RefusedError as error:
            outcome.failed.append((path, str(error)))
    return outcome


def moment_of(data: bytes, of: Bay) -> datetime | None:
    """When a photo was taken, None for now. Raises `RefusedError` where it does not say so but should."""
    moment = taken_at(data) if of.from_exif else None
    if of.from_exif and moment is None:
        raise RefusedError("The photo does not say when it was taken; leave out --taken-from-exif.")
    return moment

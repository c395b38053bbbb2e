"""Audits recorded in a memory of this machine, for `shelfwatch audit`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from shelfwatch.audits.audit import Audit
from shelfwatch.audits.entry import Entry
from shelfwatch.audits.errors import AuditsError, ConflictError, UnavailableError
from shelfwatch.audits.memory import Memory
from shelfwatch.audits.record import earlier, record
from shelfwatch.commands.recording import Bay, Brief, DeletedError, RefusedError, StoppedError, moment_of
from shelfwatch.inference.detector import Detector
from shelfwatch.inference.image import ImageError
from shelfwatch.shelf import analyze


class MemoryRecorder:
    """Looks at photos here and keeps them in a memory, which must be started."""

    def __init__(self, memory: Memory, detector: Detector, of: Bay) -> None:
        self.memory = memory
        self.detector = detector
        self.of = of

    def earlier(self, data: bytes, key: str) -> Brief | None:
        """The audit that this key has made."""
        with _spoken():
            known = earlier(self.memory.database, data, self.of.store, self.of.bay, key)
        return None if known is None else _brief(known)

    def record(self, data: bytes, key: str) -> Brief:
        """A photo's new audit."""
        with _spoken():
            done = record(self.memory.database, self.memory.photos, data, look(self.detector, data, self.of, key))
        return _brief(done.audit)


def look(detector: Detector, data: bytes, of: Bay, key: str) -> Entry:
    """What a photo shows. Raises `ImageError` where it cannot be read, `RefusedError` as `moment_of`."""
    photo = detector.decode(data)
    moment = moment_of(data, of)
    result = detector.detect(photo)
    report = analyze(result.detections, width=photo.width, height=photo.height, pixels=photo.pixels)
    answer = detector.to_json(photo, result)
    return Entry(
        of.store,
        of.bay,
        width=photo.width,
        height=photo.height,
        model=answer["model"],
        detections=report.place(answer["detections"]),
        report=report.to_json(),
        taken_at=moment,
        idempotency_key=key,
    )


def _brief(audit: Audit) -> Brief:
    return Brief(audit.id, audit.taken_at, audit.facings, audit.fill_rate, audit.gaps)


@contextlib.contextmanager
def _spoken() -> Iterator[None]:
    try:
        yield
    except ConflictError as error:
        raise DeletedError from error
    except UnavailableError as error:
        raise StoppedError(str(error)) from error
    except (AuditsError, ImageError) as error:
        raise RefusedError(str(error)) from error

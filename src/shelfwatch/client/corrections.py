"""Corrections, as methods of both clients."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from shelfwatch.client import correction_calls
from shelfwatch.client.asking import Asking, AsyncAsking
from shelfwatch.client.correction_answers import CorrectedBox, Correction, ListedCorrection
from shelfwatch.client.correction_calls import Labels


class Corrections(Asking):
    """Calls about corrections."""

    def corrections(self, audit_id: str) -> tuple[ListedCorrection, ...]:
        """What people put right in an audit, newest first, without the boxes."""
        return self._ask(correction_calls.every(audit_id))

    def correction(self, audit_id: str, correction_id: str = "latest") -> Correction:
        """One with its boxes, the newest unless told.

        Raises `NotFound` where there is none.
        """
        return self._ask(correction_calls.one(audit_id, correction_id))

    def correct_audit(
        self,
        audit_id: str,
        detections: Iterable[CorrectedBox],
        *,
        who: str,
        base: str | None = None,
        note: str | None = None,
    ) -> Correction:
        """Keep all boxes as they should be, those left as they were too.

        - `detections`: up to 3000.
        - `who`: 1 to 200 characters.
        - `base`: the id of the newest correction, with which this one began; None where there is none yet.
        - `note`: up to 2000 characters.

        Raises `Conflict` where someone else saved meanwhile.
        """
        return self._ask(correction_calls.correct(audit_id, detections, who=who, base=base, note=note))

    def corrections_zip(
        self,
        path: str | os.PathLike[str],
        *,
        labels: Labels = "yolo",
        store: str | None = None,
        bay: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        """Write a zip file of all corrected photos with their labels, a training set.

        As `audits_csv`.
        """
        call = correction_calls.archive(labels, store=store, bay=bay, since=since, until=until)
        self._ask(call, Path(path))


class AsyncCorrections(AsyncAsking):
    """Calls about corrections. For asyncio."""

    async def corrections(self, audit_id: str) -> tuple[ListedCorrection, ...]:
        """What people put right in an audit, newest first, without the boxes."""
        return await self._ask(correction_calls.every(audit_id))

    async def correction(self, audit_id: str, correction_id: str = "latest") -> Correction:
        """One with its boxes. See `Client.correction`."""
        return await self._ask(correction_calls.one(audit_id, correction_id))

    async def correct_audit(
        self,
        audit_id: str,
        detections: Iterable[CorrectedBox],
        *,
        who: str,
        base: str | None = None,
        note: str | None = None,
    ) -> Correction:
        """Keep all boxes as they should be. See `Client.correct_audit`."""
        return await self._ask(correction_calls.correct(audit_id, detections, who=who, base=base, note=note))

    async def corrections_zip(
        self,
        path: str | os.PathLike[str],
        *,
        labels: Labels = "yolo",
        store: str | None = None,
        bay: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        """Write a zip file of all corrected photos. See `Client.corrections_zip`."""
        call = correction_calls.archive(labels, store=store, bay=bay, since=since, until=until)
        await self._ask(call, Path(path))

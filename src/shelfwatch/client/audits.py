"""Audits, as methods of both clients."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

from shelfwatch.client import audit_calls
from shelfwatch.client.asking import Asking, AsyncAsking
from shelfwatch.client.audit_answers import Audit, AuditPage, Comparison, ListedAudit, Recorded
from shelfwatch.client.audit_calls import Boxes, Size
from shelfwatch.client.calls import MAX_PAGE, Tiles
from shelfwatch.client.photos import Photo


class Audits(Asking):
    """Calls about audits."""

    def record_audit(
        self,
        photo: Photo,
        store: str,
        bay: str,
        *,
        taken_at: datetime | None = None,
        note: str | None = None,
        idempotency_key: str | None = None,
        confidence: float | None = None,
        model: str | None = None,
        max_detections: int | None = None,
        tiles: Tiles | None = None,
    ) -> Recorded:
        """Keep a photo of a bay and what it shows; it is durable when this returns.

        - `store`, `bay`: 1 to 200 characters; made when first named.
        - `taken_at`: when the photo was taken, UTC where it names no zone; default: now.
        - `note`: up to 2000 characters.
        - `idempotency_key`: up to 200 printable ASCII characters; the same for the same bay again gives the audit that
          it has made. Default: one that this call makes, under which it sends again what got lost.
        - the others as in `predict`.

        Raises `Conflict` for a key that has made an audit of another photo, or one that was deleted, and `OSError`
        where the file cannot be read.
        """
        return self._ask(
            audit_calls.record(
                photo,
                store,
                bay,
                taken_at=taken_at,
                note=note,
                idempotency_key=idempotency_key,
                confidence=confidence,
                model=model,
                max_detections=max_detections,
                tiles=tiles,
            )
        )

    def audits(
        self,
        *,
        store: str | None = None,
        bay: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> Iterator[ListedAudit]:
        """Every audit, newest photo first, without its detections; pages are asked for as they are needed.

        Of a store, of a bay of it, taken at or after `since`, taken before `until`; or the one that a key has made in
        a bay.
        """
        return self._each(
            lambda cursor: audit_calls.page(
                store=store,
                bay=bay,
                since=since,
                until=until,
                idempotency_key=idempotency_key,
                limit=MAX_PAGE,
                cursor=cursor,
            )
        )

    def audit_page(
        self,
        *,
        store: str | None = None,
        bay: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        idempotency_key: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> AuditPage:
        """The same a page at a time: of `limit` audits, 1 to 200, default 50, from the page before's `next_cursor`."""
        return self._ask(
            audit_calls.page(
                store=store,
                bay=bay,
                since=since,
                until=until,
                idempotency_key=idempotency_key,
                limit=limit,
                cursor=cursor,
            )
        )

    def audit(self, audit_id: str) -> Audit:
        """An audit with its detections and its report."""
        return self._ask(audit_calls.one(audit_id))

    def audit_image(self, audit_id: str, *, size: Size = "full") -> bytes:
        """The photo as it is kept, without metadata, or a WebP of at most 320 × 320 px for `thumbnail`."""
        return self._ask(audit_calls.image(audit_id, size))

    def gap_image(self, audit_id: str, index: int) -> bytes:
        """A JPEG of one of the report's gaps with what is around it, framed; `index` counts them, 0 first."""
        return self._ask(audit_calls.gap_image(audit_id, index))

    def delete_audit(self, audit_id: str) -> None:
        """Take it out of every list; it can be restored for 24 hours at least."""
        return self._ask(audit_calls.delete(audit_id))

    def restore_audit(self, audit_id: str) -> Audit:
        """Take the deletion back; no fault if there was none."""
        return self._ask(audit_calls.restore(audit_id))

    def compare_audits(self, later: str, earlier: str) -> Comparison:
        """What changed between two audits of a bay."""
        return self._ask(audit_calls.compare(later, earlier))

    def audits_csv(
        self,
        path: str | os.PathLike[str],
        *,
        store: str | None = None,
        bay: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        """Write a line an audit to a CSV file, which appears at `path` once it is whole, in place of any other there.

        The filters are those of `audits`. Raises `OSError` where it cannot be written.
        """
        call = audit_calls.export("/audits.csv", audit_calls.CSV, store=store, bay=bay, since=since, until=until)
        self._ask(call, Path(path))

    def audits_xlsx(
        self,
        path: str | os.PathLike[str],
        *,
        store: str | None = None,
        bay: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        """Write a workbook of audits, rows and gaps.

        As `audits_csv`.
        """
        call = audit_calls.export("/audits.xlsx", audit_calls.XLSX, store=store, bay=bay, since=since, until=until)
        self._ask(call, Path(path))

    def export_audit(
        self, audit_id: str, path: str | os.PathLike[str], kind: Boxes = "csv", *, corrected: bool = False
    ) -> None:
        """Write the boxes of one audit: a line a box as `csv` or `xlsx`, or with the photo as a zip file of labels.

        With `corrected` those of its newest correction; raises `NotFound` where there is none. Otherwise as
        `audits_csv`.
        """
        self._ask(audit_calls.boxes(audit_id, kind, corrected=corrected), Path(path))


class AsyncAudits(AsyncAsking):
    """Calls about audits. For asyncio."""

    async def record_audit(
        self,
        photo: Photo,
        store: str,
        bay: str,
        *,
        taken_at: datetime | None = None,
        note: str | None = None,
        idempotency_key: str | None = None,
        confidence: float | None = None,
        model: str | None = None,
        max_detections: int | None = None,
        tiles: Tiles | None = None,
    ) -> Recorded:
        """Keep a photo of a bay and what it shows; it is durable when this returns. See `Client.record_audit`."""
        return await self._ask(
            audit_calls.record(
                photo,
                store,
                bay,
                taken_at=taken_at,
                note=note,
                idempotency_key=idempotency_key,
                confidence=confidence,
                model=model,
                max_detections=max_detections,
                tiles=tiles,
            )
        )

    def audits(
        self,
        *,
        store: str | None = None,
        bay: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> AsyncIterator[ListedAudit]:
        """Every audit. See `Client.audits`."""
        return self._each(
            lambda cursor: audit_calls.page(
                store=store,
                bay=bay,
                since=since,
                until=until,
                idempotency_key=idempotency_key,
                limit=MAX_PAGE,
                cursor=cursor,
            )
        )

    async def audit_page(
        self,
        *,
        store: str | None = None,
        bay: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        idempotency_key: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> AuditPage:
        """The same a page at a time: of `limit` audits, 1 to 200, default 50, from the page before's `next_cursor`."""
        return await self._ask(
            audit_calls.page(
                store=store,
                bay=bay,
                since=since,
                until=until,
                idempotency_key=idempotency_key,
                limit=limit,
                cursor=cursor,
            )
        )

    async def audit(self, audit_id: str) -> Audit:
        """An audit with its detections and its report."""
        return await self._ask(audit_calls.one(audit_id))

    async def audit_image(self, audit_id: str, *, size: Size = "full") -> bytes:
        """The photo as it is kept, without metadata, or a WebP of at most 320 × 320 px for `thumbnail`."""
        return await self._ask(audit_calls.image(audit_id, size))

    async def gap_image(self, audit_id: str, index: int) -> bytes:
        """A JPEG of one of the report's gaps. See `Client.gap_image`."""
        return await self._ask(audit_calls.gap_image(audit_id, index))

    async def delete_audit(self, audit_id: str) -> None:
        """Take it out of every list; it can be restored for 24 hours at least."""
        return await self._ask(audit_calls.delete(audit_id))

    async def restore_audit(self, audit_id: str) -> Audit:
        """Take the deletion back; no fault if there was none."""
        return await self._ask(audit_calls.restore(audit_id))

    async def compare_audits(self, later: str, earlier: str) -> Comparison:
        """What changed between two audits of a bay."""
        return await self._ask(audit_calls.compare(later, earlier))

    async def audits_csv(
        self,
        path: str | os.PathLike[str],
        *,
        store: str | None = None,
        bay: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        """Write a line an audit to a CSV file. See `Client.audits_csv`."""
        call = audit_calls.export("/audits.csv", audit_calls.CSV, store=store, bay=bay, since=since, until=until)
        await self._ask(call, Path(path))

    async def audits_xlsx(
        self,
        path: str | os.PathLike[str],
        *,
        store: str | None = None,
        bay: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        """Write a workbook of audits, rows and gaps. See `Client.audits_xlsx`."""
        call = audit_calls.export("/audits.xlsx", audit_calls.XLSX, store=store, bay=bay, since=since, until=until)
        await self._ask(call, Path(path))

    async def export_audit(
        self, audit_id: str, path: str | os.PathLike[str], kind: Boxes = "csv", *, corrected: bool = False
    ) -> None:
        """Write the boxes of one audit: a line a box as `csv`. See `Client.export_audit`."""
        await self._ask(audit_calls.boxes(audit_id, kind, corrected=corrected), Path(path))

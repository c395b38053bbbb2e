"""Audits recorded in a running service, for `shelfwatch audit --url`. Needs httpx."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from shelfwatch import client
from shelfwatch.commands.recording import Bay, Brief, DeletedError, RefusedError, StoppedError, moment_of

PATIENCE = client.RetryPolicy(attempts=8, total_wait=90)  # a service that is started again is waited for
# Refusals of one photo; any other concerns all of them.
OF_A_PHOTO = (
    client.UndecodableImage,
    client.UnsupportedFormat,
    client.ImageTooLarge,
    client.PayloadTooLarge,
    client.InvalidRequest,
)


class ServiceRecorder:
    """Sends photos to a service; what it has is not sent again."""

    def __init__(self, service: client.Client, of: Bay, model: str | None) -> None:
        self.service = service
        self.of = of
        self.model = model

    def earlier(self, data: bytes, key: str) -> Brief | None:
        """The audit that this key has made; of a deleted one only recording tells."""
        with _spoken():
            page = self.service.audit_page(store=self.of.store, bay=self.of.bay, idempotency_key=key)
        for known in page.items:
            figures = known.report
            return Brief(known.id, known.taken_at, figures.facings, figures.fill_rate, figures.gap_count)
        return None

    def record(self, data: bytes, key: str) -> Brief:
        """A photo's new audit."""
        moment = moment_of(data, self.of)
        with _spoken():
            made = self.service.record_audit(
                data, self.of.store, self.of.bay, taken_at=moment, idempotency_key=key, model=self.model
            ).audit
        report = made.report
        return Brief(made.id, made.taken_at, report.facings, report.fill_rate, len(report.gaps))


@contextlib.contextmanager
def _spoken() -> Iterator[None]:
    try:
        yield
    except client.Conflict as error:
        raise DeletedError from error
    except OF_A_PHOTO as error:
        raise RefusedError(error.detail or str(error)) from error
    except client.ShelfWatchError as error:
        raise StoppedError(str(error)) from error

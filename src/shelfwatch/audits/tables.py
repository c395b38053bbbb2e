"""The tables, as SQLAlchemy sees them. Times are UTC; boxes are pixels of the upright photo."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shelfwatch.audits.ids import new_id

NAME_LENGTH = 200  # most characters of a store's or bay's name
KEY_LENGTH = 200  # most characters of an idempotency key
NOTE_LENGTH = 2000  # most characters of a note
SHA256_LENGTH = 64  # hex digits
URL_LENGTH = 2000  # most characters of a webhook's address


class UtcDateTime(TypeDecorator[datetime]):
    """Aware times in and out, UTC in the database; SQLite keeps them as text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC. Raises `ValueError` for a time without a zone, which would be a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = Uuid(as_uuid=False)  # PostgreSQL's uuid of 16 bytes, 32 hex digits in SQLite


class Base(DeclarativeBase):
    """Constraints have names, so that migrations can change them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Store(Base):
    """A shop, made when it is first named."""

    __tablename__ = "stores"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Bay(Base):
    """A stretch of shelf that is photographed again and again, with what is expected of it.

    `latest_*` repeat its newest audit, so that the overview of a store reads no audits.
    """

    __tablename__ = "bays"
    __table_args__ = (UniqueConstraint("store_id", "name"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    store_id: Mapped[str] = mapped_column(ForeignKey("stores.id"))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expected_facings: Mapped[int | None]
    min_fill_rate: Mapped[float | None]  # alert below it, 0..1
    min_facings: Mapped[int | None]  # alert below it
    max_gaps: Mapped[int | None]  # alert above it
    alert_after: Mapped[int] = mapped_column(server_default="1")  # audits in a row past a threshold that raise one
    latest_audit_id: Mapped[str | None] = mapped_column(Id)  # no foreign key: the two tables would need each other
    latest_taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    latest_facings: Mapped[int | None]
    latest_fill_rate: Mapped[float | None]
    latest_gaps: Mapped[int | None]
    # Its gaps and since when each is there; None where it was recorded before that was kept.
    latest_places: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))


class StoredPhoto(Base):
    """A photo's file in the store; several audits may show the same one."""

    __tablename__ = "photos"

    sha256: Mapped[str] = mapped_column(String(SHA256_LENGTH), primary_key=True)  # of the bytes as stored
    format: Mapped[str] = mapped_column(String(4))  # JPEG, PNG or WEBP
    size: Mapped[int]  # bytes


class AuditRow(Base):
    """One photo of a bay and the figures found in it. Lists read this table only."""

    __tablename__ = "audits"
    __table_args__ = (UniqueConstraint("bay_id", "idempotency_key"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    store_id: Mapped[str] = mapped_column(ForeignKey("stores.id"))
    bay_id: Mapped[str] = mapped_column(ForeignKey("bays.id"))
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # can be undone until it is pruned
    idempotency_key: Mapped[str | None] = mapped_column(String(KEY_LENGTH))
    note: Mapped[str | None] = mapped_column(String(NOTE_LENGTH))
    photo: Mapped[str] = mapped_column(ForeignKey("photos.sha256"))
    width: Mapped[int]  # pixels of the upright photo
    height: Mapped[int]
    model: Mapped[dict[str, Any]] = mapped_column(JSON)
    count: Mapped[int]  # detections
    facings: Mapped[int]
    fill_rate: Mapped[float | None]  # 0..1
    gaps: Mapped[int]


# Each list is one walk along one of these, whatever the number of audits; the deleted are not in them.
KEPT = text("deleted_at IS NULL")
AUDIT_INDEXES = (
    Index("ix_audits_newest", AuditRow.taken_at, AuditRow.id, sqlite_where=KEPT, postgresql_where=KEPT),
    Index(
        "ix_audits_store", AuditRow.store_id, AuditRow.taken_at, AuditRow.id, sqlite_where=KEPT, postgresql_where=KEPT
    ),
    # With the figures inside, a bay's history needs the index only.
    Index(
        "ix_audits_bay",
        AuditRow.bay_id,
        AuditRow.taken_at,
        AuditRow.id,
        AuditRow.facings,
        AuditRow.fill_rate,
        AuditRow.gaps,
        sqlite_where=KEPT,
        postgresql_where=KEPT,
    ),
    Index("ix_audits_photo", AuditRow.photo),
    Index(
        "ix_audits_deleted",
        AuditRow.deleted_at,
        sqlite_where=text("deleted_at IS NOT NULL"),
        postgresql_where=text("deleted_at IS NOT NULL"),
    ),
)


class Findings(Base):
    """What was found in an audit's photo, in full. Apart from `audits`, which lists walk through."""

    __tablename__ = "findings"

    audit_id: Mapped[str] = mapped_column(ForeignKey("audits.id", ondelete="CASCADE"), primary_key=True)
    detections: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    report: Mapped[dict[str, Any]] = mapped_column(JSON)


class Correction(Base):
    """An audit's boxes as someone has corrected them; the model's own stay in `findings`. Never changed, only added."""

    __tablename__ = "corrections"
    __table_args__ = (UniqueConstraint("audit_id", "number"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    audit_id: Mapped[str] = mapped_column(ForeignKey("audits.id", ondelete="CASCADE"))
    number: Mapped[int]  # of the audit's corrections, 1 first: two that were made at once cannot both be the next
    base: Mapped[str | None] = mapped_column(Id)  # the correction it began with, None for the model's answer
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(String(NAME_LENGTH))
    note: Mapped[str | None] = mapped_column(String(NOTE_LENGTH))
    count: Mapped[int]  # boxes
    changes: Mapped[dict[str, int]] = mapped_column(JSON)  # from the model's answer, by kind
    detections: Mapped[list[dict[str, Any]]] = mapped_column(JSON, deferred=True)  # lists do not read them


class GapVerdict(Base):
    """What people said of a gap. It outlives the audit: a false alarm stays away from its place in the bay."""

    __tablename__ = "gap_verdicts"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    bay_id: Mapped[str] = mapped_column(ForeignKey("bays.id"), index=True)
    audit_id: Mapped[str] = mapped_column(Id)  # no foreign key: it may be purged
    gap: Mapped[int]  # its index in the audit's report
    box: Mapped[list[float]] = mapped_column(JSON)  # shares of the photo's width and height, 0..1
    verdict: Mapped[str] = mapped_column(String(20))  # done, false_alarm or not_workable
    who: Mapped[str | None] = mapped_column(String(NAME_LENGTH))
    note: Mapped[str | None] = mapped_column(String(NOTE_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


GAP_INDEX = Index("ix_gap_verdicts_gap", GapVerdict.audit_id, GapVerdict.gap, GapVerdict.id)


class Alert(Base):
    """A bay past one of its thresholds, from the first audit that showed it until one that no longer does."""

    __tablename__ = "alerts"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    bay_id: Mapped[str] = mapped_column(ForeignKey("bays.id"))
    kind: Mapped[str] = mapped_column(String(20))  # fill_rate, facings or gaps
    status: Mapped[str] = mapped_column(String(20))  # open, acknowledged or resolved
    threshold: Mapped[float]
    value: Mapped[float]  # what the newest audit showed
    since: Mapped[datetime] = mapped_column(UtcDateTime)  # when the first photo past the threshold was taken
    audit_id: Mapped[str | None] = mapped_column(ForeignKey("audits.id", ondelete="SET NULL"))  # of that photo
    shown_audit_id: Mapped[str | None] = mapped_column(Id)  # the newest until it was resolved; it may be purged
    box: Mapped[list[float] | None] = mapped_column(JSON(none_as_null=True))  # the widest gap in it
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


UNRESOLVED = text("status <> 'resolved'")
ALERT_INDEXES = (
    Index(
        "uq_alerts_unresolved",
        Alert.bay_id,
        Alert.kind,
        unique=True,
        sqlite_where=UNRESOLVED,
        postgresql_where=UNRESOLVED,
    ),
    Index("ix_alerts_status", Alert.status, Alert.opened_at, Alert.id),
    Index("ix_alerts_audit_id", Alert.audit_id),
)


class Feedback(Base):
    """What people at the shelf said of an alert."""

    __tablename__ = "feedback"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    alert_id: Mapped[str] = mapped_column(ForeignKey("alerts.id"), index=True)
    verdict: Mapped[str] = mapped_column(String(20))  # restocked, false_alarm or not_workable
    who: Mapped[str | None] = mapped_column(String(NAME_LENGTH))
    note: Mapped[str | None] = mapped_column(String(NOTE_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Webhook(Base):
    """An address that is told of alerts: http, https, or mailto for an e-mail."""

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    url: Mapped[str] = mapped_column(String(URL_LENGTH))
    secret: Mapped[str] = mapped_column(String(200))  # signs what is sent; empty for an e-mail
    enabled: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Event(Base):
    """The outbox: what is to be told, written in the transaction in which it happened."""

    __tablename__ = "events"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)  # the same in every delivery
    alert_id: Mapped[str] = mapped_column(ForeignKey("alerts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Delivery(Base):
    """One event on its way to one receiver.

    Whoever delivers it moves `next_attempt_at` ahead before, and is alone with it until then.
    """

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("event_id", "webhook_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    webhook_id: Mapped[str | None] = mapped_column(ForeignKey("webhooks.id"))  # None once it is removed
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None once delivered or given up
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None for what was given up
    last_error: Mapped[str | None] = mapped_column(Text)


DUE = text("next_attempt_at IS NOT NULL")
DELIVERY_INDEXES = (
    Index("ix_deliveries_due", Delivery.next_attempt_at, sqlite_where=DUE, postgresql_where=DUE),
    Index("ix_deliveries_webhook_id", Delivery.webhook_id),
)

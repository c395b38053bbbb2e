"""Stores, bays, audits, alerts and what tells of them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Stores, bays, audits, alerts and what tells of them."""
    op.create_table(
        "photos",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("format", sa.String(length=4), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_photos")),
    )
    op.create_table(
        "stores",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stores")),
        sa.UniqueConstraint("name", name=op.f("uq_stores_name")),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("secret", sa.String(length=200), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "bays",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("store_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected_facings", sa.Integer(), nullable=True),
        sa.Column("min_fill_rate", sa.Double(), nullable=True),
        sa.Column("min_facings", sa.Integer(), nullable=True),
        sa.Column("max_gaps", sa.Integer(), nullable=True),
        sa.Column("alert_after", sa.Integer(), server_default="1", nullable=False),
        sa.Column("latest_audit_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("latest_taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("latest_facings", sa.Integer(), nullable=True),
        sa.Column("latest_fill_rate", sa.Double(), nullable=True),
        sa.Column("latest_gaps", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_bays_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bays")),
        sa.UniqueConstraint("store_id", "name", name=op.f("uq_bays_store_id_name")),
    )
    op.create_table(
        "audits",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("store_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("bay_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("note", sa.String(length=2000), nullable=True),
        sa.Column("photo", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("model", sa.JSON(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("facings", sa.Integer(), nullable=False),
        sa.Column("fill_rate", sa.Double(), nullable=True),
        sa.Column("gaps", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["bay_id"], ["bays.id"], name=op.f("fk_audits_bay_id")),
        sa.ForeignKeyConstraint(["photo"], ["photos.sha256"], name=op.f("fk_audits_photo")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_audits_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audits")),
        sa.UniqueConstraint("bay_id", "idempotency_key", name=op.f("uq_audits_bay_id_idempotency_key")),
    )
    op.create_index(
        "ix_audits_bay",
        "audits",
        ["bay_id", "taken_at", "id", "facings", "fill_rate", "gaps"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_audits_deleted",
        "audits",
        ["deleted_at"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NOT NULL"),
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_audits_newest",
        "audits",
        ["taken_at", "id"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_audits_photo", "audits", ["photo"], unique=False)
    op.create_index(
        "ix_audits_store",
        "audits",
        ["store_id", "taken_at", "id"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )

    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("bay_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audit_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_alerts_audit_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["bay_id"], ["bays.id"], name=op.f("fk_alerts_bay_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_audit_id", "alerts", ["audit_id"], unique=False)
    op.create_index("ix_alerts_status", "alerts", ["status", "opened_at", "id"], unique=False)
    op.create_index(
        "uq_alerts_unresolved",
        "alerts",
        ["bay_id", "kind"],
        unique=True,
        sqlite_where=sa.text("status <> 'resolved'"),
        postgresql_where=sa.text("status <> 'resolved'"),
    )

    op.create_table(
        "findings",
        sa.Column("audit_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("detections", sa.JSON(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_findings_audit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_findings")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("alert_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_events_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_alert_id"), "events", ["alert_id"], unique=False)

    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("alert_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_feedback_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    op.create_index(op.f("ix_feedback_alert_id"), "feedback", ["alert_id"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("event_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("webhook_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_deliveries_event_id")),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name=op.f("fk_deliveries_webhook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("event_id", "webhook_id", name=op.f("uq_deliveries_event_id_webhook_id")),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["next_attempt_at"],
        unique=False,
        sqlite_where=sa.text("next_attempt_at IS NOT NULL"),
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.create_index("ix_deliveries_webhook_id", "deliveries", ["webhook_id"], unique=False)

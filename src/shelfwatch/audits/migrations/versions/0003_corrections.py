"""Corrections of audits, and what people say of gaps"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Corrections of audits, and what people say of gaps."""
    op.add_column("bays", sa.Column("latest_places", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "corrections",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("audit_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("base", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("detections", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_corrections_audit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("audit_id", "number", name=op.f("uq_corrections_audit_id_number")),
    )
    op.create_table(
        "gap_verdicts",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("bay_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("audit_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("gap", sa.Integer(), nullable=False),
        sa.Column("box", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=True),
        sa.Column("note", sa.String(length=2000), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bay_id"], ["bays.id"], name=op.f("fk_gap_verdicts_bay_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap_verdicts")),
    )
    op.create_index(op.f("ix_gap_verdicts_bay_id"), "gap_verdicts", ["bay_id"], unique=False)
    op.create_index("ix_gap_verdicts_gap", "gap_verdicts", ["audit_id", "gap", "id"], unique=False)

"""Where an alert's gap is, and who gave feedback"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Where an alert's gap is, and who gave feedback."""
    op.add_column("alerts", sa.Column("shown_audit_id", sa.Uuid(as_uuid=False), nullable=True))
    op.add_column("alerts", sa.Column("box", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("feedback", sa.Column("who", sa.String(length=200), nullable=True))

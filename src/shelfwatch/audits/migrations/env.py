"""Alembic's entry: run the migrations on the connection it is given, in the transaction that is open."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from shelfwatch.audits.tables import Base, UtcDateTime


def render(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """A migration stands alone: it names SQLAlchemy's types only, not ours, which may change."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a column by copying the table
    transactional_ddl=True,  # in SQLite too: we begin by our own statement
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()

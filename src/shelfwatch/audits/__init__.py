"""The memory: stores, bays, their audits and the photos. SQLAlchemy, Alembic and fsspec; no HTTP."""

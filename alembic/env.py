"""Runs the revisions on the address that `backend.storage.migrate` (or the settings, by hand) gives."""

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from alembic import context
from backend.settings import Settings


def run() -> None:
    url = context.config.attributes.get("url") or Settings().database_url
    if url is None:
        raise SystemExit(
            "CUEDESK_DATABASE_URL is not set; the embedded database is migrated by `python -m backend migrate`"
        )
    # By our own creator: SQLAlchemy reads fewer forms of address than the drivers do.
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("the revisions read the database; run them online")
run()

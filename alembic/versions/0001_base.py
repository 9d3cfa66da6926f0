"""The first schema: tenants and people, threads and runs, scripts and rooms, memory, audit."""

from pathlib import Path

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything; the job tables are pgqueuer's own statement for the pinned version."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    op.execute(QueryBuilderEnvironment().build_install_query())
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO cuedesk_app")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO cuedesk_app")
    # What these tables hold is reached only through the functions of auth_… and system_….
    op.execute("REVOKE ALL ON users, sessions, socket_tickets, alembic_version FROM cuedesk_app")
    op.execute("GRANT SELECT (id, email, name, disabled_at, created_at) ON users TO cuedesk_app")
    op.execute("REVOKE UPDATE, DELETE ON audit_log FROM cuedesk_app")


def downgrade() -> None:
    """The first revision has nothing before it."""
    raise RuntimeError("there is no schema before the first revision; restore a backup instead")

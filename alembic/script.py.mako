"""${message}."""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say what changes."""
    op.execute("""

    """)


def downgrade() -> None:
    """Say what is lost."""
    op.execute("""

    """)

"""Say which older code may run on this schema."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only the owner reads it, at the start of a process; the application's role has no business with it."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Take it away."""
    op.execute("DROP TABLE schema_compatibility")

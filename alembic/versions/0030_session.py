"""What a room keeps from text to text while it is live, and what is to come on air by itself."""

from pathlib import Path

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add and widen; the code before this revision runs on it."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Revisions only add; the code before runs on this schema."""
    raise RuntimeError("there is no way back; the code before this revision runs on its schema")

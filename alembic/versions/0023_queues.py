"""Rooms' queues: scripts of no show in the rundown too, in an order of the room's own, and how they come on air."""

from pathlib import Path

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add and loosen; the code before this revision runs on it: it does not see what belongs to no show."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Revisions only add; the code before runs on this schema."""
    raise RuntimeError("there is no way back; the code before this revision runs on its schema")

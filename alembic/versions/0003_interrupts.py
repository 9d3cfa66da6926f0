"""Interrupts in full: claims, escalation, the undo window, and what a tenant wants of them."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns that the code before does not know and does not need."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Columns are dropped a release later, never on the way back."""
    raise RuntimeError("restore a backup instead; the code before this revision runs on the schema after it")

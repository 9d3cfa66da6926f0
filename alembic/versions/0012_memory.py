"""Memory: vectors and words apart from the texts, embedders side by side, lifetimes, requests to forget."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add; what is loosened (kinds, empty columns) the code before this revision neither writes nor reads."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Revisions only add; the code before runs on this schema."""
    raise RuntimeError("there is no way back; the code before this revision runs on its schema")

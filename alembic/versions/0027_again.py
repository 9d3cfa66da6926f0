"""Taking up again what nobody decided in time: which run does it, and that no two do."""

from pathlib import Path

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add; nothing that exists is changed, so the code before this revision runs on it."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Revisions only add; the code before runs on this schema."""
    raise RuntimeError("there is no way back; the code before this revision runs on its schema")

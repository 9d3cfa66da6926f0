"""Whether those with open sockets still may be there: asked for all of them at once, and told when it changes."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add functions and triggers only: the code of the revision before runs on as it did."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Nothing is taken away from a released schema."""
    raise RuntimeError("the code of revision 0001 runs on this schema; there is nothing to go back for")

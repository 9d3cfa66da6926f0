"""Leases that are prolonged past locked rows; an epoch that a failover changes.

What was there stays: the code before uses it.
"""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two functions."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP FUNCTION system_prolong_leases(uuid[], int[], interval), system_epoch()")

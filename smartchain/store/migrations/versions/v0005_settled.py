"""
How far the host's own chain is safe and finalized.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for place in ("safe", "finalized"):
        op.add_column("ledger", sa.Column(f"{place}_number", sa.BigInteger))
        op.add_column("ledger", sa.Column(f"{place}_hash", sa.LargeBinary))
        op.add_column("ledger", sa.Column(f"{place}_timestamp", sa.BigInteger))

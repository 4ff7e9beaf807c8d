"""
Lookups of entries by address and of blocks by hash.

Here they are only made; they reach as far as nothing, so reads scan, until the next verified step brings them up.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "part",
        sa.Column("ledger", sa.Integer, primary_key=True),
        sa.Column("address", sa.LargeBinary, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (ledger)",
    )
    op.create_table(
        "block_name",
        sa.Column("ledger", sa.Integer, primary_key=True),
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (ledger)",
    )
    for name in ("lookup_size", "lookup_blocks"):
        op.add_column("ledger", sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text("0")))

"""
Checksums of what no hash commits to.

Here they are only made; `migrate` computes those of the rows that are there.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("host_block", sa.Column("checksum", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    op.create_table(
        "checksum",
        sa.Column("ledger", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Integer, primary_key=True),
        sa.Column("part", sa.BigInteger, primary_key=True),
        sa.Column("checksum", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (ledger)",
    )

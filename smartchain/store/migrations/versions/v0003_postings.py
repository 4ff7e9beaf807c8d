"""
A sparse index of entries and blocks, posting lists with running totals, entries by hash, a journal's notes, peers.

What the new lookups hold follows from the rows: `migrate` fills the first in, the others come at leisure. The older
ones are dropped.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("part")
    op.drop_table("block_name")
    op.drop_column("ledger", "lookup_blocks")
    op.create_table(
        "mark",
        sa.Column("ledger", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Integer, primary_key=True),
        sa.Column("part", sa.BigInteger, primary_key=True),
        sa.Column("marks", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (ledger)",
    )
    op.create_table(
        "posting",
        sa.Column("ledger", sa.Integer, primary_key=True),
        sa.Column("address", sa.LargeBinary, primary_key=True),
        sa.Column("first", sa.BigInteger, primary_key=True),
        sa.Column("refs", sa.LargeBinary, nullable=False),
        sa.Column("entries", sa.BigInteger, nullable=False),
        sa.Column("sent", sa.BigInteger, nullable=False),
        sa.Column("totals", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (ledger)",
    )
    op.create_table(
        "name",
        sa.Column("ledger", sa.Integer, primary_key=True),
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (ledger)",
    )
    op.create_table(
        "note",
        sa.Column("ledger", sa.Integer, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (ledger)",
    )
    op.create_table(
        "peer",
        sa.Column("url", sa.String, primary_key=True),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("note", sa.String, nullable=False, server_default=sa.text("''")),
    )
    op.execute("UPDATE ledger SET lookup_size = 0")

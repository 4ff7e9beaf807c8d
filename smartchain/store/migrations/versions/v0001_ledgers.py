"""Ledgers, their entries, blocks and subtrees, and the host blocks they were read from."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


ENTRY_FIELDS = """
CREATE VIEW entry_fields AS
SELECT ledger, position, substr(packed, 1, 20) AS subject, substr(packed, 21, 20) AS sender,
    substr(packed, 41, 20) AS recipient, substr(packed, 61, 32) AS value, substr(packed, 93, 8) AS timestamp,
    substr(packed, 101) AS memo, packed, tx_hash
FROM entry
"""


def upgrade() -> None:
    op.create_table(
        "ledger",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("chain_id", sa.BigInteger, nullable=False),
        sa.Column("address", sa.LargeBinary, nullable=False),
        sa.Column("max_entries", sa.BigInteger, nullable=False),
        sa.Column("interval", sa.BigInteger, nullable=False),
        sa.Column("genesis_size", sa.BigInteger, nullable=False),
        sa.Column("genesis_root", sa.LargeBinary, nullable=False),
        sa.Column("genesis_timestamp", sa.BigInteger, nullable=False),
        sa.Column("deployed_at", sa.BigInteger, nullable=False),
        sa.Column("fee_ppm", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("blocks", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("cursor_number", sa.BigInteger),
        sa.Column("cursor_hash", sa.LargeBinary),
        sa.Column("cursor_timestamp", sa.BigInteger),
        sa.Column("verified_size", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("verified_blocks", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("verified_number", sa.BigInteger),
        sa.Column("verified_hash", sa.LargeBinary),
        sa.Column("verified_timestamp", sa.BigInteger),
        sa.UniqueConstraint("chain_id", "address", name="ledger_identity"),
    )
    op.create_table(
        "entry",
        sa.Column("ledger", sa.Integer, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sa.Column("packed", sa.LargeBinary, nullable=False),
        sa.Column("tx_hash", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (ledger)",
    )
    op.create_table(
        "block",
        sa.Column("ledger", sa.Integer, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (ledger)",
    )
    op.create_table(
        "subtree",
        sa.Column("ledger", sa.Integer, primary_key=True),
        sa.Column("level", sa.Integer, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (ledger)",
    )
    op.create_table(
        "host_block",
        sa.Column("ledger", sa.Integer, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (ledger)",
    )
    op.create_index("host_block_by_size", "host_block", ["ledger", "size", "number"])
    op.execute(ENTRY_FIELDS.strip())

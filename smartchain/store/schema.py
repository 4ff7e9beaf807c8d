"""
The tables, for every engine: SQLAlchemy Core, imported only to create, migrate and compare.

Everything is keyed by (ledger, position), so one database holds any number of ledgers. What follows from other
rows is not stored again: a host block says how many entries stand up to its end, so no entry repeats its number;
a block's parent is the hash of the block before it.

In PostgreSQL every table of a ledger's rows is parted by ledger, and every key begins with it.

`schema.sql` is this module, compiled for SQLite, and `postgres/schema.sql` for PostgreSQL
(`python -m smartchain.store.schema [postgresql]` prints it): a new store is made from it at once, without importing
SQLAlchemy. Tests hold the two, and the migrations, to one another.
"""

from __future__ import annotations

import sys

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

metadata = sa.MetaData()
SQLITE, POSTGRESQL = sqlite.dialect(), postgresql.dialect()  # type: ignore[no-untyped-call]


version = sa.Table(
    "alembic_version",
    metadata,
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

ledger = sa.Table(
    "ledger",
    metadata,
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
    sa.Column("lookup_size", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("safe_number", sa.BigInteger),
    sa.Column("safe_hash", sa.LargeBinary),
    sa.Column("safe_timestamp", sa.BigInteger),
    sa.Column("finalized_number", sa.BigInteger),
    sa.Column("finalized_hash", sa.LargeBinary),
    sa.Column("finalized_timestamp", sa.BigInteger),
    sa.UniqueConstraint("chain_id", "address", name="ledger_identity"),
)
"""A ledger, where its store stands, and how far the lookups reach; all of it changes in one row."""

entry = sa.Table(
    "entry",
    metadata,
    sa.Column("ledger", sa.Integer, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("packed", sa.LargeBinary, nullable=False),
    sa.Column("tx_hash", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    postgresql_partition_by="LIST (ledger)",
)
"""`packed` is the 132 bytes that a leaf commits to, or the first 100 of them where the memo is zero."""

ENTRY_FIELDS = """
CREATE VIEW entry_fields AS
SELECT ledger, position, substr(packed, 1, 20) AS subject, substr(packed, 21, 20) AS sender,
    substr(packed, 41, 20) AS recipient, substr(packed, 61, 32) AS value, substr(packed, 93, 8) AS timestamp,
    substr(packed, 101) AS memo, packed, tx_hash
FROM entry
"""
"""Entries by their fields, cut out where they are asked for: columns of their own would double what a row costs."""

block = sa.Table(
    "block",
    metadata,
    sa.Column("ledger", sa.Integer, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("timestamp", sa.BigInteger, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    postgresql_partition_by="LIST (ledger)",
)
"""Blocks of the smart chain; the uint64 timestamp is kept in two's complement."""

subtree = sa.Table(
    "subtree",
    metadata,
    sa.Column("ledger", sa.Integer, primary_key=True),
    sa.Column("level", sa.Integer, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    postgresql_partition_by="LIST (ledger)",
)
"""Roots of perfect subtrees of the Merkle log."""

host_block = sa.Table(
    "host_block",
    metadata,
    sa.Column("ledger", sa.Integer, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("checksum", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sqlite_with_rowid=False,
    postgresql_partition_by="LIST (ledger)",
)
"""Host blocks that hold entries or end a step; `size` is how many entries stand up to its end."""

host_block_by_size = sa.Index("host_block_by_size", host_block.c.ledger, host_block.c.size, host_block.c.number)

posting = sa.Table(
    "posting",
    metadata,
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
"""Lookup: the entries in which an address has a part, and running totals, see `postings`; up to `lookup_size`."""

mark = sa.Table(
    "mark",
    metadata,
    sa.Column("ledger", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Integer, primary_key=True),
    sa.Column("part", sa.BigInteger, primary_key=True),
    sa.Column("marks", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    postgresql_partition_by="LIST (ledger)",
)
"""Lookup: where in the entries, or the blocks, a name may be, see `marks`; of every whole part."""

name = sa.Table(
    "name",
    metadata,
    sa.Column("ledger", sa.Integer, primary_key=True),
    sa.Column("hash", sa.LargeBinary, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sqlite_with_rowid=False,
    postgresql_partition_by="LIST (ledger)",
)
"""Lookup: entries by the first bytes of a hash of theirs, see `names`; up to `lookup_size`."""

note = sa.Table(
    "note",
    metadata,
    sa.Column("ledger", sa.Integer, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    postgresql_partition_by="LIST (ledger)",
)
"""What the entries of a journal are the hashes of."""

checksum = sa.Table(
    "checksum",
    metadata,
    sa.Column("ledger", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Integer, primary_key=True),
    sa.Column("part", sa.BigInteger, primary_key=True),
    sa.Column("checksum", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
    postgresql_partition_by="LIST (ledger)",
)
"""Of what no hash commits to, see `checksums`."""

peer = sa.Table(
    "peer",
    metadata,
    sa.Column("url", sa.String, primary_key=True),
    sa.Column("added_at", sa.BigInteger, nullable=False),
    sa.Column("note", sa.String, nullable=False, server_default=sa.text("''")),
)
"""Other nodes that this one was told of."""


def ddl(dialect: sa.Dialect) -> str:
    """What `schema.sql` holds."""
    statements: list[CreateTable | CreateIndex] = []
    for table in metadata.sorted_tables:
        statements.append(CreateTable(table))
        statements += [CreateIndex(index) for index in table.indexes]
    compiled = (str(statement.compile(dialect=dialect)).strip() for statement in statements)
    tidy = (
        statement.replace("\t", "    ")
        .replace(" \n", "\n")
        .replace("\n WITHOUT", " WITHOUT")
        .replace("\n PARTITION", " PARTITION")
        for statement in compiled
    )
    return ";\n\n".join([*tidy, ENTRY_FIELDS.strip()]) + ";\n"


if __name__ == "__main__":
    print(ddl(POSTGRESQL if "postgresql" in sys.argv else SQLITE), end="")  # noqa: T201

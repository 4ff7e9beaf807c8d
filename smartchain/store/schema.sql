CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE block (
    ledger INTEGER NOT NULL,
    number BIGINT NOT NULL,
    hash BLOB NOT NULL,
    timestamp BIGINT NOT NULL,
    size BIGINT NOT NULL,
    root BLOB NOT NULL,
    PRIMARY KEY (ledger, number)
) WITHOUT ROWID;

CREATE TABLE checksum (
    ledger INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    part BIGINT NOT NULL,
    checksum BIGINT NOT NULL,
    PRIMARY KEY (ledger, kind, part)
) WITHOUT ROWID;

CREATE TABLE entry (
    ledger INTEGER NOT NULL,
    position BIGINT NOT NULL,
    packed BLOB NOT NULL,
    tx_hash BLOB NOT NULL,
    PRIMARY KEY (ledger, position)
) WITHOUT ROWID;

CREATE TABLE host_block (
    ledger INTEGER NOT NULL,
    number BIGINT NOT NULL,
    hash BLOB NOT NULL,
    size BIGINT NOT NULL,
    checksum BIGINT DEFAULT 0 NOT NULL,
    PRIMARY KEY (ledger, number)
) WITHOUT ROWID;

CREATE INDEX host_block_by_size ON host_block (ledger, size, number);

CREATE TABLE ledger (
    id INTEGER NOT NULL,
    chain_id BIGINT NOT NULL,
    address BLOB NOT NULL,
    max_entries BIGINT NOT NULL,
    interval BIGINT NOT NULL,
    genesis_size BIGINT NOT NULL,
    genesis_root BLOB NOT NULL,
    genesis_timestamp BIGINT NOT NULL,
    deployed_at BIGINT NOT NULL,
    fee_ppm BIGINT NOT NULL,
    size BIGINT DEFAULT 0 NOT NULL,
    blocks BIGINT DEFAULT 0 NOT NULL,
    cursor_number BIGINT,
    cursor_hash BLOB,
    cursor_timestamp BIGINT,
    verified_size BIGINT DEFAULT 0 NOT NULL,
    verified_blocks BIGINT DEFAULT 0 NOT NULL,
    verified_number BIGINT,
    verified_hash BLOB,
    verified_timestamp BIGINT,
    lookup_size BIGINT DEFAULT 0 NOT NULL,
    safe_number BIGINT,
    safe_hash BLOB,
    safe_timestamp BIGINT,
    finalized_number BIGINT,
    finalized_hash BLOB,
    finalized_timestamp BIGINT,
    PRIMARY KEY (id),
    CONSTRAINT ledger_identity UNIQUE (chain_id, address)
);

CREATE TABLE mark (
    ledger INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    part BIGINT NOT NULL,
    marks BLOB NOT NULL,
    PRIMARY KEY (ledger, kind, part)
) WITHOUT ROWID;

CREATE TABLE name (
    ledger INTEGER NOT NULL,
    hash BLOB NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (ledger, hash, position)
) WITHOUT ROWID;

CREATE TABLE note (
    ledger INTEGER NOT NULL,
    position BIGINT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (ledger, position)
) WITHOUT ROWID;

CREATE TABLE peer (
    url VARCHAR NOT NULL,
    added_at BIGINT NOT NULL,
    note VARCHAR DEFAULT '' NOT NULL,
    PRIMARY KEY (url)
);

CREATE TABLE posting (
    ledger INTEGER NOT NULL,
    address BLOB NOT NULL,
    first BIGINT NOT NULL,
    refs BLOB NOT NULL,
    entries BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    totals BLOB NOT NULL,
    PRIMARY KEY (ledger, address, first)
) WITHOUT ROWID;

CREATE TABLE subtree (
    ledger INTEGER NOT NULL,
    level INTEGER NOT NULL,
    position BIGINT NOT NULL,
    root BLOB NOT NULL,
    PRIMARY KEY (ledger, level, position)
) WITHOUT ROWID;

CREATE VIEW entry_fields AS
SELECT ledger, position, substr(packed, 1, 20) AS subject, substr(packed, 21, 20) AS sender,
    substr(packed, 41, 20) AS recipient, substr(packed, 61, 32) AS value, substr(packed, 93, 8) AS timestamp,
    substr(packed, 101) AS memo, packed, tx_hash
FROM entry;

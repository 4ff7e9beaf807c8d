CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE block (
    ledger INTEGER NOT NULL,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    timestamp BIGINT NOT NULL,
    size BIGINT NOT NULL,
    root BYTEA NOT NULL,
    PRIMARY KEY (ledger, number)
) PARTITION BY LIST (ledger);

CREATE TABLE checksum (
    ledger INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    part BIGINT NOT NULL,
    checksum BIGINT NOT NULL,
    PRIMARY KEY (ledger, kind, part)
) PARTITION BY LIST (ledger);

CREATE TABLE entry (
    ledger INTEGER NOT NULL,
    position BIGINT NOT NULL,
    packed BYTEA NOT NULL,
    tx_hash BYTEA NOT NULL,
    PRIMARY KEY (ledger, position)
) PARTITION BY LIST (ledger);

CREATE TABLE host_block (
    ledger INTEGER NOT NULL,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    size BIGINT NOT NULL,
    checksum BIGINT DEFAULT 0 NOT NULL,
    PRIMARY KEY (ledger, number)
) PARTITION BY LIST (ledger);

CREATE INDEX host_block_by_size ON host_block (ledger, size, number);

CREATE TABLE ledger (
    id INTEGER NOT NULL,
    chain_id BIGINT NOT NULL,
    address BYTEA NOT NULL,
    max_entries BIGINT NOT NULL,
    interval BIGINT NOT NULL,
    genesis_size BIGINT NOT NULL,
    genesis_root BYTEA NOT NULL,
    genesis_timestamp BIGINT NOT NULL,
    deployed_at BIGINT NOT NULL,
    fee_ppm BIGINT NOT NULL,
    size BIGINT DEFAULT 0 NOT NULL,
    blocks BIGINT DEFAULT 0 NOT NULL,
    cursor_number BIGINT,
    cursor_hash BYTEA,
    cursor_timestamp BIGINT,
    verified_size BIGINT DEFAULT 0 NOT NULL,
    verified_blocks BIGINT DEFAULT 0 NOT NULL,
    verified_number BIGINT,
    verified_hash BYTEA,
    verified_timestamp BIGINT,
    lookup_size BIGINT DEFAULT 0 NOT NULL,
    safe_number BIGINT,
    safe_hash BYTEA,
    safe_timestamp BIGINT,
    finalized_number BIGINT,
    finalized_hash BYTEA,
    finalized_timestamp BIGINT,
    PRIMARY KEY (id),
    CONSTRAINT ledger_identity UNIQUE (chain_id, address)
);

CREATE TABLE mark (
    ledger INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    part BIGINT NOT NULL,
    marks BYTEA NOT NULL,
    PRIMARY KEY (ledger, kind, part)
) PARTITION BY LIST (ledger);

CREATE TABLE name (
    ledger INTEGER NOT NULL,
    hash BYTEA NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (ledger, hash, position)
) PARTITION BY LIST (ledger);

CREATE TABLE note (
    ledger INTEGER NOT NULL,
    position BIGINT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (ledger, position)
) PARTITION BY LIST (ledger);

CREATE TABLE peer (
    url VARCHAR NOT NULL,
    added_at BIGINT NOT NULL,
    note VARCHAR DEFAULT '' NOT NULL,
    PRIMARY KEY (url)
);

CREATE TABLE posting (
    ledger INTEGER NOT NULL,
    address BYTEA NOT NULL,
    first BIGINT NOT NULL,
    refs BYTEA NOT NULL,
    entries BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    totals BYTEA NOT NULL,
    PRIMARY KEY (ledger, address, first)
) PARTITION BY LIST (ledger);

CREATE TABLE subtree (
    ledger INTEGER NOT NULL,
    level INTEGER NOT NULL,
    position BIGINT NOT NULL,
    root BYTEA NOT NULL,
    PRIMARY KEY (ledger, level, position)
) PARTITION BY LIST (ledger);

CREATE VIEW entry_fields AS
SELECT ledger, position, substr(packed, 1, 20) AS subject, substr(packed, 21, 20) AS sender,
    substr(packed, 41, 20) AS recipient, substr(packed, 61, 32) AS value, substr(packed, 93, 8) AS timestamp,
    substr(packed, 101) AS memo, packed, tx_hash
FROM entry;

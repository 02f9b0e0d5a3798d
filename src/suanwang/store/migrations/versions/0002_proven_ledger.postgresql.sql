CREATE TABLE closings (
    month TEXT NOT NULL,
    until_at BIGINT NOT NULL,
    closed_at BIGINT NOT NULL,
    CONSTRAINT pk_closings PRIMARY KEY (month)
);
CREATE INDEX ix_closings_until_at ON closings (until_at);
CREATE TABLE log_heads (
    seq BIGSERIAL NOT NULL,
    size BIGINT NOT NULL,
    at BIGINT NOT NULL,
    note TEXT NOT NULL,
    CONSTRAINT pk_log_heads PRIMARY KEY (seq)
);
CREATE INDEX ix_log_heads_size ON log_heads (size);
CREATE TABLE log_segments (
    first_leaf BIGINT NOT NULL,
    leaves BIGINT NOT NULL,
    source TEXT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    salts BYTEA NOT NULL,
    CONSTRAINT pk_log_segments PRIMARY KEY (first_leaf)
);
CREATE INDEX ix_log_segments_source_first_seq ON log_segments (source, first_seq);
CREATE TABLE log_tiles (
    level BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    CONSTRAINT pk_log_tiles PRIMARY KEY (level, number)
);
CREATE TABLE log_witnesses (
    name TEXT NOT NULL,
    vkey TEXT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_log_witnesses PRIMARY KEY (name)
);
CREATE TABLE market_days (
    day TEXT NOT NULL,
    state TEXT NOT NULL,
    preliminary_at BIGINT,
    final_at BIGINT,
    resettled_at BIGINT,
    closed_at BIGINT,
    CONSTRAINT pk_market_days PRIMARY KEY (day)
);
CREATE TABLE evidence (
    seq BIGSERIAL NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    organisation_id TEXT,
    record TEXT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_evidence PRIMARY KEY (seq),
    CONSTRAINT fk_evidence_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_evidence_organisation_id_seq ON evidence (organisation_id, seq);
CREATE UNIQUE INDEX uq_evidence_kind_id ON evidence (kind, id);
ALTER TABLE transfers ADD COLUMN chain_id TEXT;
ALTER TABLE transfers ADD COLUMN chain_place BIGINT;
ALTER TABLE transfers ADD COLUMN chain_size BIGINT;
ALTER TABLE transfers ADD COLUMN reverses TEXT;
ALTER TABLE transfers ADD COLUMN day TEXT;
CREATE INDEX ix_transfers_reverses ON transfers (reverses) WHERE reverses IS NOT NULL;
CREATE UNIQUE INDEX uq_transfers_chain_id_chain_place ON transfers (chain_id, chain_place) WHERE chain_id IS NOT NULL;

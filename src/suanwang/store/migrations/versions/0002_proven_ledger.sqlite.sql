CREATE TABLE closings (
    month TEXT NOT NULL,
    until_at INTEGER NOT NULL,
    closed_at INTEGER NOT NULL,
    CONSTRAINT pk_closings PRIMARY KEY (month)
) STRICT;
CREATE INDEX ix_closings_until_at ON closings (until_at);
CREATE TABLE log_heads (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    size INTEGER NOT NULL,
    at INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT;
CREATE INDEX ix_log_heads_size ON log_heads (size);
CREATE TABLE log_segments (
    first_leaf INTEGER NOT NULL,
    leaves INTEGER NOT NULL,
    source TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    salts BLOB NOT NULL,
    CONSTRAINT pk_log_segments PRIMARY KEY (first_leaf)
) STRICT;
CREATE INDEX ix_log_segments_source_first_seq ON log_segments (source, first_seq);
CREATE TABLE log_tiles (
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    CONSTRAINT pk_log_tiles PRIMARY KEY (level, number)
) STRICT;
CREATE TABLE log_witnesses (
    name TEXT NOT NULL,
    vkey TEXT NOT NULL,
    at INTEGER NOT NULL,
    CONSTRAINT pk_log_witnesses PRIMARY KEY (name)
) STRICT;
CREATE TABLE market_days (
    day TEXT NOT NULL,
    state TEXT NOT NULL,
    preliminary_at INTEGER,
    final_at INTEGER,
    resettled_at INTEGER,
    closed_at INTEGER,
    CONSTRAINT pk_market_days PRIMARY KEY (day)
) STRICT;
CREATE TABLE evidence (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    organisation_id TEXT,
    record TEXT NOT NULL,
    at INTEGER NOT NULL,
    CONSTRAINT fk_evidence_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE INDEX ix_evidence_organisation_id_seq ON evidence (organisation_id, seq);
CREATE UNIQUE INDEX uq_evidence_kind_id ON evidence (kind, id);
CREATE TABLE voucher_parties (
    organisation_id TEXT NOT NULL,
    facts TEXT NOT NULL,
    changes INTEGER DEFAULT '1' NOT NULL,
    at INTEGER NOT NULL,
    CONSTRAINT pk_voucher_parties PRIMARY KEY (organisation_id),
    CONSTRAINT fk_voucher_parties_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE TABLE voucher_programmes (
    id TEXT NOT NULL,
    organisation_id TEXT,
    rules TEXT NOT NULL,
    changes INTEGER DEFAULT '0' NOT NULL,
    pool_units INTEGER DEFAULT '0' NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT pk_voucher_programmes PRIMARY KEY (id),
    CONSTRAINT fk_voucher_programmes_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
ALTER TABLE transfers ADD COLUMN chain_id TEXT;
ALTER TABLE transfers ADD COLUMN chain_place INTEGER;
ALTER TABLE transfers ADD COLUMN chain_size INTEGER;
ALTER TABLE transfers ADD COLUMN reverses TEXT;
ALTER TABLE transfers ADD COLUMN day TEXT;
CREATE INDEX ix_transfers_reverses ON transfers (reverses) WHERE reverses IS NOT NULL;
CREATE UNIQUE INDEX uq_transfers_chain_id_chain_place ON transfers (chain_id, chain_place) WHERE chain_id IS NOT NULL;
CREATE TABLE voucher_claims (
    id TEXT NOT NULL,
    programme_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    supplier_id TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    contract_key TEXT,
    side TEXT NOT NULL,
    year INTEGER NOT NULL,
    state TEXT NOT NULL,
    base_units INTEGER NOT NULL,
    amount_units INTEGER NOT NULL,
    bill_id TEXT,
    body TEXT NOT NULL,
    changes INTEGER DEFAULT '1' NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT pk_voucher_claims PRIMARY KEY (id),
    CONSTRAINT fk_voucher_claims_programme_id FOREIGN KEY(programme_id) REFERENCES voucher_programmes (id),
    CONSTRAINT fk_voucher_claims_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_voucher_claims_supplier_id FOREIGN KEY(supplier_id) REFERENCES organisations (id)
) STRICT;
CREATE INDEX ix_voucher_claims_contract_id ON voucher_claims (programme_id, contract_id);
CREATE INDEX ix_voucher_claims_created_at ON voucher_claims (programme_id, created_at);
CREATE INDEX ix_voucher_claims_firm ON voucher_claims (programme_id, organisation_id, year);
CREATE UNIQUE INDEX uq_voucher_claims_contract ON voucher_claims (programme_id, contract_key) WHERE contract_key IS NOT NULL AND state NOT IN ('rejected', 'expired');
CREATE TABLE voucher_grants (
    id TEXT NOT NULL,
    programme_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    amount_units INTEGER NOT NULL,
    spent_units INTEGER DEFAULT '0' NOT NULL,
    lapsed_units INTEGER DEFAULT '0' NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CONSTRAINT pk_voucher_grants PRIMARY KEY (id),
    CONSTRAINT ck_voucher_grants_spent CHECK (spent_units + lapsed_units <= amount_units),
    CONSTRAINT fk_voucher_grants_programme_id FOREIGN KEY(programme_id) REFERENCES voucher_programmes (id),
    CONSTRAINT fk_voucher_grants_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE INDEX ix_voucher_grants_expires_at ON voucher_grants (expires_at);
CREATE INDEX ix_voucher_grants_organisation_id ON voucher_grants (organisation_id, programme_id, expires_at);
CREATE INDEX ix_voucher_grants_programme_id ON voucher_grants (programme_id);

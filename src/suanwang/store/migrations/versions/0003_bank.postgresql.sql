CREATE TABLE payout_batches (
    id TEXT NOT NULL,
    day TEXT NOT NULL,
    cut_off_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    file_sha256 TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    payouts BIGINT NOT NULL,
    total_units BIGINT NOT NULL,
    hands TEXT NOT NULL,
    left_out TEXT NOT NULL,
    reason TEXT,
    changes BIGINT DEFAULT '1' NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT pk_payout_batches PRIMARY KEY (id)
);
CREATE TABLE bank_lines (
    id TEXT NOT NULL,
    reference TEXT NOT NULL,
    bank_account TEXT NOT NULL,
    bank_line_id TEXT NOT NULL,
    day TEXT NOT NULL,
    amount_units BIGINT NOT NULL,
    counterparty TEXT NOT NULL,
    counterparty_account TEXT NOT NULL,
    text TEXT NOT NULL,
    text_key TEXT NOT NULL,
    balance_units BIGINT,
    fingerprint TEXT NOT NULL,
    file_sha256 TEXT NOT NULL,
    place BIGINT NOT NULL,
    state TEXT NOT NULL,
    doubt TEXT,
    target_kind TEXT,
    target_id TEXT,
    organisation_id TEXT,
    reason TEXT,
    transfer_id TEXT,
    moved_id TEXT,
    changes BIGINT DEFAULT '1' NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT pk_bank_lines PRIMARY KEY (id),
    CONSTRAINT uq_bank_lines_reference UNIQUE (reference),
    CONSTRAINT fk_bank_lines_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_bank_lines_bank_line_id ON bank_lines (bank_line_id);
CREATE INDEX ix_bank_lines_open ON bank_lines (id) WHERE state IN ('suspense', 'returning', 'unbooked');
CREATE INDEX ix_bank_lines_text_key ON bank_lines (text_key);
CREATE UNIQUE INDEX uq_bank_lines_bank_line_id ON bank_lines (bank_account, bank_line_id);
CREATE UNIQUE INDEX uq_bank_lines_place ON bank_lines (bank_account, place);
CREATE TABLE payout_accounts (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    bank TEXT NOT NULL,
    number_masked TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    salt TEXT NOT NULL,
    number_sha256 TEXT NOT NULL,
    usable_at BIGINT NOT NULL,
    changes BIGINT DEFAULT '1' NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT pk_payout_accounts PRIMARY KEY (id),
    CONSTRAINT fk_payout_accounts_id FOREIGN KEY(id) REFERENCES organisations (id)
);
CREATE TABLE top_ups (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    reference_key TEXT NOT NULL,
    amount_units BIGINT NOT NULL,
    bank_line_id TEXT,
    at BIGINT NOT NULL,
    CONSTRAINT pk_top_ups PRIMARY KEY (id),
    CONSTRAINT fk_top_ups_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_top_ups_bank_line_id FOREIGN KEY(bank_line_id) REFERENCES bank_lines (id)
);
CREATE INDEX ix_top_ups_open ON top_ups (at) WHERE bank_line_id IS NULL;
CREATE INDEX ix_top_ups_reference_key ON top_ups (reference_key);
CREATE TABLE payouts (
    id TEXT NOT NULL,
    reference TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    source TEXT NOT NULL,
    amount_units BIGINT NOT NULL,
    state TEXT NOT NULL,
    hold_id TEXT NOT NULL,
    batch_id TEXT,
    account_masked TEXT,
    transfer_id TEXT,
    return_id TEXT,
    reason TEXT,
    changes BIGINT DEFAULT '1' NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT pk_payouts PRIMARY KEY (id),
    CONSTRAINT uq_payouts_reference UNIQUE (reference),
    CONSTRAINT fk_payouts_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_payouts_hold_id FOREIGN KEY(hold_id) REFERENCES holds (id),
    CONSTRAINT fk_payouts_batch_id FOREIGN KEY(batch_id) REFERENCES payout_batches (id)
);
CREATE INDEX ix_payouts_batch_id ON payouts (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX ix_payouts_organisation_id ON payouts (organisation_id, id);
CREATE INDEX ix_payouts_state ON payouts (state, created_at);
INSERT INTO top_ups (id, organisation_id, reference_key, amount_units, at)
SELECT t.id, a.organisation_id,
  UPPER(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(CAST(t.memo AS json)->>'reference', ' ', ''), '-', ''), '_', ''), '.', ''), ',', ''), '/', ''), ':', '')), t.amount_units, t.at
FROM transfers t JOIN accounts a ON a.id = t.credit_id
WHERE t.memo IS NOT NULL AND CAST(t.memo AS json)->>'what' = 'top-up';

CREATE TABLE document_numbers (
    series TEXT NOT NULL,
    last INTEGER NOT NULL,
    CONSTRAINT pk_document_numbers PRIMARY KEY (series)
) STRICT;
CREATE TABLE invoices (
    id TEXT NOT NULL,
    number TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    month TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT pk_invoices PRIMARY KEY (id),
    CONSTRAINT uq_invoices_number UNIQUE (number),
    CONSTRAINT fk_invoices_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE UNIQUE INDEX uq_invoices_organisation_id_month ON invoices (organisation_id, month);
CREATE TABLE credit_notes (
    id TEXT NOT NULL,
    number TEXT NOT NULL,
    dispute_id TEXT,
    job_id TEXT NOT NULL,
    bill_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    amount_units INTEGER NOT NULL,
    total_units INTEGER NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT pk_credit_notes PRIMARY KEY (id),
    CONSTRAINT uq_credit_notes_number UNIQUE (number),
    CONSTRAINT fk_credit_notes_job_id FOREIGN KEY(job_id) REFERENCES jobs (id),
    CONSTRAINT fk_credit_notes_bill_id FOREIGN KEY(bill_id) REFERENCES bills (id),
    CONSTRAINT fk_credit_notes_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_credit_notes_seller_id FOREIGN KEY(seller_id) REFERENCES organisations (id)
) STRICT;
CREATE INDEX ix_credit_notes_bill_id ON credit_notes (bill_id);
CREATE INDEX ix_credit_notes_created_at ON credit_notes (created_at);
CREATE INDEX ix_credit_notes_organisation_id ON credit_notes (organisation_id, created_at);
CREATE INDEX ix_credit_notes_seller_id ON credit_notes (seller_id, created_at);
CREATE TABLE disputes (
    id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    bill_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    amount_units INTEGER NOT NULL,
    due_at INTEGER,
    body TEXT NOT NULL,
    changes INTEGER DEFAULT '1' NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT pk_disputes PRIMARY KEY (id),
    CONSTRAINT fk_disputes_job_id FOREIGN KEY(job_id) REFERENCES jobs (id),
    CONSTRAINT fk_disputes_bill_id FOREIGN KEY(bill_id) REFERENCES bills (id),
    CONSTRAINT fk_disputes_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_disputes_seller_id FOREIGN KEY(seller_id) REFERENCES organisations (id)
) STRICT;
CREATE INDEX ix_disputes_bill_id ON disputes (bill_id);
CREATE INDEX ix_disputes_due_at ON disputes (due_at) WHERE state IN ('opened', 'contested');
CREATE INDEX ix_disputes_organisation_id ON disputes (organisation_id, id);
CREATE INDEX ix_disputes_seller_id ON disputes (seller_id, id);
CREATE TABLE freezes (
    id TEXT NOT NULL,
    dispute_id TEXT,
    credit_note_id TEXT,
    bill_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    role TEXT NOT NULL,
    account_id TEXT NOT NULL,
    account_name TEXT NOT NULL,
    wanted_units INTEGER NOT NULL,
    units INTEGER NOT NULL,
    state TEXT NOT NULL,
    CONSTRAINT pk_freezes PRIMARY KEY (id),
    CONSTRAINT ck_freezes_units CHECK (units <= wanted_units),
    CONSTRAINT fk_freezes_bill_id FOREIGN KEY(bill_id) REFERENCES bills (id),
    CONSTRAINT fk_freezes_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_freezes_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
) STRICT;
CREATE INDEX ix_freezes_bill_id ON freezes (bill_id);
CREATE INDEX ix_freezes_dispute_id ON freezes (dispute_id);

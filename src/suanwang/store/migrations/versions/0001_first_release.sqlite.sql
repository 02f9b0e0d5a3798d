CREATE TABLE idempotency (
    key_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER,
    body BLOB,
    content_type TEXT,
    created_at INTEGER NOT NULL,
    CONSTRAINT pk_idempotency PRIMARY KEY (key_id, idempotency_key)
) STRICT;
CREATE INDEX ix_idempotency_created_at ON idempotency (created_at);
CREATE TABLE leaders (
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CONSTRAINT pk_leaders PRIMARY KEY (name)
) STRICT;
CREATE TABLE operator_records (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    action TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE TABLE organisations (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT pk_organisations PRIMARY KEY (id)
) STRICT;
CREATE INDEX ix_organisations_created_at_id ON organisations (created_at, id);
CREATE TABLE rounds (
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    CONSTRAINT pk_rounds PRIMARY KEY (id)
) STRICT;
CREATE INDEX ix_rounds_at ON rounds (at);
CREATE TABLE accounts (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    asset TEXT NOT NULL,
    scale INTEGER NOT NULL,
    floor_units INTEGER,
    balance_units INTEGER DEFAULT '0' NOT NULL,
    held_units INTEGER DEFAULT '0' NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT pk_accounts PRIMARY KEY (id),
    CONSTRAINT ck_accounts_floor CHECK (floor_units IS NULL OR balance_units - held_units >= floor_units),
    CONSTRAINT ck_accounts_held CHECK (held_units >= 0),
    CONSTRAINT fk_accounts_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE UNIQUE INDEX uq_accounts_owner ON accounts (organisation_id, name, asset);
CREATE TABLE blobs (
    sha256 TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT pk_blobs PRIMARY KEY (sha256, organisation_id),
    CONSTRAINT fk_blobs_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE TABLE centres (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    zone TEXT NOT NULL,
    city TEXT NOT NULL,
    province TEXT NOT NULL,
    public_key TEXT,
    facts TEXT NOT NULL,
    state TEXT NOT NULL,
    last_seen_at INTEGER,
    created_at INTEGER NOT NULL,
    CONSTRAINT pk_centres PRIMARY KEY (id),
    CONSTRAINT fk_centres_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE INDEX ix_centres_created_at_id ON centres (created_at, id);
CREATE INDEX ix_centres_organisation_id ON centres (organisation_id);
CREATE TABLE members (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    CONSTRAINT pk_members PRIMARY KEY (id),
    CONSTRAINT fk_members_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE INDEX ix_members_organisation_id ON members (organisation_id);
CREATE TABLE outbox (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    seq INTEGER,
    organisation_id TEXT,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    at INTEGER NOT NULL,
    CONSTRAINT uq_outbox_id UNIQUE (id),
    CONSTRAINT uq_outbox_seq UNIQUE (seq),
    CONSTRAINT fk_outbox_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE INDEX ix_outbox_organisation_id_seq ON outbox (organisation_id, seq);
CREATE INDEX ix_outbox_unpublished ON outbox (number) WHERE seq IS NULL;
CREATE TABLE projects (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT pk_projects PRIMARY KEY (id),
    CONSTRAINT fk_projects_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE UNIQUE INDEX uq_projects_organisation_id_name ON projects (organisation_id, name);
CREATE TABLE secrets (
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT pk_secrets PRIMARY KEY (organisation_id, name),
    CONSTRAINT fk_secrets_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE TABLE settlements (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    day TEXT NOT NULL,
    amount_units INTEGER NOT NULL,
    at INTEGER NOT NULL,
    CONSTRAINT pk_settlements PRIMARY KEY (id),
    CONSTRAINT fk_settlements_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE INDEX ix_settlements_organisation_id_day ON settlements (organisation_id, day);
CREATE TABLE webhooks (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    kinds TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT pk_webhooks PRIMARY KEY (id),
    CONSTRAINT fk_webhooks_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE INDEX ix_webhooks_organisation_id ON webhooks (organisation_id);
CREATE TABLE deliveries (
    webhook_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    attempt INTEGER DEFAULT '0' NOT NULL,
    next_try_at INTEGER,
    state TEXT NOT NULL,
    status INTEGER,
    lock_token TEXT,
    lock_until INTEGER,
    CONSTRAINT pk_deliveries PRIMARY KEY (webhook_id, event_id),
    CONSTRAINT fk_deliveries_webhook_id FOREIGN KEY(webhook_id) REFERENCES webhooks (id)
) STRICT;
CREATE INDEX ix_deliveries_state_next_try_at ON deliveries (state, next_try_at);
CREATE TABLE holds (
    id TEXT NOT NULL,
    debit_id TEXT NOT NULL,
    credit_id TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount_units INTEGER NOT NULL,
    posted_units INTEGER DEFAULT '0' NOT NULL,
    state TEXT NOT NULL,
    expires_at INTEGER,
    CONSTRAINT pk_holds PRIMARY KEY (id),
    CONSTRAINT fk_holds_debit_id FOREIGN KEY(debit_id) REFERENCES accounts (id),
    CONSTRAINT fk_holds_credit_id FOREIGN KEY(credit_id) REFERENCES accounts (id)
) STRICT;
CREATE INDEX ix_holds_debit_id_open ON holds (debit_id) WHERE state = 'open';
CREATE INDEX ix_holds_open ON holds (expires_at) WHERE state = 'open';
CREATE TABLE jobs (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    project_id TEXT,
    member_id TEXT,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    spec TEXT NOT NULL,
    state TEXT NOT NULL,
    array_id TEXT,
    array_index INTEGER,
    array_count INTEGER,
    "after" TEXT,
    waits INTEGER DEFAULT '0' NOT NULL,
    accept INTEGER DEFAULT '0' NOT NULL,
    accepted_at INTEGER,
    quote_expires_at INTEGER,
    limit_units INTEGER,
    hold_id TEXT,
    round_id TEXT,
    centre_id TEXT,
    pool_id TEXT,
    cards INTEGER,
    start_at INTEGER,
    end_at INTEGER,
    price_units INTEGER,
    terms TEXT,
    token INTEGER DEFAULT '0' NOT NULL,
    attempt INTEGER DEFAULT '0' NOT NULL,
    not_centres TEXT,
    cancel_at INTEGER,
    exit_code INTEGER,
    reason_code TEXT,
    reason TEXT,
    deadline_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    finished_at INTEGER,
    charge_units INTEGER,
    usage TEXT,
    lock_token TEXT,
    lock_until INTEGER,
    next_try_at INTEGER,
    CONSTRAINT pk_jobs PRIMARY KEY (id),
    CONSTRAINT fk_jobs_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_jobs_project_id FOREIGN KEY(project_id) REFERENCES projects (id),
    CONSTRAINT fk_jobs_member_id FOREIGN KEY(member_id) REFERENCES members (id)
) STRICT;
CREATE INDEX ix_jobs_array_id ON jobs (array_id) WHERE array_id IS NOT NULL;
CREATE INDEX ix_jobs_centre_id_state ON jobs (centre_id, state);
CREATE INDEX ix_jobs_lock_token ON jobs (lock_token) WHERE lock_token IS NOT NULL;
CREATE INDEX ix_jobs_organisation_id_created_at_id ON jobs (organisation_id, created_at, id);
CREATE INDEX ix_jobs_organisation_id_name ON jobs (organisation_id, name);
CREATE INDEX ix_jobs_state_next_try_at_id ON jobs (state, next_try_at, id);
CREATE INDEX ix_jobs_waits ON jobs (id) WHERE waits = 1;
CREATE TABLE keys (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    project_id TEXT,
    member_id TEXT,
    centre_id TEXT,
    role TEXT NOT NULL,
    hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    CONSTRAINT pk_keys PRIMARY KEY (id),
    CONSTRAINT fk_keys_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_keys_project_id FOREIGN KEY(project_id) REFERENCES projects (id),
    CONSTRAINT fk_keys_member_id FOREIGN KEY(member_id) REFERENCES members (id),
    CONSTRAINT fk_keys_centre_id FOREIGN KEY(centre_id) REFERENCES centres (id)
) STRICT;
CREATE INDEX ix_keys_organisation_id ON keys (organisation_id);
CREATE TABLE pools (
    id TEXT NOT NULL,
    centre_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    chip TEXT NOT NULL,
    facts TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT pk_pools PRIMARY KEY (id),
    CONSTRAINT fk_pools_centre_id FOREIGN KEY(centre_id) REFERENCES centres (id),
    CONSTRAINT fk_pools_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE UNIQUE INDEX uq_pools_centre_id_name ON pools (centre_id, name);
CREATE TABLE transfers (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    debit_id TEXT NOT NULL,
    credit_id TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount_units INTEGER NOT NULL,
    pending_id TEXT,
    expires_at INTEGER,
    group_id TEXT,
    memo TEXT,
    fingerprint TEXT NOT NULL,
    at INTEGER NOT NULL,
    CONSTRAINT ck_transfers_amount CHECK (amount_units >= 0),
    CONSTRAINT uq_transfers_id UNIQUE (id),
    CONSTRAINT fk_transfers_debit_id FOREIGN KEY(debit_id) REFERENCES accounts (id),
    CONSTRAINT fk_transfers_credit_id FOREIGN KEY(credit_id) REFERENCES accounts (id)
) STRICT;
CREATE INDEX ix_transfers_credit_id_seq ON transfers (credit_id, seq);
CREATE INDEX ix_transfers_debit_id_seq ON transfers (debit_id, seq);
CREATE INDEX ix_transfers_group_id ON transfers (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX ix_transfers_pending_id ON transfers (pending_id) WHERE pending_id IS NOT NULL;
CREATE TABLE bills (
    id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    provider_id TEXT,
    lines TEXT NOT NULL,
    total_units INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    settled_at INTEGER,
    CONSTRAINT pk_bills PRIMARY KEY (id),
    CONSTRAINT fk_bills_job_id FOREIGN KEY(job_id) REFERENCES jobs (id),
    CONSTRAINT fk_bills_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_bills_provider_id FOREIGN KEY(provider_id) REFERENCES organisations (id)
) STRICT;
CREATE INDEX ix_bills_organisation_id_created_at ON bills (organisation_id, created_at);
CREATE INDEX ix_bills_provider_id_created_at ON bills (provider_id, created_at);
CREATE INDEX ix_bills_unsettled ON bills (created_at) WHERE settled_at IS NULL;
CREATE UNIQUE INDEX uq_bills_job_id ON bills (job_id);
CREATE TABLE leases (
    id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    centre_id TEXT NOT NULL,
    pool_id TEXT NOT NULL,
    token INTEGER NOT NULL,
    state TEXT NOT NULL,
    taken_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    CONSTRAINT pk_leases PRIMARY KEY (id),
    CONSTRAINT fk_leases_job_id FOREIGN KEY(job_id) REFERENCES jobs (id),
    CONSTRAINT fk_leases_centre_id FOREIGN KEY(centre_id) REFERENCES centres (id),
    CONSTRAINT fk_leases_pool_id FOREIGN KEY(pool_id) REFERENCES pools (id)
) STRICT;
CREATE INDEX ix_leases_centre_id_live ON leases (centre_id) WHERE state = 'live';
CREATE INDEX ix_leases_expires_at_live ON leases (expires_at) WHERE state = 'live';
CREATE UNIQUE INDEX uq_leases_job_id_live ON leases (job_id) WHERE state = 'live';
CREATE UNIQUE INDEX uq_leases_job_id_token ON leases (job_id, token);
CREATE TABLE logs (
    job_id TEXT NOT NULL,
    token INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    stream TEXT NOT NULL,
    text TEXT NOT NULL,
    CONSTRAINT pk_logs PRIMARY KEY (job_id, token, seq),
    CONSTRAINT fk_logs_job_id FOREIGN KEY(job_id) REFERENCES jobs (id)
) STRICT;
CREATE TABLE outputs (
    job_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    location TEXT,
    sha256 TEXT,
    bytes INTEGER,
    at INTEGER NOT NULL,
    CONSTRAINT pk_outputs PRIMARY KEY (job_id, name),
    CONSTRAINT fk_outputs_job_id FOREIGN KEY(job_id) REFERENCES jobs (id)
) STRICT;
CREATE TABLE quotes (
    job_id TEXT NOT NULL,
    options TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CONSTRAINT pk_quotes PRIMARY KEY (job_id),
    CONSTRAINT fk_quotes_job_id FOREIGN KEY(job_id) REFERENCES jobs (id)
) STRICT;
CREATE TABLE reservations (
    job_id TEXT NOT NULL,
    pool_id TEXT NOT NULL,
    cards INTEGER NOT NULL,
    start_at INTEGER NOT NULL,
    end_at INTEGER NOT NULL,
    CONSTRAINT pk_reservations PRIMARY KEY (job_id),
    CONSTRAINT fk_reservations_job_id FOREIGN KEY(job_id) REFERENCES jobs (id),
    CONSTRAINT fk_reservations_pool_id FOREIGN KEY(pool_id) REFERENCES pools (id)
) STRICT;
CREATE INDEX ix_reservations_pool_id_end_at ON reservations (pool_id, end_at);
CREATE TABLE timeline (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    job_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    verb TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT,
    CONSTRAINT fk_timeline_job_id FOREIGN KEY(job_id) REFERENCES jobs (id),
    CONSTRAINT fk_timeline_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
) STRICT;
CREATE INDEX ix_timeline_job_id_seq ON timeline (job_id, seq);
CREATE TABLE usage_records (
    id TEXT NOT NULL,
    lease_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    centre_id TEXT NOT NULL,
    token INTEGER NOT NULL,
    record TEXT NOT NULL,
    signature TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    refusal TEXT,
    CONSTRAINT pk_usage_records PRIMARY KEY (id),
    CONSTRAINT fk_usage_records_lease_id FOREIGN KEY(lease_id) REFERENCES leases (id),
    CONSTRAINT fk_usage_records_job_id FOREIGN KEY(job_id) REFERENCES jobs (id),
    CONSTRAINT fk_usage_records_centre_id FOREIGN KEY(centre_id) REFERENCES centres (id)
) STRICT;
CREATE INDEX ix_usage_records_job_id ON usage_records (job_id);
CREATE UNIQUE INDEX uq_usage_records_lease_id ON usage_records (lease_id) WHERE accepted = 1;

CREATE TABLE idempotency (
    key_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT,
    body BYTEA,
    content_type TEXT,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_idempotency PRIMARY KEY (key_id, idempotency_key)
);
CREATE INDEX ix_idempotency_created_at ON idempotency (created_at);
CREATE TABLE leaders (
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_leaders PRIMARY KEY (name)
);
CREATE TABLE operator_records (
    seq BIGSERIAL NOT NULL,
    at BIGINT NOT NULL,
    key_id TEXT NOT NULL,
    action TEXT NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT pk_operator_records PRIMARY KEY (seq)
);
CREATE TABLE organisations (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_organisations PRIMARY KEY (id)
);
CREATE INDEX ix_organisations_created_at_id ON organisations (created_at, id);
CREATE TABLE rounds (
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    CONSTRAINT pk_rounds PRIMARY KEY (id)
);
CREATE INDEX ix_rounds_at ON rounds (at);
CREATE TABLE accounts (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    asset TEXT NOT NULL,
    scale BIGINT NOT NULL,
    floor_units BIGINT,
    balance_units BIGINT DEFAULT '0' NOT NULL,
    held_units BIGINT DEFAULT '0' NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_accounts PRIMARY KEY (id),
    CONSTRAINT ck_accounts_floor CHECK (floor_units IS NULL OR balance_units - held_units >= floor_units),
    CONSTRAINT ck_accounts_held CHECK (held_units >= 0),
    CONSTRAINT fk_accounts_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE UNIQUE INDEX uq_accounts_owner ON accounts (organisation_id, name, asset);
CREATE TABLE blobs (
    sha256 TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_blobs PRIMARY KEY (sha256, organisation_id),
    CONSTRAINT fk_blobs_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
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
    last_seen_at BIGINT,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_centres PRIMARY KEY (id),
    CONSTRAINT fk_centres_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_centres_created_at_id ON centres (created_at, id);
CREATE INDEX ix_centres_organisation_id ON centres (organisation_id);
CREATE TABLE members (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT,
    CONSTRAINT pk_members PRIMARY KEY (id),
    CONSTRAINT fk_members_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_members_organisation_id ON members (organisation_id);
CREATE TABLE outbox (
    number BIGSERIAL NOT NULL,
    id TEXT NOT NULL,
    seq BIGINT,
    organisation_id TEXT,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_outbox PRIMARY KEY (number),
    CONSTRAINT uq_outbox_id UNIQUE (id),
    CONSTRAINT uq_outbox_seq UNIQUE (seq),
    CONSTRAINT fk_outbox_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_outbox_organisation_id_seq ON outbox (organisation_id, seq);
CREATE INDEX ix_outbox_unpublished ON outbox (number) WHERE seq IS NULL;
CREATE TABLE projects (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_projects PRIMARY KEY (id),
    CONSTRAINT fk_projects_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE UNIQUE INDEX uq_projects_organisation_id_name ON projects (organisation_id, name);
CREATE TABLE secrets (
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_secrets PRIMARY KEY (organisation_id, name),
    CONSTRAINT fk_secrets_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE TABLE settlements (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    day TEXT NOT NULL,
    amount_units BIGINT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_settlements PRIMARY KEY (id),
    CONSTRAINT fk_settlements_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_settlements_organisation_id_day ON settlements (organisation_id, day);
CREATE TABLE webhooks (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    kinds TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_webhooks PRIMARY KEY (id),
    CONSTRAINT fk_webhooks_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_webhooks_organisation_id ON webhooks (organisation_id);
CREATE TABLE deliveries (
    webhook_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    attempt BIGINT DEFAULT '0' NOT NULL,
    next_try_at BIGINT,
    state TEXT NOT NULL,
    status BIGINT,
    lock_token TEXT,
    lock_until BIGINT,
    CONSTRAINT pk_deliveries PRIMARY KEY (webhook_id, event_id),
    CONSTRAINT fk_deliveries_webhook_id FOREIGN KEY(webhook_id) REFERENCES webhooks (id)
);
CREATE INDEX ix_deliveries_state_next_try_at ON deliveries (state, next_try_at);
CREATE TABLE holds (
    id TEXT NOT NULL,
    debit_id TEXT NOT NULL,
    credit_id TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount_units BIGINT NOT NULL,
    posted_units BIGINT DEFAULT '0' NOT NULL,
    state TEXT NOT NULL,
    expires_at BIGINT,
    CONSTRAINT pk_holds PRIMARY KEY (id),
    CONSTRAINT fk_holds_debit_id FOREIGN KEY(debit_id) REFERENCES accounts (id),
    CONSTRAINT fk_holds_credit_id FOREIGN KEY(credit_id) REFERENCES accounts (id)
);
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
    array_index BIGINT,
    array_count BIGINT,
    after TEXT,
    waits BIGINT DEFAULT '0' NOT NULL,
    accept BIGINT DEFAULT '0' NOT NULL,
    accepted_at BIGINT,
    quote_expires_at BIGINT,
    limit_units BIGINT,
    hold_id TEXT,
    round_id TEXT,
    centre_id TEXT,
    pool_id TEXT,
    cards BIGINT,
    start_at BIGINT,
    end_at BIGINT,
    price_units BIGINT,
    terms TEXT,
    token BIGINT DEFAULT '0' NOT NULL,
    attempt BIGINT DEFAULT '0' NOT NULL,
    not_centres TEXT,
    cancel_at BIGINT,
    exit_code BIGINT,
    reason_code TEXT,
    reason TEXT,
    deadline_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    finished_at BIGINT,
    charge_units BIGINT,
    usage TEXT,
    lock_token TEXT,
    lock_until BIGINT,
    next_try_at BIGINT,
    CONSTRAINT pk_jobs PRIMARY KEY (id),
    CONSTRAINT fk_jobs_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_jobs_project_id FOREIGN KEY(project_id) REFERENCES projects (id),
    CONSTRAINT fk_jobs_member_id FOREIGN KEY(member_id) REFERENCES members (id)
);
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
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    CONSTRAINT pk_keys PRIMARY KEY (id),
    CONSTRAINT fk_keys_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_keys_project_id FOREIGN KEY(project_id) REFERENCES projects (id),
    CONSTRAINT fk_keys_member_id FOREIGN KEY(member_id) REFERENCES members (id),
    CONSTRAINT fk_keys_centre_id FOREIGN KEY(centre_id) REFERENCES centres (id)
);
CREATE INDEX ix_keys_organisation_id ON keys (organisation_id);
CREATE TABLE pools (
    id TEXT NOT NULL,
    centre_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    chip TEXT NOT NULL,
    facts TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_pools PRIMARY KEY (id),
    CONSTRAINT fk_pools_centre_id FOREIGN KEY(centre_id) REFERENCES centres (id),
    CONSTRAINT fk_pools_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE UNIQUE INDEX uq_pools_centre_id_name ON pools (centre_id, name);
CREATE TABLE transfers (
    seq BIGSERIAL NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    debit_id TEXT NOT NULL,
    credit_id TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount_units BIGINT NOT NULL,
    pending_id TEXT,
    expires_at BIGINT,
    group_id TEXT,
    memo TEXT,
    fingerprint TEXT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_transfers PRIMARY KEY (seq),
    CONSTRAINT ck_transfers_amount CHECK (amount_units >= 0),
    CONSTRAINT uq_transfers_id UNIQUE (id),
    CONSTRAINT fk_transfers_debit_id FOREIGN KEY(debit_id) REFERENCES accounts (id),
    CONSTRAINT fk_transfers_credit_id FOREIGN KEY(credit_id) REFERENCES accounts (id)
);
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
    total_units BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    settled_at BIGINT,
    CONSTRAINT pk_bills PRIMARY KEY (id),
    CONSTRAINT fk_bills_job_id FOREIGN KEY(job_id) REFERENCES jobs (id),
    CONSTRAINT fk_bills_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_bills_provider_id FOREIGN KEY(provider_id) REFERENCES organisations (id)
);
CREATE INDEX ix_bills_organisation_id_created_at ON bills (organisation_id, created_at);
CREATE INDEX ix_bills_provider_id_created_at ON bills (provider_id, created_at);
CREATE INDEX ix_bills_unsettled ON bills (created_at) WHERE settled_at IS NULL;
CREATE UNIQUE INDEX uq_bills_job_id ON bills (job_id);
CREATE TABLE leases (
    id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    centre_id TEXT NOT NULL,
    pool_id TEXT NOT NULL,
    token BIGINT NOT NULL,
    state TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    CONSTRAINT pk_leases PRIMARY KEY (id),
    CONSTRAINT fk_leases_job_id FOREIGN KEY(job_id) REFERENCES jobs (id),
    CONSTRAINT fk_leases_centre_id FOREIGN KEY(centre_id) REFERENCES centres (id),
    CONSTRAINT fk_leases_pool_id FOREIGN KEY(pool_id) REFERENCES pools (id)
);
CREATE INDEX ix_leases_centre_id_live ON leases (centre_id) WHERE state = 'live';
CREATE INDEX ix_leases_expires_at_live ON leases (expires_at) WHERE state = 'live';
CREATE UNIQUE INDEX uq_leases_job_id_live ON leases (job_id) WHERE state = 'live';
CREATE UNIQUE INDEX uq_leases_job_id_token ON leases (job_id, token);
CREATE TABLE logs (
    job_id TEXT NOT NULL,
    token BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    stream TEXT NOT NULL,
    text TEXT NOT NULL,
    CONSTRAINT pk_logs PRIMARY KEY (job_id, token, seq),
    CONSTRAINT fk_logs_job_id FOREIGN KEY(job_id) REFERENCES jobs (id)
);
CREATE TABLE outputs (
    job_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    location TEXT,
    sha256 TEXT,
    bytes BIGINT,
    at BIGINT NOT NULL,
    CONSTRAINT pk_outputs PRIMARY KEY (job_id, name),
    CONSTRAINT fk_outputs_job_id FOREIGN KEY(job_id) REFERENCES jobs (id)
);
CREATE TABLE quotes (
    job_id TEXT NOT NULL,
    options TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_quotes PRIMARY KEY (job_id),
    CONSTRAINT fk_quotes_job_id FOREIGN KEY(job_id) REFERENCES jobs (id)
);
CREATE TABLE reservations (
    job_id TEXT NOT NULL,
    pool_id TEXT NOT NULL,
    cards BIGINT NOT NULL,
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    CONSTRAINT pk_reservations PRIMARY KEY (job_id),
    CONSTRAINT fk_reservations_job_id FOREIGN KEY(job_id) REFERENCES jobs (id),
    CONSTRAINT fk_reservations_pool_id FOREIGN KEY(pool_id) REFERENCES pools (id)
);
CREATE INDEX ix_reservations_pool_id_end_at ON reservations (pool_id, end_at);
CREATE TABLE timeline (
    seq BIGSERIAL NOT NULL,
    job_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    verb TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT,
    CONSTRAINT pk_timeline PRIMARY KEY (seq),
    CONSTRAINT fk_timeline_job_id FOREIGN KEY(job_id) REFERENCES jobs (id),
    CONSTRAINT fk_timeline_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);
CREATE INDEX ix_timeline_job_id_seq ON timeline (job_id, seq);
CREATE TABLE usage_records (
    id TEXT NOT NULL,
    lease_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    centre_id TEXT NOT NULL,
    token BIGINT NOT NULL,
    record TEXT NOT NULL,
    signature TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    refusal TEXT,
    CONSTRAINT pk_usage_records PRIMARY KEY (id),
    CONSTRAINT fk_usage_records_lease_id FOREIGN KEY(lease_id) REFERENCES leases (id),
    CONSTRAINT fk_usage_records_job_id FOREIGN KEY(job_id) REFERENCES jobs (id),
    CONSTRAINT fk_usage_records_centre_id FOREIGN KEY(centre_id) REFERENCES centres (id)
);
CREATE INDEX ix_usage_records_job_id ON usage_records (job_id);
CREATE UNIQUE INDEX uq_usage_records_lease_id ON usage_records (lease_id) WHERE accepted = 1;

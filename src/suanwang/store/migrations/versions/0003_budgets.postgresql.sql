CREATE TABLE budgets (
	id TEXT NOT NULL, 
	organisation_id TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	subject_id TEXT NOT NULL, 
	amount_units BIGINT NOT NULL, 
	stop TEXT NOT NULL, 
	warn_at TEXT NOT NULL, 
	job_max_units BIGINT, 
	hourly_max_units BIGINT, 
	since TEXT NOT NULL, 
	since_at BIGINT NOT NULL, 
	after_seq BIGINT NOT NULL, 
	until_seq BIGINT, 
	changes BIGINT DEFAULT '1' NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	removed_at BIGINT, 
	CONSTRAINT pk_budgets PRIMARY KEY (id), 
	CONSTRAINT fk_budgets_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);

CREATE INDEX ix_budgets_organisation_id ON budgets (organisation_id, created_at);

CREATE UNIQUE INDEX uq_budgets_subject_id ON budgets (subject_id) WHERE removed_at IS NULL;

CREATE TABLE budget_months (
	budget_id TEXT NOT NULL, 
	month TEXT NOT NULL, 
	account_id TEXT NOT NULL, 
	warned BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_budget_months PRIMARY KEY (budget_id, month), 
	CONSTRAINT fk_budget_months_budget_id FOREIGN KEY(budget_id) REFERENCES budgets (id), 
	CONSTRAINT fk_budget_months_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);

CREATE UNIQUE INDEX ix_budget_months_account_id ON budget_months (account_id);

CREATE TABLE budget_holds (
	id TEXT NOT NULL, 
	hold_id TEXT NOT NULL, 
	budget_id TEXT NOT NULL, 
	month TEXT NOT NULL, 
	job_id TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT pk_budget_holds PRIMARY KEY (id), 
	CONSTRAINT fk_budget_holds_id FOREIGN KEY(id) REFERENCES holds (id), 
	CONSTRAINT fk_budget_holds_hold_id FOREIGN KEY(hold_id) REFERENCES holds (id), 
	CONSTRAINT fk_budget_holds_budget_id FOREIGN KEY(budget_id) REFERENCES budgets (id), 
	CONSTRAINT fk_budget_holds_job_id FOREIGN KEY(job_id) REFERENCES jobs (id)
);

CREATE INDEX ix_budget_holds_budget_id ON budget_holds (budget_id, month, at);

CREATE INDEX ix_budget_holds_job_id ON budget_holds (job_id);

CREATE UNIQUE INDEX uq_budget_holds_hold_id ON budget_holds (hold_id, budget_id);

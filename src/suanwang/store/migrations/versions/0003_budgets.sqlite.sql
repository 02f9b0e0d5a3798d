CREATE TABLE budgets (
	id TEXT NOT NULL, 
	organisation_id TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	subject_id TEXT NOT NULL, 
	amount_units INTEGER NOT NULL, 
	stop TEXT NOT NULL, 
	warn_at TEXT NOT NULL, 
	job_max_units INTEGER, 
	hourly_max_units INTEGER, 
	since TEXT NOT NULL, 
	since_at INTEGER NOT NULL, 
	after_seq INTEGER NOT NULL, 
	until_seq INTEGER, 
	changes INTEGER DEFAULT '1' NOT NULL, 
	created_at INTEGER NOT NULL, 
	updated_at INTEGER NOT NULL, 
	removed_at INTEGER, 
	CONSTRAINT pk_budgets PRIMARY KEY (id), 
	CONSTRAINT fk_budgets_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
 STRICT;

CREATE INDEX ix_budgets_organisation_id ON budgets (organisation_id, created_at);

CREATE UNIQUE INDEX uq_budgets_subject_id ON budgets (subject_id) WHERE removed_at IS NULL;

CREATE TABLE budget_months (
	budget_id TEXT NOT NULL, 
	month TEXT NOT NULL, 
	account_id TEXT NOT NULL, 
	warned INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_budget_months PRIMARY KEY (budget_id, month), 
	CONSTRAINT fk_budget_months_budget_id FOREIGN KEY(budget_id) REFERENCES budgets (id), 
	CONSTRAINT fk_budget_months_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)
 STRICT;

CREATE UNIQUE INDEX ix_budget_months_account_id ON budget_months (account_id);

CREATE TABLE budget_holds (
	id TEXT NOT NULL, 
	hold_id TEXT NOT NULL, 
	budget_id TEXT NOT NULL, 
	month TEXT NOT NULL, 
	job_id TEXT NOT NULL, 
	at INTEGER NOT NULL, 
	CONSTRAINT pk_budget_holds PRIMARY KEY (id), 
	CONSTRAINT fk_budget_holds_id FOREIGN KEY(id) REFERENCES holds (id), 
	CONSTRAINT fk_budget_holds_hold_id FOREIGN KEY(hold_id) REFERENCES holds (id), 
	CONSTRAINT fk_budget_holds_budget_id FOREIGN KEY(budget_id) REFERENCES budgets (id), 
	CONSTRAINT fk_budget_holds_job_id FOREIGN KEY(job_id) REFERENCES jobs (id)
)
 STRICT;

CREATE INDEX ix_budget_holds_budget_id ON budget_holds (budget_id, month, at);

CREATE INDEX ix_budget_holds_job_id ON budget_holds (job_id);

CREATE UNIQUE INDEX uq_budget_holds_hold_id ON budget_holds (hold_id, budget_id);

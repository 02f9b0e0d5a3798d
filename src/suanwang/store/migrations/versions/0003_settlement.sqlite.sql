ALTER TABLE bills ADD COLUMN day TEXT;
ALTER TABLE bills ADD COLUMN version INTEGER DEFAULT '1' NOT NULL;
ALTER TABLE bills ADD COLUMN run_id TEXT;
ALTER TABLE settlements ADD COLUMN run_id TEXT;
ALTER TABLE settlements ADD COLUMN state TEXT DEFAULT 'preliminary' NOT NULL;
ALTER TABLE settlements ADD COLUMN bills INTEGER DEFAULT '0' NOT NULL;
ALTER TABLE settlements ADD COLUMN earned_units INTEGER DEFAULT '0' NOT NULL;
ALTER TABLE settlements ADD COLUMN kept_units INTEGER DEFAULT '0' NOT NULL;
ALTER TABLE settlements ADD COLUMN corrections_units INTEGER DEFAULT '0' NOT NULL;
ALTER TABLE settlements ADD COLUMN paid_at INTEGER;
UPDATE bills SET day = date(created_at / 1000000 + 28800, 'unixepoch');
UPDATE bills SET run_id = 'before' WHERE settled_at IS NOT NULL;
INSERT INTO market_days (day, state) SELECT DISTINCT day, 'open' FROM bills WHERE settled_at IS NULL;
INSERT INTO market_days (day, state, preliminary_at) SELECT day, 'preliminary', MAX(settled_at) FROM bills GROUP BY day HAVING COUNT(*) = COUNT(settled_at);
UPDATE settlements SET paid_at = at, earned_units = amount_units;
CREATE TABLE settlement_runs (
	id TEXT NOT NULL, 
	day TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	becomes TEXT NOT NULL, 
	before_at INTEGER NOT NULL, 
	bills INTEGER DEFAULT '0' NOT NULL, 
	steps INTEGER DEFAULT '0' NOT NULL, 
	started_at INTEGER NOT NULL, 
	done_at INTEGER, 
	CONSTRAINT pk_settlement_runs PRIMARY KEY (id)
)
 STRICT;
CREATE INDEX ix_settlement_runs_open ON settlement_runs (started_at) WHERE done_at IS NULL;
CREATE UNIQUE INDEX uq_settlement_runs_day_number ON settlement_runs (day, number);
CREATE INDEX ix_settlements_unpaid ON settlements (run_id, id) WHERE paid_at IS NULL;
CREATE UNIQUE INDEX uq_settlements_run_id_organisation_id ON settlements (run_id, organisation_id) WHERE run_id IS NOT NULL;
CREATE INDEX ix_bills_day ON bills (day, created_at) WHERE run_id IS NULL;
CREATE INDEX ix_bills_run_id ON bills (run_id) WHERE settled_at IS NULL;
CREATE TABLE corrections (
	id TEXT NOT NULL, 
	lease_id TEXT NOT NULL, 
	job_id TEXT NOT NULL, 
	bill_id TEXT NOT NULL, 
	organisation_id TEXT NOT NULL, 
	centre_owner TEXT NOT NULL, 
	day TEXT NOT NULL, 
	usage_id TEXT NOT NULL, 
	state TEXT NOT NULL, 
	record TEXT NOT NULL, 
	signature TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	why TEXT, 
	created_at INTEGER NOT NULL, 
	updated_at INTEGER NOT NULL, 
	CONSTRAINT pk_corrections PRIMARY KEY (id), 
	CONSTRAINT fk_corrections_lease_id FOREIGN KEY(lease_id) REFERENCES leases (id), 
	CONSTRAINT fk_corrections_job_id FOREIGN KEY(job_id) REFERENCES jobs (id), 
	CONSTRAINT fk_corrections_bill_id FOREIGN KEY(bill_id) REFERENCES bills (id), 
	CONSTRAINT fk_corrections_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id), 
	CONSTRAINT fk_corrections_centre_owner FOREIGN KEY(centre_owner) REFERENCES organisations (id), 
	CONSTRAINT uq_corrections_usage_id UNIQUE (usage_id)
)
 STRICT;
CREATE INDEX ix_corrections_bill_id ON corrections (bill_id);
CREATE INDEX ix_corrections_centre_owner ON corrections (centre_owner, id);
CREATE INDEX ix_corrections_organisation_id ON corrections (organisation_id, id);
CREATE INDEX ix_corrections_pending ON corrections (day, id) WHERE state = 'pending';

CREATE TABLE broker_prices (
	id TEXT NOT NULL, 
	broker_id TEXT NOT NULL, 
	from_at INTEGER NOT NULL, 
	prices TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	CONSTRAINT pk_broker_prices PRIMARY KEY (id), 
	CONSTRAINT fk_broker_prices_broker_id FOREIGN KEY(broker_id) REFERENCES organisations (id)
)
 STRICT;

CREATE INDEX ix_broker_prices_broker_id ON broker_prices (broker_id, from_at);

CREATE TABLE contracts (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	owner_id TEXT NOT NULL, 
	partner_id TEXT NOT NULL, 
	proposer_id TEXT NOT NULL, 
	from_at INTEGER NOT NULL, 
	until_at INTEGER, 
	state TEXT NOT NULL, 
	body TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	updated_at INTEGER NOT NULL, 
	CONSTRAINT pk_contracts PRIMARY KEY (id), 
	CONSTRAINT fk_contracts_owner_id FOREIGN KEY(owner_id) REFERENCES organisations (id), 
	CONSTRAINT fk_contracts_partner_id FOREIGN KEY(partner_id) REFERENCES organisations (id), 
	CONSTRAINT fk_contracts_proposer_id FOREIGN KEY(proposer_id) REFERENCES organisations (id)
)
 STRICT;

CREATE INDEX ix_contracts_owner_id ON contracts (owner_id, id);

CREATE INDEX ix_contracts_partner_id ON contracts (partner_id, id);

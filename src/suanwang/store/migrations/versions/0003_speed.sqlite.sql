CREATE TABLE transfers_lean (
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
    chain_id TEXT,
    chain_place INTEGER,
    chain_size INTEGER,
    reverses TEXT,
    day TEXT,
    CONSTRAINT ck_transfers_amount CHECK (amount_units >= 0),
    CONSTRAINT uq_transfers_id UNIQUE (id)
) STRICT;
INSERT INTO transfers_lean (seq, id, kind, debit_id, credit_id, asset, amount_units, pending_id, expires_at, group_id,
  memo, fingerprint, at, chain_id, chain_place, chain_size, reverses, day)
SELECT seq, id, kind, debit_id, credit_id, asset, amount_units, pending_id, expires_at, group_id,
  memo, fingerprint, at, chain_id, chain_place, chain_size, reverses, day FROM transfers ORDER BY seq;
UPDATE sqlite_sequence SET seq = (SELECT o.seq FROM sqlite_sequence o WHERE o.name = 'transfers')
WHERE name = 'transfers_lean';
DROP TABLE transfers;
ALTER TABLE transfers_lean RENAME TO transfers;
CREATE INDEX ix_transfers_credit_id_seq ON transfers (credit_id, seq);
CREATE INDEX ix_transfers_debit_id_seq ON transfers (debit_id, seq);
CREATE INDEX ix_transfers_group_id ON transfers (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX ix_transfers_pending_id ON transfers (pending_id) WHERE pending_id IS NOT NULL;
CREATE INDEX ix_transfers_reverses ON transfers (reverses) WHERE reverses IS NOT NULL;
CREATE UNIQUE INDEX uq_transfers_chain_id_chain_place ON transfers (chain_id, chain_place) WHERE chain_id IS NOT NULL;

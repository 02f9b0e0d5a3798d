ALTER TABLE transfers DROP CONSTRAINT fk_transfers_debit_id;
ALTER TABLE transfers DROP CONSTRAINT fk_transfers_credit_id;

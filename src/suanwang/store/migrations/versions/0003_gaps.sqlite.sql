ALTER TABLE accounts ADD COLUMN owner_state TEXT DEFAULT 'verified' NOT NULL;
UPDATE accounts SET owner_state = (SELECT state FROM organisations o WHERE o.id = accounts.organisation_id);

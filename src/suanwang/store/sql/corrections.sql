-- name: correction_add
-- A corrected usage record of a lease that has a bill.
INSERT INTO corrections (
    id, lease_id, job_id, bill_id, organisation_id, centre_owner, day, usage_id, state, record,
    signature, reason, why, created_at, updated_at
) VALUES (
    :id, :lease_id, :job_id, :bill_id, :organisation_id, :centre_owner, :day, :usage_id, :state,
    :record, :signature, :reason, :why, :created_at, :updated_at
)

-- name: correction_save
-- What became of a correction.
UPDATE corrections SET state = :state, why = :why, updated_at = :updated_at WHERE id = :id

-- name: correction_by_id
-- One correction.
SELECT * FROM corrections WHERE id = :id

-- name: correction_of_usage
-- The correction that a usage record makes.
SELECT * FROM corrections WHERE usage_id = :usage_id

-- name: corrections_pending
-- What waits for a run of a market day, in order.
SELECT * FROM corrections WHERE day = :day AND state = 'pending' ORDER BY id LIMIT :limit

-- name: corrections_of
-- Corrections of an organisation's bills or centres (null: everybody's), newest first.
SELECT * FROM corrections
WHERE id < :before
  AND (CAST(:owner AS TEXT) IS NULL OR organisation_id = :owner OR centre_owner = :owner)
ORDER BY id DESC LIMIT :limit

-- name: bill_correct
-- What a bill says in its new version.
UPDATE bills SET version = :version, lines = :lines, total_units = :total_units
WHERE id = :id AND version = :before

-- name: usage_corrected
-- The record that a lease was billed by is so no more.
UPDATE usage_records SET accepted = 0, refusal = 'usage-corrected'
WHERE lease_id = :lease_id AND accepted = 1

-- name: settlement_correct
-- What a member got, or gave back, because meters of a day were corrected.
INSERT INTO settlements (
    id, organisation_id, day, amount_units, at, run_id, state, bills, corrections_units
) VALUES (
    :id, :organisation_id, :day, :amount_units, :at, :run_id, :state, :bills, :amount_units
)
ON CONFLICT (run_id, organisation_id) WHERE run_id IS NOT NULL DO UPDATE SET
    amount_units = settlements.amount_units + excluded.amount_units,
    corrections_units = settlements.corrections_units + excluded.amount_units,
    bills = settlements.bills + excluded.bills

-- name: verify_corrections
-- Corrections after :after.
SELECT * FROM corrections WHERE id > :after ORDER BY id LIMIT :limit

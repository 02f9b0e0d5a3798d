-- name: bill_add
-- The bill of one job; the database refuses a second.
INSERT INTO bills (
    id, job_id, organisation_id, provider_id, lines, total_units, created_at
) VALUES (
    :id, :job_id, :organisation_id, :provider_id, :lines, :total_units, :created_at
)

-- name: bill_of_job
-- The bill of one job.
SELECT * FROM bills WHERE job_id = :job_id

-- name: bills_unsettled
-- Bills written before :before that wait for settlement, oldest first.
SELECT * FROM bills WHERE settled_at IS NULL AND created_at < :before
ORDER BY created_at, id LIMIT :limit {skip_locked}

-- name: bill_settle
-- A bill is settled once.
UPDATE bills SET settled_at = :settled_at WHERE id = :id AND settled_at IS NULL

-- name: settlement_add
-- What one organisation was paid for a market day.
INSERT INTO settlements (id, organisation_id, day, amount_units, at)
VALUES (:id, :organisation_id, :day, :amount_units, :at)

-- name: settlements_of
-- What an organisation was paid, newest first.
SELECT * FROM settlements WHERE organisation_id = :organisation_id
ORDER BY at DESC, id DESC LIMIT :limit

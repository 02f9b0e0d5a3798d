-- name: bill_add
-- The bill of one job; the database refuses a second.
INSERT INTO bills (
    id, job_id, organisation_id, provider_id, lines, total_units, created_at, day
) VALUES (
    :id, :job_id, :organisation_id, :provider_id, :lines, :total_units, :created_at, :day
)

-- name: bill_of_job
-- The bill of one job.
SELECT * FROM bills WHERE job_id = :job_id

-- name: bills_to_gather
-- Bills of a market day, written before :before, that no run has taken in, oldest first.
SELECT * FROM bills WHERE day = :day AND run_id IS NULL AND created_at < :before
ORDER BY created_at, id LIMIT :limit {for_update}

-- name: bill_take_in
-- A bill is taken in by one run.
UPDATE bills SET run_id = :run_id WHERE id = :id AND run_id IS NULL

-- name: bills_of_run
-- Bills that a run has paid and not finished with.
SELECT * FROM bills WHERE run_id = :run_id AND settled_at IS NULL
ORDER BY created_at, id LIMIT :limit

-- name: bill_settle
-- A bill is settled once.
UPDATE bills SET settled_at = :settled_at WHERE id = :id AND settled_at IS NULL

-- name: bills_oldest_day
-- The oldest open market day with bills that were written before :before and wait for a run.
SELECT b.day FROM bills b JOIN market_days m ON m.day = b.day
WHERE b.run_id IS NULL AND m.state = 'open' AND b.created_at < :before
ORDER BY b.day LIMIT 1

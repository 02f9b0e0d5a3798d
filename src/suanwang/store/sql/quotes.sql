-- name: quote_save
-- A job's quote; a fresh one replaces the old one.
INSERT INTO quotes (job_id, options, made_at, expires_at)
VALUES (:job_id, :options, :made_at, :expires_at)
ON CONFLICT (job_id) DO UPDATE
SET options = excluded.options, made_at = excluded.made_at, expires_at = excluded.expires_at

-- name: quote_of
-- The quote of one job.
SELECT * FROM quotes WHERE job_id = :job_id

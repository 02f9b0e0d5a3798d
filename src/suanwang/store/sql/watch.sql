-- name: centre_has_work
-- Whether any job placed at a centre waits to be taken: looked at before a lease is tried.
SELECT 1 AS work FROM jobs
WHERE centre_id = :centre_id AND state = 'PLACED' AND pool_id IS NOT NULL AND start_at <= :now
  AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.job_id = jobs.id AND l.state = 'live')
LIMIT 1

-- name: events_unpublished
-- How many events wait for their number.
SELECT COUNT(*) AS events FROM outbox WHERE seq IS NULL

-- name: blob_bytes_of
-- How many bytes an organisation keeps here.
SELECT COALESCE(SUM(bytes), 0) AS bytes FROM blobs WHERE organisation_id = :organisation_id

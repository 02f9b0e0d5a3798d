-- name: reservation_save
-- Cards kept for one job; a job that moves takes its reservation with it.
INSERT INTO reservations (job_id, pool_id, cards, start_at, end_at)
VALUES (:job_id, :pool_id, :cards, :start_at, :end_at)
ON CONFLICT (job_id) DO UPDATE SET
    pool_id = excluded.pool_id, cards = excluded.cards,
    start_at = excluded.start_at, end_at = excluded.end_at

-- name: reservation_drop
-- Give a job's cards back.
DELETE FROM reservations WHERE job_id = :job_id

-- name: reservations_open
-- Every reservation that has not run out, and those whose job still holds its lease beyond it.
SELECT r.job_id, r.pool_id, r.cards, r.start_at, r.end_at,
       CASE WHEN l.id IS NULL THEN 0 ELSE 1 END AS leased
FROM reservations r LEFT JOIN leases l ON l.job_id = r.job_id AND l.state = 'live'
WHERE r.end_at > :now OR l.id IS NOT NULL
ORDER BY r.pool_id, r.start_at, r.job_id

-- name: reservations_of_centre
-- As reservations_open, for the pools of one centre.
SELECT r.job_id, r.pool_id, r.cards, r.start_at, r.end_at,
       CASE WHEN l.id IS NULL THEN 0 ELSE 1 END AS leased
FROM reservations r
JOIN pools p ON p.id = r.pool_id
LEFT JOIN leases l ON l.job_id = r.job_id AND l.state = 'live'
WHERE p.centre_id = :centre_id AND (r.end_at > :now OR l.id IS NOT NULL)
ORDER BY r.pool_id, r.start_at, r.job_id

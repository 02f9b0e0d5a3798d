-- name: lease_add
-- One lease; the database refuses a second live one of a job, and a token used before.
INSERT INTO leases (id, job_id, centre_id, pool_id, token, state, taken_at, expires_at)
VALUES (:id, :job_id, :centre_id, :pool_id, :token, 'live', :taken_at, :expires_at)

-- name: lease_for_update
-- One lease of a centre, locked until the transaction ends.
SELECT * FROM leases WHERE id = :id AND centre_id = :centre_id {for_update}

-- name: lease_by_id
-- One lease, whoever has it.
SELECT * FROM leases WHERE id = :id

-- name: lease_live_of_job
-- The live lease of a job, locked until the transaction ends.
SELECT * FROM leases WHERE job_id = :job_id AND state = 'live' {for_update}

-- name: leases_live_of_centre
-- What a centre is working on, with what its jobs' owners want.
SELECT l.*, j.cancel_at, j.state AS job_state FROM leases l JOIN jobs j ON j.id = l.job_id
WHERE l.centre_id = :centre_id AND l.state = 'live'
ORDER BY l.taken_at, l.id

-- name: lease_extend
-- A heartbeat came: the lease lives on.
UPDATE leases SET expires_at = :expires_at
WHERE id = :id AND centre_id = :centre_id AND state = 'live' AND token = :token

-- name: lease_end
-- A live lease ends, done or lost; one that has ended stays as it is.
UPDATE leases SET state = :state, ended_at = :ended_at WHERE id = :id AND state = 'live'

-- name: leases_expired
-- Leases whose heartbeats stopped, longest silent first.
SELECT * FROM leases WHERE state = 'live' AND expires_at <= :now
ORDER BY expires_at, id LIMIT :limit

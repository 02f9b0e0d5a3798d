-- name: job_add
-- One job as it is handed in.
INSERT INTO jobs (
    id, organisation_id, project_id, member_id, name, kind, spec, state, array_id, array_index,
    array_count, after, waits, accept, deadline_at, created_at, updated_at, next_try_at
) VALUES (
    :id, :organisation_id, :project_id, :member_id, :name, :kind, :spec, :state, :array_id,
    :array_index, :array_count, :after, :waits, :accept, :deadline_at, :created_at, :updated_at,
    :next_try_at
)

-- name: job_save
-- Everything that may change about a job; whoever had it locked for work outside has lost it.
UPDATE jobs SET
    state = :state, waits = :waits, accept = :accept, accepted_at = :accepted_at,
    quote_expires_at = :quote_expires_at, limit_units = :limit_units, hold_id = :hold_id,
    round_id = :round_id, centre_id = :centre_id, pool_id = :pool_id, cards = :cards,
    start_at = :start_at, end_at = :end_at, price_units = :price_units, terms = :terms,
    token = :token, attempt = :attempt, not_centres = :not_centres, cancel_at = :cancel_at,
    exit_code = :exit_code, reason_code = :reason_code, reason = :reason,
    updated_at = :updated_at, finished_at = :finished_at, charge_units = :charge_units,
    usage = :usage, next_try_at = :next_try_at, lock_token = NULL, lock_until = NULL
WHERE id = :id

-- name: job_by_id
-- One job, whoever owns it.
SELECT * FROM jobs WHERE id = :id

-- name: job_for_update
-- One job, locked until the transaction ends.
SELECT * FROM jobs WHERE id = :id {for_update}

-- name: jobs_page_newest
-- A page of an organisation's jobs, newest first, after the row (created_at, id).
SELECT * FROM jobs
WHERE organisation_id = :organisation_id
  AND (created_at, id) < (:created_at, :id)
  AND (CAST(:state AS TEXT) IS NULL OR state = :state)
  AND (CAST(:kind AS TEXT) IS NULL OR kind = :kind)
  AND (CAST(:name AS TEXT) IS NULL OR name = :name)
  AND (CAST(:array_id AS TEXT) IS NULL OR array_id = :array_id)
ORDER BY created_at DESC, id DESC LIMIT :limit

-- name: jobs_page_oldest
-- A page of an organisation's jobs, oldest first, after the row (created_at, id).
SELECT * FROM jobs
WHERE organisation_id = :organisation_id
  AND (created_at, id) > (:created_at, :id)
  AND (CAST(:state AS TEXT) IS NULL OR state = :state)
  AND (CAST(:kind AS TEXT) IS NULL OR kind = :kind)
  AND (CAST(:name AS TEXT) IS NULL OR name = :name)
  AND (CAST(:array_id AS TEXT) IS NULL OR array_id = :array_id)
ORDER BY created_at, id LIMIT :limit

-- name: jobs_page_of_all
-- A page of everybody's jobs, newest first, for operators and auditors.
SELECT * FROM jobs
WHERE (created_at, id) < (:created_at, :id)
  AND (CAST(:state AS TEXT) IS NULL OR state = :state)
  AND (CAST(:kind AS TEXT) IS NULL OR kind = :kind)
  AND (CAST(:name AS TEXT) IS NULL OR name = :name)
  AND (CAST(:array_id AS TEXT) IS NULL OR array_id = :array_id)
ORDER BY created_at DESC, id DESC LIMIT :limit

-- name: jobs_by_state
-- How many jobs stand in each state.
SELECT state, COUNT(*) AS jobs FROM jobs GROUP BY state

-- name: jobs_lock_to_quote
-- Take submitted jobs, oldest first, to plan them outside.
UPDATE jobs SET lock_token = :lock_token, lock_until = :lock_until
WHERE id IN (
    SELECT id FROM jobs
    WHERE state = 'SUBMITTED' AND next_try_at <= :now
      AND (lock_until IS NULL OR lock_until <= :now)
    ORDER BY next_try_at, id LIMIT :limit {skip_locked}
)
RETURNING *

-- name: jobs_lock_to_clear
-- Take accepted jobs that wait for nothing, first accepted first, to clear them outside.
UPDATE jobs SET lock_token = :lock_token, lock_until = :lock_until
WHERE id IN (
    SELECT id FROM jobs
    WHERE state = 'QUOTED' AND next_try_at <= :now
      AND accepted_at IS NOT NULL AND waits = 0
      AND (lock_until IS NULL OR lock_until <= :now)
    ORDER BY accepted_at, id LIMIT :limit {skip_locked}
)
RETURNING *

-- name: jobs_lock_to_place
-- Take cleared jobs, placed jobs without a pool, and placed jobs at a centre that will not take
-- them (silent since before :silent_before, draining or gone), to place them.
UPDATE jobs SET lock_token = :lock_token, lock_until = :lock_until
WHERE id IN (
    SELECT j.id FROM jobs j LEFT JOIN centres c ON c.id = j.centre_id
    WHERE j.state IN ('CLEARED', 'PLACED') AND j.next_try_at <= :now
      AND (j.lock_until IS NULL OR j.lock_until <= :now)
      AND (j.state = 'CLEARED' OR j.pool_id IS NULL OR c.state <> 'joined'
           OR c.last_seen_at IS NULL OR c.last_seen_at < :silent_before)
      AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.job_id = j.id AND l.state = 'live')
    ORDER BY j.next_try_at, j.id LIMIT :limit
)
AND (lock_until IS NULL OR lock_until <= :now)
RETURNING *

-- name: jobs_locked
-- The jobs that a piece of work outside still has, locked until the transaction ends.
SELECT * FROM jobs WHERE lock_token = :lock_token ORDER BY created_at, id {for_update}

-- name: jobs_unlock
-- Give jobs back, to be tried again from :next_try_at on.
UPDATE jobs SET lock_token = NULL, lock_until = NULL, next_try_at = :next_try_at
WHERE id = :id AND lock_token = :lock_token

-- name: jobs_free
-- Give every job back: who works on one outside finds it gone and drops what it worked out.
-- Those that are being written at this moment are in good hands and stay.
UPDATE jobs SET lock_token = NULL, lock_until = NULL
WHERE id IN (SELECT id FROM jobs WHERE lock_token IS NOT NULL {skip_locked})

-- name: jobs_with_stale_quotes
-- Quoted jobs that nobody has accepted in time.
SELECT * FROM jobs
WHERE state = 'QUOTED' AND accepted_at IS NULL AND quote_expires_at <= :now
ORDER BY quote_expires_at, id LIMIT :limit {skip_locked}

-- name: jobs_to_take
-- Jobs placed at a centre that no lease has yet, soonest start first.
SELECT * FROM jobs
WHERE centre_id = :centre_id AND state = 'PLACED' AND pool_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.job_id = jobs.id AND l.state = 'live')
ORDER BY start_at, id LIMIT :limit {skip_locked}

-- name: jobs_to_bill
-- Metered jobs, longest waiting first.
SELECT * FROM jobs WHERE state = 'METERED' AND next_try_at <= :now
ORDER BY next_try_at, id LIMIT :limit {skip_locked}

-- name: jobs_without_usage
-- Returned jobs whose usage record has not come for long.
SELECT * FROM jobs WHERE state = 'RETURNED' AND next_try_at <= :before
ORDER BY next_try_at, id LIMIT :limit {skip_locked}

-- name: jobs_by_ids_for_update
-- These jobs, locked until the transaction ends.
SELECT * FROM jobs WHERE id {in:ids} ORDER BY created_at, id {for_update}

-- name: holds_left
-- What is left of these holds.
SELECT id, amount_units - posted_units AS left_units FROM holds
WHERE state = 'open' AND id {in:ids}

-- name: jobs_any_waiting
-- Whether any job of an organisation waits for another.
SELECT id FROM jobs WHERE waits = 1 AND organisation_id = :organisation_id LIMIT 1

-- name: jobs_waiting_for
-- Jobs whose `after` names this job or its array.
SELECT * FROM jobs
WHERE waits = 1 AND organisation_id = :organisation_id
  AND (after LIKE :job_pattern OR after LIKE :array_pattern)
ORDER BY created_at, id {for_update}

-- name: array_progress
-- How the members of an array stand: how many there are, went well, went badly.
SELECT COUNT(*) AS members,
       COALESCE(SUM(CASE WHEN exit_code = 0 THEN 1 ELSE 0 END), 0) AS well,
       COALESCE(SUM(CASE WHEN exit_code <> 0 OR (exit_code IS NULL AND finished_at IS NOT NULL)
                THEN 1 ELSE 0 END), 0) AS badly
FROM jobs WHERE array_id = :array_id AND organisation_id = :organisation_id

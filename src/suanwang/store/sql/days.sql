-- name: day_add
-- A market day, when the first bill is written for it.
INSERT INTO market_days (day, state) VALUES (:day, 'open') ON CONFLICT (day) DO NOTHING

-- name: day_to_share
-- A market day, kept as it is until the transaction ends.
SELECT * FROM market_days WHERE day = :day {for_share}

-- name: day_for_update
-- A market day, locked until the transaction ends.
SELECT * FROM market_days WHERE day = :day {for_update}

-- name: day_save
-- A market day after a step.
UPDATE market_days SET state = :state, preliminary_at = :preliminary_at, final_at = :final_at,
  resettled_at = :resettled_at, closed_at = :closed_at
WHERE day = :day

-- name: days_unfinished
-- Market days that are not closed, oldest first.
SELECT * FROM market_days WHERE state <> 'closed' ORDER BY day LIMIT :limit

-- name: days_before
-- Market days before :before, newest first.
SELECT * FROM market_days WHERE day < :before ORDER BY day DESC LIMIT :limit

-- name: run_unfinished
-- The settlement run that is under way.
SELECT * FROM settlement_runs WHERE done_at IS NULL ORDER BY day, number LIMIT 1 {for_update}

-- name: run_last_number
-- How many runs a market day has had.
SELECT COALESCE(MAX(number), 0) AS number FROM settlement_runs WHERE day = :day

-- name: run_add
-- A settlement run begins.
INSERT INTO settlement_runs (id, day, number, state, becomes, before_at, started_at)
VALUES (:id, :day, :number, :state, :becomes, :before_at, :started_at)

-- name: run_save
-- How far a settlement run has come.
UPDATE settlement_runs SET state = :state, bills = :bills, steps = :steps, done_at = :done_at
WHERE id = :id

-- name: settlement_gather
-- What one member has earned by some of a run's bills, added to what it has by others.
INSERT INTO settlements (
    id, organisation_id, day, amount_units, at, run_id, state, bills, earned_units, kept_units
) VALUES (
    :id, :organisation_id, :day, :amount_units, :at, :run_id, 'preliminary', :bills, :earned_units,
    :kept_units
)
ON CONFLICT (run_id, organisation_id) WHERE run_id IS NOT NULL DO UPDATE SET
    amount_units = settlements.amount_units + excluded.amount_units,
    bills = settlements.bills + excluded.bills,
    earned_units = settlements.earned_units + excluded.earned_units,
    kept_units = settlements.kept_units + excluded.kept_units

-- name: settlements_unpaid
-- Members that a run has not paid yet.
SELECT * FROM settlements WHERE run_id = :run_id AND paid_at IS NULL ORDER BY id LIMIT :limit

-- name: settlement_of_run
-- A member's statement of a run.
SELECT id FROM settlements WHERE run_id = :run_id AND organisation_id = :organisation_id

-- name: settlement_paid
-- A member is paid once.
UPDATE settlements SET paid_at = :at, at = :at WHERE id = :id AND paid_at IS NULL

-- name: settlements_of
-- What an organisation was paid (null: everybody), newest first.
SELECT * FROM settlements
WHERE paid_at IS NOT NULL AND id < :before
  AND (CAST(:organisation_id AS TEXT) IS NULL OR organisation_id = :organisation_id)
ORDER BY id DESC LIMIT :limit

-- name: verify_market_days
-- Market days after :after.
SELECT day AS id, state, preliminary_at, final_at, resettled_at, closed_at,
  COALESCE(preliminary_at, 0) AS made_at
FROM market_days WHERE day > :after ORDER BY day LIMIT :limit

-- name: verify_settlements
-- Settlements after :after that were paid.
SELECT * FROM settlements WHERE paid_at IS NOT NULL AND run_id IS NOT NULL AND id > :after
ORDER BY id LIMIT :limit

-- name: verify_settlement_sums
-- Settlements whose transfers do not sum to what they say.
SELECT s.id, s.amount_units, COALESCE(m.units, 0) AS moved_units FROM settlements s LEFT JOIN (
  SELECT t.group_id, SUM(CASE WHEN c.name = 'available' THEN t.amount_units ELSE -t.amount_units END) AS units
  FROM transfers t JOIN accounts c ON c.id = t.credit_id
  WHERE t.kind = 'posted' AND t.group_id LIKE 'stl_%' GROUP BY t.group_id
) m ON m.group_id = s.id
WHERE s.run_id IS NOT NULL AND s.amount_units <> COALESCE(m.units, 0)
  AND (s.paid_at IS NOT NULL OR m.units IS NOT NULL)
ORDER BY s.id LIMIT :limit

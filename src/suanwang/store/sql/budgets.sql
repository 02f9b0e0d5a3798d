-- name: budget_owners_share
-- Organisations of jobs, kept from having budgets set or removed until the transaction ends; any
-- number of jobs may be accepted meanwhile.
SELECT id FROM organisations
WHERE id IN (SELECT organisation_id FROM jobs WHERE id {in:jobs}) ORDER BY id {for_share}

-- name: budget_owner_lock
-- One organisation, locked so that nothing is held for it while its budgets change.
SELECT id FROM organisations WHERE id = :id {for_update}

-- name: budgets_covering
-- Budgets that count these jobs now. Ids of organisations, projects and members never meet.
SELECT j.id AS job_id, b.* FROM jobs j JOIN budgets b ON b.organisation_id = j.organisation_id
  AND b.subject_id IN (j.organisation_id, j.project_id, j.member_id)
WHERE j.id {in:jobs} AND b.removed_at IS NULL AND b.since_at <= :at ORDER BY j.id, b.id

-- name: budgets_over
-- Budgets over these organisations, projects and members now.
SELECT *,
  COALESCE((SELECT p.name FROM projects p WHERE p.id = subject_id),
    (SELECT m.name FROM members m WHERE m.id = subject_id),
    (SELECT o.name FROM organisations o WHERE o.id = subject_id)) AS subject
FROM budgets
WHERE subject_id {in:subjects} AND removed_at IS NULL AND since_at <= :at ORDER BY id

-- name: budget_add
-- A budget; the transfers there are now came before it.
INSERT INTO budgets (id, organisation_id, scope, subject_id, amount_units, stop, warn_at,
  job_max_units, hourly_max_units, since, since_at, after_seq, created_at, updated_at)
VALUES (:id, :organisation_id, :scope, :subject_id, :amount_units, :stop, :warn_at,
  :job_max_units, :hourly_max_units, :since, :since_at,
  (SELECT COALESCE(MAX(seq), 0) FROM transfers), :at, :at)

-- name: budget_save
-- What a budget says from now on.
UPDATE budgets SET amount_units = :amount_units, stop = :stop, warn_at = :warn_at,
  job_max_units = :job_max_units, hourly_max_units = :hourly_max_units,
  changes = changes + 1, updated_at = :at
WHERE id = :id

-- name: budget_remove
-- A budget's end; transfers made later are not mirrored on it.
UPDATE budgets SET removed_at = :at, updated_at = :at, changes = changes + 1,
  until_seq = (SELECT COALESCE(MAX(seq), 0) FROM transfers)
WHERE id = :id

-- name: budget_by_id
-- One budget.
SELECT *,
  COALESCE((SELECT p.name FROM projects p WHERE p.id = subject_id),
    (SELECT m.name FROM members m WHERE m.id = subject_id),
    (SELECT o.name FROM organisations o WHERE o.id = subject_id)) AS subject
FROM budgets WHERE id = :id

-- name: budget_of_subject
-- The budget of one organisation, project or member.
SELECT *,
  COALESCE((SELECT p.name FROM projects p WHERE p.id = subject_id),
    (SELECT m.name FROM members m WHERE m.id = subject_id),
    (SELECT o.name FROM organisations o WHERE o.id = subject_id)) AS subject
FROM budgets WHERE subject_id = :subject_id AND removed_at IS NULL

-- name: budgets_of
-- An organisation's budgets, removed ones at the end.
SELECT *,
  COALESCE((SELECT p.name FROM projects p WHERE p.id = subject_id),
    (SELECT m.name FROM members m WHERE m.id = subject_id),
    (SELECT o.name FROM organisations o WHERE o.id = subject_id)) AS subject
FROM budgets WHERE organisation_id = :organisation_id
ORDER BY CASE WHEN removed_at IS NULL THEN 0 ELSE 1 END, created_at, id LIMIT :limit

-- name: budgets_of_all
-- Everybody's budgets, removed ones at the end.
SELECT *,
  COALESCE((SELECT p.name FROM projects p WHERE p.id = subject_id),
    (SELECT m.name FROM members m WHERE m.id = subject_id),
    (SELECT o.name FROM organisations o WHERE o.id = subject_id)) AS subject
FROM budgets
ORDER BY CASE WHEN removed_at IS NULL THEN 0 ELSE 1 END, created_at, id LIMIT :limit

-- name: budgets_without_month
-- Budgets that have no account for a month yet.
SELECT b.* FROM budgets b LEFT JOIN budget_months m ON m.budget_id = b.id AND m.month = :month
WHERE b.removed_at IS NULL AND b.since_at < :until AND m.budget_id IS NULL ORDER BY b.id LIMIT :limit

-- name: budget_month_add
-- A budget's account of a month.
INSERT INTO budget_months (budget_id, month, account_id) VALUES (:budget_id, :month, :account_id)
ON CONFLICT DO NOTHING

-- name: budget_months_of
-- The accounts of budgets in one month.
SELECT * FROM budget_months WHERE month = :month AND budget_id {in:budgets} ORDER BY budget_id

-- name: budget_month_warned
-- The last threshold that was told of a month.
UPDATE budget_months SET warned = :warned WHERE budget_id = :budget_id AND month = :month

-- name: budget_standings
-- What budgets have taken in one month; no row where nothing was.
SELECT m.budget_id, a.balance_units, a.held_units FROM budget_months m
JOIN accounts a ON a.id = m.account_id
WHERE m.month = :month AND m.budget_id {in:budgets}

-- name: budget_mirrors
-- The mirrors of these holds.
SELECT m.*, o.account_id FROM budget_holds m
JOIN budget_months o ON o.budget_id = m.budget_id AND o.month = m.month
WHERE m.hold_id {in:holds} ORDER BY m.id

-- name: budget_mirrors_of_job
-- The mirrors of a job's holds out of which something was posted, the newest first.
SELECT m.*, o.account_id FROM budget_holds m
JOIN holds h ON h.id = m.id AND h.posted_units > 0
JOIN budget_months o ON o.budget_id = m.budget_id AND o.month = m.month
WHERE m.job_id = :job_id ORDER BY m.at DESC, m.id DESC

-- name: budget_mirror_add
-- Which hold mirrors which.
INSERT INTO budget_holds (id, hold_id, budget_id, month, job_id, at)
VALUES (:id, :hold_id, :budget_id, :month, :job_id, :at)

-- name: budget_holds_open
-- Open holds of jobs that a new budget covers, made since the start of its first month.
SELECT h.id, j.id AS job_id, h.amount_units, h.posted_units, t.at
FROM transfers t JOIN jobs j ON j.hold_id = t.id JOIN holds h ON h.id = t.id
WHERE t.debit_id = :account_id AND t.kind = 'pending' AND t.at >= :since
  AND :subject_id IN (j.organisation_id, j.project_id, j.member_id) AND h.state = 'open'
ORDER BY h.id

-- name: budget_used_before
-- What jobs that a new budget covers have paid out of holds of its first month, now closed.
SELECT CAST(COALESCE(SUM(h.posted_units), 0) AS BIGINT) AS units
FROM transfers t JOIN jobs j ON j.id = t.group_id JOIN holds h ON h.id = t.id
WHERE t.debit_id = :account_id AND t.kind = 'pending' AND t.at >= :since
  AND :subject_id IN (j.organisation_id, j.project_id, j.member_id) AND h.state <> 'open'

-- name: budget_jobs
-- Jobs that took of a budget in a month, the newest first, with their price of then and what later
-- corrections moved.
SELECT m.id, m.at, j.id AS job_id, j.name, j.state, j.member_id, j.project_id, j.price_units,
  j.cards, h.posted_units,
  CASE WHEN h.state = 'open' THEN h.amount_units - h.posted_units ELSE 0 END AS held_units,
  (SELECT CAST(COALESCE(SUM(CASE WHEN t.debit_id = o.account_id THEN t.amount_units
                                 ELSE -t.amount_units END), 0) AS BIGINT)
   FROM transfers t WHERE t.group_id = m.job_id AND t.kind = 'posted'
     AND (t.debit_id = o.account_id OR t.credit_id = o.account_id)
     AND m.id = (SELECT MAX(x.id) FROM budget_holds x
                 WHERE x.job_id = m.job_id AND x.budget_id = m.budget_id AND x.month = m.month)
  ) AS corrected_units
FROM budget_holds m JOIN jobs j ON j.id = m.job_id JOIN holds h ON h.id = m.id
JOIN budget_months o ON o.budget_id = m.budget_id AND o.month = m.month
WHERE m.budget_id = :budget_id AND m.month = :month AND m.id < :before
ORDER BY m.id DESC LIMIT :limit

-- name: verify_budgets
-- Budgets after :after, a page.
SELECT * FROM budgets WHERE id > :after ORDER BY id LIMIT :limit

-- name: verify_mirrors_missing
-- Holds of jobs that a budget covers and that it does not mirror: those of the buyer. What a broker
-- may lose by the job, and what a dispute of its bill froze, is no cost of the buyer's.
SELECT t.seq, t.id AS hold_id, j.id AS job_id, b.id AS budget_id FROM budgets b
JOIN jobs j ON j.organisation_id = b.organisation_id
  AND b.subject_id IN (j.organisation_id, j.project_id, j.member_id)
JOIN transfers t ON t.group_id = j.id AND t.kind = 'pending' AND t.asset = 'CNY'
JOIN accounts a ON a.id = t.debit_id AND a.organisation_id = j.organisation_id
WHERE NOT EXISTS (SELECT 1 FROM freezes f WHERE f.id = t.id)
  AND t.seq > b.after_seq AND (b.until_seq IS NULL OR t.seq <= b.until_seq) AND t.at >= b.since_at
  AND NOT EXISTS (SELECT 1 FROM budget_holds m WHERE m.hold_id = t.id AND m.budget_id = b.id)
ORDER BY t.seq, b.id LIMIT :limit

-- name: verify_mirrors
-- Mirrors that are not what they mirror, or of a job that their budget does not cover. What a hold
-- had before its budget was set is not in its mirror.
SELECT m.id, m.hold_id, m.budget_id, m.job_id, c.amount_units - c.posted_units AS mirror_left,
  c.posted_units AS mirror_posted, c.state AS mirror_state,
  h.amount_units - h.posted_units AS hold_left, h.posted_units AS hold_posted,
  h.state AS hold_state, t.group_id, t.at AS hold_at, m.at, o.account_id, c.debit_id
FROM budget_holds m
LEFT JOIN holds c ON c.id = m.id
LEFT JOIN holds h ON h.id = m.hold_id
LEFT JOIN transfers t ON t.id = m.hold_id
LEFT JOIN jobs j ON j.id = m.job_id
LEFT JOIN budgets b ON b.id = m.budget_id AND b.organisation_id = j.organisation_id
  AND b.subject_id IN (j.organisation_id, j.project_id, j.member_id)
LEFT JOIN budget_months o ON o.budget_id = m.budget_id AND o.month = m.month
WHERE c.id IS NULL OR h.id IS NULL OR b.id IS NULL OR o.account_id IS NULL
  OR c.debit_id <> o.account_id OR c.asset <> 'BUDGET' OR t.group_id <> m.job_id OR t.at <> m.at
  OR c.state <> h.state OR c.amount_units <> h.amount_units OR c.posted_units <> h.posted_units
ORDER BY m.id LIMIT :limit

-- name: verify_mirrors_extra
-- Holds of budget yuan that mirror nothing.
SELECT h.id FROM holds h LEFT JOIN budget_holds m ON m.id = h.id
WHERE h.asset = 'BUDGET' AND m.id IS NULL ORDER BY h.id LIMIT :limit

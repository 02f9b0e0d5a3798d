-- name: bills_to_export
-- Bills of a period with the names of what they are about, oldest first, after (created_at, id):
-- those that :owner pays, or (:earned = 1) earned by, as the centre or as a party of their lines;
-- :owner null means everybody's.
SELECT b.id, b.job_id, b.organisation_id, b.provider_id, b.lines, b.total_units, b.created_at,
  b.settled_at, j.name AS job_name, j.kind AS job_kind, j.project_id, j.centre_id, j.pool_id,
  j.usage, o.name AS organisation_name, p.name AS project_name, c.name AS centre_name, c.zone,
  c.city, l.chip
FROM bills b
JOIN jobs j ON j.id = b.job_id
JOIN organisations o ON o.id = b.organisation_id
LEFT JOIN projects p ON p.id = j.project_id
LEFT JOIN centres c ON c.id = j.centre_id
LEFT JOIN pools l ON l.id = j.pool_id
WHERE (b.created_at, b.id) > (:after_at, :after_id)
  AND b.created_at >= :since AND b.created_at < :until
  AND (CAST(:owner AS TEXT) IS NULL
    OR (:earned = 0 AND b.organisation_id = :owner)
    OR (:earned = 1 AND (b.provider_id = :owner OR b.lines LIKE '%' || :owner || '%')))
ORDER BY b.created_at, b.id LIMIT :limit

-- name: credits_to_export
-- Credit notes of a period with the names of what their bills are about, oldest first, after
-- (created_at, id): those that :owner got, or (:earned = 1) that took from what it had earned;
-- :owner null means everybody's.
SELECT b.id, b.job_id, b.organisation_id, b.provider_id, b.lines, b.total_units, b.created_at,
  b.settled_at, j.name AS job_name, j.kind AS job_kind, j.project_id, j.centre_id, j.pool_id,
  j.usage, o.name AS organisation_name, p.name AS project_name, c.name AS centre_name, c.zone,
  c.city, l.chip, n.id AS note_id, n.number, n.total_units AS note_units, n.created_at AS note_at,
  n.body AS note_body
FROM credit_notes n
JOIN bills b ON b.id = n.bill_id
JOIN jobs j ON j.id = b.job_id
JOIN organisations o ON o.id = b.organisation_id
LEFT JOIN projects p ON p.id = j.project_id
LEFT JOIN centres c ON c.id = j.centre_id
LEFT JOIN pools l ON l.id = j.pool_id
WHERE (n.created_at, n.id) > (:after_at, :after_id)
  AND n.created_at >= :since AND n.created_at < :until
  AND (CAST(:owner AS TEXT) IS NULL
    OR (:earned = 0 AND n.organisation_id = :owner)
    OR (:earned = 1 AND (n.seller_id = :owner OR n.body LIKE '%' || :owner || '%')))
ORDER BY n.created_at, n.id LIMIT :limit

-- name: journal_balances
-- What everybody's accounts held just before an instant. Budgets are limits and no money: journals
-- leave their accounts out.
SELECT a.id, a.organisation_id, a.name, a.asset, a.scale,
  CAST(COALESCE(c.units, 0) - COALESCE(d.units, 0) AS BIGINT) AS units
FROM accounts a
LEFT JOIN (SELECT credit_id, SUM(amount_units) AS units FROM transfers
           WHERE kind IN ('posted', 'post') AND at < :before GROUP BY credit_id) c
  ON c.credit_id = a.id
LEFT JOIN (SELECT debit_id, SUM(amount_units) AS units FROM transfers
           WHERE kind IN ('posted', 'post') AND at < :before GROUP BY debit_id) d
  ON d.debit_id = a.id
WHERE a.asset <> 'BUDGET'
ORDER BY a.organisation_id, a.asset, a.name, a.id

-- name: journal_transfers
-- Everybody's transfers of a period after a place in the ledger, in order.
SELECT t.seq, t.id, t.kind, t.asset, t.amount_units, t.pending_id, t.group_id, t.chain_id,
  t.reverses, t.at, t.debit_id, t.credit_id, d.organisation_id AS debit_owner,
  d.name AS debit_name, c.organisation_id AS credit_owner, c.name AS credit_name, d.scale
FROM transfers t
JOIN accounts d ON d.id = t.debit_id
JOIN accounts c ON c.id = t.credit_id
WHERE t.seq > :after AND t.at >= :since AND t.at < :until AND t.asset <> 'BUDGET'
ORDER BY t.seq LIMIT :limit

-- name: journal_transfers_of
-- The transfers of some accounts, in a period, after a place in the ledger, in order.
SELECT t.seq, t.id, t.kind, t.asset, t.amount_units, t.pending_id, t.group_id, t.chain_id,
  t.reverses, t.at, t.debit_id, t.credit_id, d.organisation_id AS debit_owner,
  d.name AS debit_name, c.organisation_id AS credit_owner, c.name AS credit_name, d.scale
FROM transfers t
JOIN accounts d ON d.id = t.debit_id
JOIN accounts c ON c.id = t.credit_id
WHERE (t.debit_id {in:ids} OR t.credit_id {in:ids})
  AND t.seq > :after AND t.at >= :since AND t.at < :until AND t.asset <> 'BUDGET'
ORDER BY t.seq LIMIT :limit

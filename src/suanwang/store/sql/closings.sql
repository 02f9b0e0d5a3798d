-- name: closing_last
-- The newest month whose books are closed.
SELECT month, until_at, closed_at FROM closings ORDER BY until_at DESC LIMIT 1

-- name: closing_before
-- The newest month whose books were closed up to an instant.
SELECT month, until_at, closed_at FROM closings WHERE until_at <= :until
ORDER BY until_at DESC LIMIT 1

-- name: closings_before
-- Closed months, newest first, from just before an instant, with what was put on record at the end.
SELECT c.month, c.until_at, c.closed_at, e.record FROM closings c
LEFT JOIN evidence e ON e.kind = 'closing' AND e.id = c.month
WHERE c.until_at < :before ORDER BY c.until_at DESC LIMIT :limit

-- name: closing_add
-- Closes a month: no transfer may be dated before its end any more.
INSERT INTO closings (month, until_at, closed_at) VALUES (:month, :until_at, :closed_at)

-- name: closing_step
-- What was put on record last about the closing of a month.
SELECT id, record FROM evidence
WHERE kind = 'closing' AND (id = :month OR id LIKE :month || '#%') ORDER BY seq DESC LIMIT 1

-- name: transfers_first
-- When the ledger's first transfer was made.
SELECT at FROM transfers ORDER BY seq LIMIT 1

-- name: transfers_newest
-- The newest transfer there is.
SELECT COALESCE(MAX(seq), 0) AS seq FROM transfers

-- name: transfers_next
-- The first transfer of a range that is dated from an instant on.
SELECT MIN(seq) AS seq FROM transfers WHERE seq >= :first AND seq <= :last AND at >= :since

-- name: accounts_after
-- A page of all accounts, in order of id, as they stand. Budgets' are not among them: what they
-- count is no money, and a budget has an account for each month.
SELECT id, organisation_id, name, asset, scale, floor_units, balance_units, held_units, owner_state
FROM accounts WHERE id > :after AND asset <> 'BUDGET' ORDER BY id LIMIT :limit

-- name: entries_counted
-- How many transfers touch each of these accounts in a range of the ledger.
SELECT account_id, CAST(SUM(entries) AS BIGINT) AS entries FROM (
  SELECT debit_id AS account_id, COUNT(*) AS entries FROM transfers
  WHERE debit_id {in:ids} AND seq >= :first AND seq <= :last GROUP BY debit_id
  UNION ALL
  SELECT credit_id, COUNT(*) FROM transfers
  WHERE credit_id {in:ids} AND seq >= :first AND seq <= :last GROUP BY credit_id
) counted GROUP BY account_id

-- name: entries_debited
-- What moved out of these accounts, of a range of the ledger, in order.
SELECT debit_id AS account_id, seq, id, at, -amount_units AS units FROM transfers
WHERE debit_id {in:ids} AND seq >= :first AND seq <= :last
  AND kind IN ('posted', 'post') AND at >= :since AND at < :before
ORDER BY seq LIMIT :limit

-- name: entries_credited
-- What moved into these accounts, of a range of the ledger, in order.
SELECT credit_id AS account_id, seq, id, at, amount_units AS units FROM transfers
WHERE credit_id {in:ids} AND seq >= :first AND seq <= :last
  AND kind IN ('posted', 'post') AND at >= :since AND at < :before
ORDER BY seq LIMIT :limit

-- name: moved_between
-- What moved into each account, less what moved out, from one instant to another.
SELECT account_id, CAST(SUM(units) AS BIGINT) AS units FROM (
  SELECT credit_id AS account_id, amount_units AS units FROM transfers
  WHERE credit_id {in:ids} AND seq >= :first AND kind IN ('posted', 'post')
    AND at >= :since AND at < :before
  UNION ALL
  SELECT debit_id, -amount_units FROM transfers
  WHERE debit_id {in:ids} AND seq >= :first AND kind IN ('posted', 'post')
    AND at >= :since AND at < :before
) moved GROUP BY account_id

-- name: held_between
-- What holds set aside of each account, less what went out of them, from one instant to another.
-- The last transfer about a hold that is over frees all that was left; those before, their amount.
SELECT account_id, CAST(SUM(units) AS BIGINT) AS units FROM (
  SELECT debit_id AS account_id, amount_units AS units FROM transfers
  WHERE debit_id {in:ids} AND seq >= :first AND kind = 'pending' AND at >= :since AND at < :before
  UNION ALL
  SELECT c.debit_id, -(CASE
      WHEN h.state <> 'open'
        AND NOT EXISTS (SELECT 1 FROM transfers x WHERE x.pending_id = h.id AND x.seq > c.seq)
      THEN p.amount_units - COALESCE((SELECT SUM(x.amount_units) FROM transfers x
                                      WHERE x.pending_id = h.id AND x.seq < c.seq), 0)
      ELSE c.amount_units END)
  FROM transfers c JOIN holds h ON h.id = c.pending_id JOIN transfers p ON p.id = h.id
  WHERE c.debit_id {in:ids} AND c.seq >= :first AND c.at >= :since AND c.at < :before
) held GROUP BY account_id

-- name: balances_until
-- What accounts held at an instant, told backwards: as they stand, less what moved since.
SELECT a.id, CAST(a.balance_units
  - COALESCE((SELECT SUM(t.amount_units) FROM transfers t WHERE t.credit_id = a.id
              AND t.seq >= :first AND t.kind IN ('posted', 'post') AND t.at >= :until), 0)
  + COALESCE((SELECT SUM(t.amount_units) FROM transfers t WHERE t.debit_id = a.id
              AND t.seq >= :first AND t.kind IN ('posted', 'post') AND t.at >= :until), 0)
  AS BIGINT) AS units
FROM accounts a WHERE a.id {in:ids}

-- name: statements_of
-- Frozen statements with these ids.
SELECT id, record FROM evidence WHERE kind = 'statement' AND id {in:ids}

-- name: statements_before
-- A page of an organisation's frozen statements, newest first.
SELECT seq, id, record, at FROM evidence
WHERE organisation_id = :organisation_id AND kind = 'statement' AND seq < :before
  AND (CAST(:month AS TEXT) IS NULL OR id LIKE '%/' || :month)
ORDER BY seq DESC LIMIT :limit

-- name: evidence_words
-- How many records there are about one thing: the first has its id, later ones "id#2", "id#3" …
-- They have no gaps, so each is asked for by its own name: the index on (kind, id) answers under any
-- collation, where LIKE reads the whole kind.
WITH RECURSIVE told (words) AS (
  SELECT 1 FROM evidence WHERE kind = :kind AND id = :id
  UNION ALL
  SELECT words + 1 FROM told WHERE 1 = (
    SELECT COUNT(*) FROM evidence
    WHERE kind = :kind AND id = CAST(:id AS TEXT) || '#' || CAST(words + 1 AS TEXT))
) SELECT COALESCE(MAX(words), 0) AS words FROM told

-- name: account_floor_save
-- Writes how far an account may go.
UPDATE accounts SET floor_units = :floor_units WHERE id = :id

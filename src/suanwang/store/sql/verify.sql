-- name: verify_pending
-- Rows that are not in the log yet.
SELECT (SELECT COUNT(*) FROM transfers WHERE seq > :transfers) AS transfers,
  (SELECT COUNT(*) FROM evidence WHERE seq > :evidence) AS evidence,
  (SELECT COUNT(*) FROM log_heads) AS heads

-- name: verify_holds
-- Holds that are not what the transfers about them lead to, the first :limit of them.
SELECT h.id, h.debit_id, h.credit_id, h.asset, h.amount_units, h.posted_units, h.state, h.expires_at,
  p.debit_id AS made_debit, p.credit_id AS made_credit, p.asset AS made_asset,
  p.amount_units AS made_units, p.expires_at AS made_expires_at,
  COALESCE(a.posted, 0) AS posted, COALESCE(a.voided, 0) AS voided, COALESCE(a.expired, 0) AS expired
FROM holds h LEFT JOIN transfers p ON p.id = h.id AND p.kind = 'pending'
LEFT JOIN (
  SELECT pending_id, SUM(CASE WHEN kind = 'post' THEN amount_units ELSE 0 END) AS posted,
    SUM(CASE WHEN kind = 'void' THEN amount_units ELSE 0 END) AS voided,
    SUM(CASE WHEN kind = 'expire' THEN amount_units ELSE 0 END) AS expired
  FROM transfers WHERE pending_id IS NOT NULL GROUP BY pending_id
) a ON a.pending_id = h.id
WHERE p.id IS NULL OR p.debit_id <> h.debit_id OR p.credit_id <> h.credit_id OR p.asset <> h.asset
  OR COALESCE(p.expires_at, -1) <> COALESCE(h.expires_at, -1)
  OR h.amount_units <> p.amount_units - COALESCE(a.voided, 0)
  OR h.posted_units <> COALESCE(a.posted, 0)
  OR NOT (CASE
      WHEN COALESCE(a.expired, 0) > 0 THEN h.state = 'expired'
      WHEN h.amount_units = h.posted_units THEN
        h.state = CASE WHEN h.posted_units > 0 THEN 'posted' ELSE 'voided' END
      ELSE h.state = 'open' OR (h.state = 'posted' AND h.posted_units > 0) END)
ORDER BY h.id LIMIT :limit

-- name: verify_holds_gone
-- Transfers that opened a hold, or are about one, of which no hold is left.
SELECT t.seq, t.id, COALESCE(t.pending_id, t.id) AS hold_id FROM transfers t
LEFT JOIN holds h ON h.id = COALESCE(t.pending_id, t.id)
WHERE (t.kind = 'pending' OR t.pending_id IS NOT NULL) AND h.id IS NULL ORDER BY t.seq LIMIT :limit

-- name: verify_chains
-- Chains that are not whole.
SELECT chain_id, MIN(seq) AS seq, COUNT(*) AS found, MAX(chain_size) AS size FROM transfers
WHERE chain_id IS NOT NULL GROUP BY chain_id
HAVING COUNT(*) <> MAX(chain_size) OR MIN(chain_size) <> MAX(chain_size)
  OR MIN(chain_place) <> 1 OR MAX(chain_place) <> MAX(chain_size)
ORDER BY MIN(seq) LIMIT :limit

-- name: verify_reversals
-- Reversals of what is not there, did not move, was moved otherwise, or by less than is taken back.
SELECT r.seq, r.id, r.reverses, r.amount_units, o.amount_units AS original_units,
  (SELECT SUM(x.amount_units) FROM transfers x WHERE x.reverses = r.reverses) AS reversed_units
FROM transfers r LEFT JOIN transfers o ON o.id = r.reverses
WHERE r.reverses IS NOT NULL AND (
  o.id IS NULL OR o.kind NOT IN ('posted', 'post') OR o.reverses IS NOT NULL
  OR r.kind <> 'posted' OR r.debit_id <> o.credit_id OR r.credit_id <> o.debit_id
  OR r.asset <> o.asset
  OR (SELECT SUM(x.amount_units) FROM transfers x WHERE x.reverses = r.reverses) > o.amount_units)
ORDER BY r.seq LIMIT :limit

-- name: verify_assets
-- Transfers over accounts of another asset, from an account to itself, or of nothing.
SELECT t.seq, t.id, t.asset, d.asset AS debit_asset, c.asset AS credit_asset, t.amount_units
FROM transfers t LEFT JOIN accounts d ON d.id = t.debit_id LEFT JOIN accounts c ON c.id = t.credit_id
WHERE d.id IS NULL OR c.id IS NULL OR d.asset <> t.asset OR c.asset <> t.asset
  OR t.debit_id = t.credit_id OR t.amount_units <= 0
ORDER BY t.seq LIMIT :limit

-- name: verify_days
-- Transfers that touched a market day after it was closed.
SELECT t.seq, t.id, t.day, t.at, m.closed_at FROM transfers t JOIN market_days m ON m.day = t.day
WHERE m.state = 'closed' AND t.at > m.closed_at ORDER BY t.seq LIMIT :limit

-- name: verify_bills
-- Bills after :after beside what was put on record of them.
SELECT b.id, b.job_id, b.organisation_id, b.provider_id, b.lines, b.total_units, b.created_at,
  e.record, e.seq FROM bills b LEFT JOIN evidence e ON e.kind = 'bill' AND e.id = b.id
WHERE b.id > :after ORDER BY b.id LIMIT :limit

-- name: verify_usage
-- Accepted usage after :after beside what was put on record of it.
SELECT u.id, u.job_id, u.centre_id, u.record AS usage, u.signature, u.received_at, e.record, e.seq
FROM usage_records u LEFT JOIN evidence e ON e.kind = 'usage' AND e.id = u.id
WHERE u.accepted = 1 AND u.id > :after ORDER BY u.id LIMIT :limit

-- name: verify_rounds
-- Rounds after :after beside what was put on record of them.
SELECT r.id, r.at, r.outcome, e.record, e.seq
FROM rounds r LEFT JOIN evidence e ON e.kind = 'round' AND e.id = r.id
WHERE r.id > :after ORDER BY r.id LIMIT :limit

-- name: verify_accounts
-- Accounts after :after beside what was put on record when they were opened.
SELECT a.id, a.organisation_id, a.name, a.asset, a.scale, a.floor_units, a.created_at,
  e.record, e.seq FROM accounts a LEFT JOIN evidence e ON e.kind = 'account' AND e.id = a.id
WHERE a.id > :after ORDER BY a.id LIMIT :limit

-- name: verify_orphans
-- What is on record of bills, usage, rounds and accounts that are not there any more.
SELECT e.seq, e.kind, e.id FROM evidence e WHERE
  (e.kind = 'usage' AND NOT EXISTS (SELECT 1 FROM usage_records u WHERE u.id = e.id AND u.accepted = 1))
  OR (e.kind = 'round' AND NOT EXISTS (SELECT 1 FROM rounds r WHERE r.id = e.id))
  OR (e.kind = 'account' AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = e.id))
  OR (e.kind = 'bill' AND NOT EXISTS (SELECT 1 FROM bills b WHERE b.id = e.id)
      AND e.id NOT LIKE '%#%')
ORDER BY e.seq LIMIT :limit

-- name: verify_since
-- When the first record was written: what is older than that has none.
SELECT MIN(at) AS at FROM evidence WHERE kind = :kind

-- name: verify_floors
-- A page of accounts, with what was put on record of how far each may go when it was opened.
SELECT a.id, a.asset, a.scale, a.floor_units,
  (SELECT e.record FROM evidence e WHERE e.kind = 'account' AND e.id = a.id) AS opened
FROM accounts a WHERE a.id > :after ORDER BY a.id LIMIT :limit

-- name: verify_limits
-- Every word about a credit limit, in order.
SELECT record FROM evidence WHERE kind = 'credit_limit' ORDER BY seq

-- name: verify_backdated
-- Transfers that came after the books were closed, dated before their end.
SELECT seq, id, at FROM transfers WHERE seq > :after AND at < :before ORDER BY seq LIMIT :limit

-- name: verify_closing_steps
-- What was put on record while a month was closed, in order.
SELECT seq, id, record FROM evidence
WHERE kind = 'closing' AND (id = :month OR id LIKE :month || '#%') ORDER BY seq

-- name: verify_statements
-- Statements that were put on record between two others.
SELECT record FROM evidence
WHERE seq > :after AND seq < :before AND kind = 'statement' ORDER BY seq

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

-- name: verify_orders
-- Orders after :after: jobs that were accepted.
SELECT id, organisation_id, project_id, member_id, name, kind, spec, limit_units, accepted_at
FROM jobs WHERE accepted_at IS NOT NULL AND id > :after ORDER BY id LIMIT :limit

-- name: verify_bills
-- Bills after :after.
SELECT id, job_id, organisation_id, provider_id, lines, total_units, created_at, day
FROM bills WHERE id > :after ORDER BY id LIMIT :limit

-- name: verify_usage
-- Accepted usage after :after.
SELECT id, job_id, centre_id, record AS usage, signature, received_at
FROM usage_records WHERE (accepted = 1 OR refusal = 'usage-corrected') AND id > :after ORDER BY id LIMIT :limit

-- name: verify_rounds
-- Rounds after :after.
SELECT id, at, outcome FROM rounds WHERE id > :after ORDER BY id LIMIT :limit

-- name: verify_accounts
-- Accounts after :after.
SELECT id, organisation_id, name, asset, scale, created_at
FROM accounts WHERE id > :after ORDER BY id LIMIT :limit

-- name: verify_organisations
-- Organisations after :after.
SELECT id, name, state, created_at FROM organisations WHERE id > :after ORDER BY id LIMIT :limit

-- name: verify_voucher_programmes
-- Programmes after :after that were filled in or funded.
SELECT id, organisation_id, rules, pool_units, created_at
FROM voucher_programmes WHERE changes > 0 AND id > :after ORDER BY id LIMIT :limit

-- name: verify_voucher_parties
-- What is known of firms, after :after.
SELECT organisation_id AS id, facts, at FROM voucher_parties
WHERE organisation_id > :after ORDER BY organisation_id LIMIT :limit

-- name: verify_voucher_grants
-- Grants after :after.
SELECT id, programme_id, organisation_id, amount_units, lapsed_units, issued_at, expires_at
FROM voucher_grants WHERE id > :after ORDER BY id LIMIT :limit

-- name: verify_voucher_claims
-- Claims after :after.
SELECT id, programme_id, organisation_id, supplier_id, contract_id, side, state, base_units,
  amount_units, bill_id, body, created_at
FROM voucher_claims WHERE id > :after ORDER BY id LIMIT :limit

-- name: verify_words
-- What was first put on record of things of one kind.
SELECT id, record FROM evidence WHERE kind = :kind AND id {in:ids}

-- name: verify_later_words
-- Of what there are words with a number: the seqs of the first and the newest of those.
SELECT {subject} AS subject, MIN(seq) AS first, MAX(seq) AS last FROM evidence
WHERE kind = :kind AND id LIKE '%#%' GROUP BY {subject}

-- name: verify_words_at
-- Records by their seqs.
SELECT e.seq, e.record FROM {each:seqs} AS told
JOIN evidence e ON e.seq = CAST(told.value ->> 'seq' AS BIGINT)

-- name: verify_all_words
-- Everything on record of things of one kind, in order.
SELECT {subject} AS subject, record FROM evidence
WHERE kind = :kind AND {subject} {in:ids} ORDER BY seq

-- name: verify_subjects
-- Of how many things of a kind something is on record.
SELECT COUNT(DISTINCT {subject}) AS subjects FROM evidence WHERE kind = :kind

-- name: verify_records_after
-- Records of a kind, in order, without what they say.
SELECT seq, id FROM evidence WHERE kind = :kind AND seq > :after ORDER BY seq LIMIT :limit

-- name: verify_since
-- When the first record was written: what is older than that has none.
SELECT MIN(at) AS at FROM evidence WHERE kind = :kind

-- name: verify_floors
-- A page of accounts, with what was put on record of how far each may go when it was opened, and
-- where its owner stands.
SELECT a.id, a.asset, a.scale, a.floor_units, a.owner_state,
  (SELECT o.state FROM organisations o WHERE o.id = a.organisation_id) AS state,
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

-- name: account_add
-- Opens an account; one that is there already stays as it is. The owner is locked, so that it cannot
-- close meanwhile without the account knowing.
INSERT INTO accounts (id, organisation_id, name, asset, scale, floor_units, created_at, owner_state)
VALUES (:id, :organisation_id, :name, :asset, :scale, :floor_units, :created_at,
  (SELECT state FROM organisations WHERE id = :organisation_id {for_update}))
ON CONFLICT (organisation_id, name, asset) DO NOTHING

-- name: account_by_owner
-- The account of an organisation with this name and asset.
SELECT id, organisation_id, name, asset, scale, floor_units, balance_units, held_units, owner_state
FROM accounts WHERE organisation_id = :organisation_id AND name = :name AND asset = :asset

-- name: account_by_id
-- One account, as it stands.
SELECT id, organisation_id, name, asset, scale, floor_units, balance_units, held_units, owner_state
FROM accounts WHERE id = :id

-- name: accounts_of
-- Every account of an organisation.
SELECT id, organisation_id, name, asset, scale, floor_units, balance_units, held_units, owner_state
FROM accounts WHERE organisation_id = :organisation_id ORDER BY asset, name

-- name: accounts_to_change
-- The accounts that a batch touches, locked in id order so that two batches cannot deadlock; with
-- them, so that no further question is needed, until when the books are closed.
SELECT id, organisation_id, name, asset, scale, floor_units, balance_units, held_units, owner_state,
  (SELECT MAX(until_at) FROM closings) AS closed_until
FROM accounts WHERE id {in:ids} ORDER BY id {for_update}

-- name: account_save
-- Writes an account's new balance and holds.
UPDATE accounts SET balance_units = :balance_units, held_units = :held_units WHERE id = :id

-- name: holds_to_change
-- The holds that a batch is about, locked in id order.
SELECT id, debit_id, credit_id, asset, amount_units, posted_units, state, expires_at,
  (SELECT scale FROM accounts a WHERE a.id = holds.debit_id) AS scale
FROM holds WHERE id {in:ids} ORDER BY id {for_update}

-- name: hold_by_id
-- One hold, as it stands.
SELECT id, debit_id, credit_id, asset, amount_units, posted_units, state, expires_at,
  (SELECT scale FROM accounts a WHERE a.id = holds.debit_id) AS scale
FROM holds WHERE id = :id

-- name: hold_save
-- Writes a hold, new or changed.
INSERT INTO holds (id, debit_id, credit_id, asset, amount_units, posted_units, state, expires_at)
VALUES (:id, :debit_id, :credit_id, :asset, :amount_units, :posted_units, :state, :expires_at)
ON CONFLICT (id) DO UPDATE SET
  amount_units = excluded.amount_units, posted_units = excluded.posted_units, state = excluded.state

-- name: holds_expired
-- Open holds whose time is over, longest over first.
SELECT id FROM holds WHERE state = 'open' AND expires_at <= :now ORDER BY expires_at, id LIMIT :limit {skip_locked}

-- name: transfers_made
-- Which of these transfers were made before, and with what body.
SELECT id, fingerprint FROM transfers WHERE id {in:ids}

-- name: transfers_to_reverse
-- Transfers that a batch takes back, locked in id order.
SELECT id, kind, debit_id, credit_id, asset, amount_units, reverses,
  (SELECT scale FROM accounts a WHERE a.id = transfers.debit_id) AS scale
FROM transfers WHERE id {in:ids} ORDER BY id {for_update}

-- name: transfers_reversed
-- What was taken back of these transfers before; asked after they are locked, so that it is all.
SELECT reverses AS id, CAST(SUM(amount_units) AS BIGINT) AS units
FROM transfers WHERE reverses {in:ids} GROUP BY reverses

-- name: transfers_of_chains
-- What the names of chains stand for already.
SELECT chain_id, id FROM transfers WHERE chain_id {in:ids}

-- name: market_days_closed
-- Which of these market days are closed.
SELECT day FROM market_days WHERE state = 'closed' AND day {in:ids}

-- name: transfer_add
-- Remembers a transfer; one with the same id is left as it is, and the caller sees 0 rows.
INSERT INTO transfers (id, kind, debit_id, credit_id, asset, amount_units, pending_id, expires_at,
  group_id, memo, fingerprint, at, chain_id, chain_place, chain_size, reverses, day)
VALUES (:id, :kind, :debit_id, :credit_id, :asset, :amount_units, :pending_id, :expires_at,
  :group_id, :memo, :fingerprint, :at, :chain_id, :chain_place, :chain_size, :reverses, :day)
ON CONFLICT (id) DO NOTHING

-- name: transfer_by_id
-- One transfer.
SELECT seq, id, kind, debit_id, credit_id, asset, amount_units, pending_id, expires_at, group_id,
  memo, at, chain_id, chain_place, chain_size, reverses, day,
  (SELECT scale FROM accounts a WHERE a.id = transfers.debit_id) AS scale
FROM transfers WHERE id = :id

-- name: transfers_of_group
-- Every transfer made for one purpose (a job, a settlement), in order.
SELECT seq, id, kind, debit_id, credit_id, asset, amount_units, pending_id, expires_at, group_id,
  memo, at, chain_id, chain_place, chain_size, reverses, day,
  (SELECT scale FROM accounts a WHERE a.id = transfers.debit_id) AS scale
FROM transfers WHERE group_id = :group_id ORDER BY seq LIMIT :limit

-- name: entries_of
-- What moved in and out of an account in a period, in order, a page at a time.
SELECT seq, id, debit_id, credit_id, amount_units, group_id, memo, at FROM transfers
WHERE (debit_id = :account_id OR credit_id = :account_id) AND kind IN ('posted', 'post')
  AND seq > :after AND at >= :since AND at < :until
ORDER BY seq LIMIT :limit

-- name: ledger_sums
-- Each account beside what its transfers and its open holds add up to.
SELECT a.id, a.organisation_id, a.name, a.asset, a.scale, a.floor_units, a.balance_units,
  a.held_units,
  a.owner_state,
  COALESCE(c.units, 0) AS credited_units, COALESCE(d.units, 0) AS debited_units,
  COALESCE(h.units, 0) AS open_holds_units
FROM accounts a
LEFT JOIN (SELECT credit_id, SUM(amount_units) AS units FROM transfers
           WHERE kind IN ('posted', 'post') GROUP BY credit_id) c ON c.credit_id = a.id
LEFT JOIN (SELECT debit_id, SUM(amount_units) AS units FROM transfers
           WHERE kind IN ('posted', 'post') GROUP BY debit_id) d ON d.debit_id = a.id
LEFT JOIN (SELECT debit_id, SUM(amount_units - posted_units) AS units FROM holds
           WHERE state = 'open' GROUP BY debit_id) h ON h.debit_id = a.id
ORDER BY a.id

-- name: transfers_count
-- How many transfers the ledger has.
SELECT COUNT(*) AS transfers FROM transfers

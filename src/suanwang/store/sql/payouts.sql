-- name: payout_account_of
-- Where an organisation's money goes.
SELECT * FROM payout_accounts WHERE id = :id

-- name: payout_accounts_of
-- Where some organisations' money goes.
SELECT * FROM payout_accounts WHERE id {in:ids}

-- name: payout_account_save
-- A payout account, in the place of an earlier one.
INSERT INTO payout_accounts (
    id, name, bank, number_masked, sealed, salt, number_sha256, usable_at, created_at, updated_at
) VALUES (
    :id, :name, :bank, :number_masked, :sealed, :salt, :number_sha256, :usable_at, :at, :at
) ON CONFLICT (id) DO UPDATE SET name = :name, bank = :bank, number_masked = :number_masked,
  sealed = :sealed, salt = :salt, number_sha256 = :number_sha256, usable_at = :usable_at,
  changes = payout_accounts.changes + 1, updated_at = :at

-- name: payout_add
-- A payout, as it was requested.
INSERT INTO payouts (
    id, reference, organisation_id, source, amount_units, state, hold_id, created_at, updated_at
) VALUES (
    :id, :reference, :organisation_id, :source, :amount_units, :state, :hold_id, :created_at,
    :created_at
)

-- name: payout_save
-- What became of a payout.
UPDATE payouts SET state = :state, batch_id = :batch_id, account_masked = :account_masked,
  transfer_id = :transfer_id, return_id = :return_id, reason = :reason, changes = changes + 1,
  updated_at = :updated_at
WHERE id = :id

-- name: payout_by_id
-- One payout.
SELECT * FROM payouts WHERE id = :id

-- name: payouts_of_references
-- The payouts that these references name.
SELECT * FROM payouts WHERE reference {in:references} ORDER BY id

-- name: payouts_waiting
-- Payouts that are requested and in no batch, oldest first.
SELECT p.*, o.state AS owner_state FROM payouts p JOIN organisations o ON o.id = p.organisation_id
WHERE p.state = 'requested' ORDER BY p.created_at, p.id LIMIT :limit

-- name: payouts_of_batch
-- The payouts of a batch.
SELECT * FROM payouts WHERE batch_id = :batch_id ORDER BY id

-- name: payouts_sent
-- Payouts that were sent to the bank and are on no statement yet.
SELECT * FROM payouts WHERE state = 'sent' ORDER BY id LIMIT :limit

-- name: payouts_page
-- Everybody's payouts, newest first.
SELECT * FROM payouts WHERE id < :before ORDER BY id DESC LIMIT :limit

-- name: payouts_page_of
-- An organisation's payouts, newest first.
SELECT * FROM payouts WHERE organisation_id = :organisation_id AND id < :before
ORDER BY id DESC LIMIT :limit

-- name: payout_batch_add
-- A batch, as it was made.
INSERT INTO payout_batches (
    id, day, cut_off_at, state, file_sha256, sealed, payouts, total_units, hands, left_out,
    created_at, updated_at
) VALUES (
    :id, :day, :cut_off_at, :state, :file_sha256, :sealed, :payouts, :total_units, :hands,
    :left_out, :created_at, :created_at
)

-- name: payout_batch_save
-- What became of a batch.
UPDATE payout_batches SET state = :state, hands = :hands, reason = :reason,
  changes = changes + 1, updated_at = :updated_at
WHERE id = :id

-- name: payout_batch_by_id
-- One batch.
SELECT * FROM payout_batches WHERE id = :id

-- name: payout_batches_page
-- Batches, newest first.
SELECT * FROM payout_batches WHERE id < :before ORDER BY id DESC LIMIT :limit

-- name: verify_payout_accounts
-- Payout accounts after :after, a page.
SELECT * FROM payout_accounts WHERE id > :after ORDER BY id LIMIT :limit

-- name: verify_payouts
-- Payouts after :after, a page.
SELECT * FROM payouts WHERE id > :after ORDER BY id LIMIT :limit

-- name: verify_payout_batches
-- Payout batches after :after, a page.
SELECT * FROM payout_batches WHERE id > :after ORDER BY id LIMIT :limit

-- name: verify_payout_holds
-- Payouts whose hold is not what their state says, or that were paid or returned by nothing.
SELECT p.id, p.state, p.amount_units, h.state AS hold_state, h.amount_units AS hold_units,
  h.posted_units FROM payouts p JOIN holds h ON h.id = p.hold_id
LEFT JOIN transfers t ON t.id = p.transfer_id LEFT JOIN transfers r ON r.id = p.return_id
WHERE NOT (CASE
  WHEN p.state IN ('requested', 'batched', 'approved', 'sent') THEN
    h.state = 'open' AND h.amount_units = p.amount_units AND h.posted_units = 0
  WHEN p.state = 'cancelled' THEN h.state = 'voided'
  WHEN p.state = 'paid' THEN h.state = 'posted' AND h.posted_units = p.amount_units
    AND COALESCE(t.pending_id, '') = h.id
  ELSE h.state = 'posted' AND h.posted_units = p.amount_units
    AND COALESCE(t.pending_id, '') = h.id AND COALESCE(r.reverses, '') = t.id END)
ORDER BY p.id LIMIT :limit

-- name: bank_line_add
-- A line of the bank, as it was imported and where it then stood.
INSERT INTO bank_lines (
    id, reference, bank_account, bank_line_id, day, amount_units, counterparty,
    counterparty_account, text, text_key, balance_units, fingerprint, file_sha256, place, state,
    doubt, target_kind, target_id, organisation_id, reason, transfer_id, moved_id, created_at,
    updated_at
) VALUES (
    :id, :reference, :bank_account, :bank_line_id, :day, :amount_units, :counterparty,
    :counterparty_account, :text, :text_key, :balance_units, :fingerprint, :file_sha256, :place,
    :state, :doubt, :target_kind, :target_id, :organisation_id, :reason, :transfer_id, :moved_id,
    :created_at, :created_at
)

-- name: bank_line_save
-- What became of a line.
UPDATE bank_lines SET state = :state, target_kind = :target_kind, target_id = :target_id,
  organisation_id = :organisation_id, reason = :reason, transfer_id = :transfer_id,
  moved_id = :moved_id, changes = changes + 1, updated_at = :updated_at
WHERE id = :id

-- name: bank_line_by_id
-- One line.
SELECT * FROM bank_lines WHERE id = :id

-- name: bank_lines_known
-- Lines of an account that were imported before.
SELECT id, bank_line_id, fingerprint FROM bank_lines
WHERE bank_account = :bank_account AND bank_line_id {in:ids}

-- name: bank_lines_last
-- The last line of an account, as the bank orders them.
SELECT place, balance_units FROM bank_lines WHERE bank_account = :bank_account
ORDER BY place DESC LIMIT 1

-- name: bank_lines_page
-- Lines, newest first.
SELECT * FROM bank_lines WHERE id < :before ORDER BY id DESC LIMIT :limit

-- name: bank_lines_open
-- Lines that somebody has still to do something about, newest first.
SELECT * FROM bank_lines
WHERE state IN ('suspense', 'returning', 'unbooked') AND id < :before ORDER BY id DESC LIMIT :limit

-- name: bank_line_returning
-- The lines that these references send back.
SELECT * FROM bank_lines WHERE reference {in:references} ORDER BY id

-- name: bank_line_of_reference
-- A line that came in and whose own id or text is this reference.
SELECT id FROM bank_lines WHERE amount_units > 0
  AND (text_key = :reference_key OR bank_line_id = :reference) ORDER BY id LIMIT 1

-- name: organisations_of_tails
-- Members whose ids end so.
SELECT id, state FROM organisations
WHERE kind = 'member' AND SUBSTR(id, LENGTH(id) - 15) {in:tails} ORDER BY id

-- name: top_up_add
-- A payment that was booked by hand.
INSERT INTO top_ups (id, organisation_id, reference_key, amount_units, at)
VALUES (:id, :organisation_id, :reference_key, :amount_units, :at)

-- name: top_ups_of_references
-- Payments booked by hand under these references, of which no line has come yet.
SELECT * FROM top_ups WHERE reference_key {in:keys} AND bank_line_id IS NULL ORDER BY id

-- name: top_up_open
-- A payment booked by hand, of which no line has come yet.
SELECT * FROM top_ups WHERE id = :id AND bank_line_id IS NULL

-- name: top_up_seen
-- The bank's line about a payment that was booked by hand has come.
UPDATE top_ups SET bank_line_id = :bank_line_id WHERE id = :id AND bank_line_id IS NULL

-- name: top_ups_open
-- Payments booked by hand before a day's end, of which no line came until then.
SELECT t.* FROM top_ups t LEFT JOIN bank_lines l ON l.id = t.bank_line_id
WHERE t.at < :before AND (l.id IS NULL OR l.day > :day) ORDER BY t.id LIMIT :limit

-- name: bank_booked_later
-- What was booked on our bank account for days after this one.
SELECT
  (SELECT COALESCE(SUM(amount_units), 0) FROM bank_lines
   WHERE day > :day AND state <> 'unbooked' AND COALESCE(target_kind, '') <> 'top-up') AS lines,
  (SELECT COALESCE(SUM(t.amount_units), 0) FROM top_ups t
   LEFT JOIN bank_lines l ON l.id = t.bank_line_id
   WHERE t.at >= :before AND (l.id IS NULL OR l.day > :day)) AS top_ups

-- name: bank_statement_sums
-- Every line until a day's end, added up, by account; and how many do not state a balance.
SELECT bank_account, SUM(amount_units) AS units,
  SUM(CASE WHEN balance_units IS NULL THEN 1 ELSE 0 END) AS silent
FROM bank_lines WHERE day <= :day GROUP BY bank_account ORDER BY bank_account

-- name: bank_first_line
-- The first line of an account.
SELECT amount_units, balance_units FROM bank_lines WHERE bank_account = :bank_account
ORDER BY day, place LIMIT 1

-- name: bank_open_ends
-- Balances that a line leads to and no line goes on from (1 or more), or the other way round. In a
-- statement without a gap there is one of each: its closing and its opening.
SELECT balance_units, SUM(ends) AS ends FROM (
  SELECT balance_units, 1 AS ends FROM bank_lines
  WHERE bank_account = :bank_account AND day <= :day AND balance_units IS NOT NULL
  UNION ALL
  SELECT balance_units - amount_units, -1 FROM bank_lines
  WHERE bank_account = :bank_account AND day <= :day AND balance_units IS NOT NULL
) AS each_line GROUP BY balance_units HAVING SUM(ends) <> 0 ORDER BY balance_units

-- name: bank_lines_waiting
-- Lines until a day's end that are nobody's yet.
SELECT * FROM bank_lines WHERE day <= :day
  AND state IN ('suspense', 'returning', 'unbooked') ORDER BY id LIMIT :limit

-- name: custody_sums
-- Yuan in accounts, by whether they are the exchange's and by name.
SELECT o.kind, a.name, SUM(a.balance_units) AS units FROM accounts a
JOIN organisations o ON o.id = a.organisation_id
WHERE a.asset = 'CNY' GROUP BY o.kind, a.name ORDER BY o.kind, a.name

-- name: verify_bank_lines
-- Bank lines after :after, a page.
SELECT * FROM bank_lines WHERE id > :after ORDER BY id LIMIT :limit

-- name: verify_line_transfers
-- Lines that are booked, and whose transfer is not there, is over another amount, or is not one that
-- debits the bank's account where money came in and credits it where money went out.
SELECT l.id, l.amount_units, l.transfer_id, t.amount_units AS moved_units FROM bank_lines l
LEFT JOIN transfers t ON t.id = l.transfer_id
LEFT JOIN accounts d ON d.id = t.debit_id LEFT JOIN accounts c ON c.id = t.credit_id
WHERE (l.state <> 'unbooked' AND (t.id IS NULL OR t.amount_units <> ABS(l.amount_units)
    OR CASE WHEN l.amount_units > 0 THEN d.name ELSE c.name END <> 'bank'))
  OR (l.state = 'unbooked' AND l.transfer_id IS NOT NULL)
ORDER BY l.id LIMIT :limit

-- name: verify_line_twice
-- Transfers that two lines say they made.
SELECT transfer_id, COUNT(*) AS lines FROM bank_lines WHERE transfer_id IS NOT NULL
GROUP BY transfer_id HAVING COUNT(*) > 1 ORDER BY transfer_id LIMIT :limit

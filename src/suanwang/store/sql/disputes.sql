-- name: bill_lock_of_job
-- The bill of one job, locked until the transaction ends: whatever is disputed or credited of it.
SELECT * FROM bills WHERE job_id = :job_id {for_update}

-- name: dispute_add
-- A dispute.
INSERT INTO disputes (
    id, job_id, bill_id, organisation_id, seller_id, state, reason, amount_units, due_at, body,
    created_at, updated_at
) VALUES (
    :id, :job_id, :bill_id, :organisation_id, :seller_id, :state, :reason, :amount_units, :due_at,
    :body, :created_at, :updated_at
)

-- name: dispute_save
-- A dispute after a step.
UPDATE disputes SET state = :state, due_at = :due_at, body = :body, updated_at = :updated_at,
  changes = changes + 1
WHERE id = :id AND changes = :changes

-- name: dispute_by_id
-- One dispute.
SELECT * FROM disputes WHERE id = :id

-- name: disputes_of_bill
-- The disputes of one bill, in order.
SELECT * FROM disputes WHERE bill_id = :bill_id ORDER BY id

-- name: disputes_of
-- The disputes in which an organisation is buyer or seller (null: everybody's), newest first.
SELECT * FROM disputes
WHERE id < :before
  AND (CAST(:owner AS TEXT) IS NULL OR organisation_id = :owner OR seller_id = :owner)
ORDER BY id DESC LIMIT :limit

-- name: disputes_due
-- Disputes that change by themselves now, longest due first; those whose day was not known, too.
SELECT id, job_id FROM disputes
WHERE state IN ('opened', 'contested') AND (due_at <= :now OR (due_at IS NULL AND updated_at < :stale))
  AND NOT EXISTS (
    SELECT 1 FROM bills b
    WHERE b.id = disputes.bill_id AND b.run_id IS NOT NULL AND b.settled_at IS NULL
  )
ORDER BY due_at, id LIMIT :limit

-- name: freeze_add
-- What a party set aside, or gave back at once.
INSERT INTO freezes (
    id, dispute_id, credit_note_id, bill_id, organisation_id, role, account_id, account_name,
    wanted_units, units, state
) VALUES (
    :id, :dispute_id, :credit_note_id, :bill_id, :organisation_id, :role, :account_id,
    :account_name, :wanted_units, :units, :state
)

-- name: freezes_end
-- What was frozen for a dispute is paid or released.
UPDATE freezes SET state = :state, credit_note_id = :credit_note_id
WHERE dispute_id = :dispute_id AND state = 'frozen'

-- name: freezes_of_disputes
-- What was frozen for disputes, in order.
SELECT * FROM freezes WHERE dispute_id {in:ids} ORDER BY id

-- name: freezes_before_settlement
-- What of these bills is not to be settled: frozen in, or given back out of, what was to be.
SELECT bill_id, organisation_id, role, CAST(SUM(units) AS BIGINT) AS units FROM freezes
WHERE bill_id {in:ids} AND account_name = 'receivable' AND state IN ('frozen', 'paid')
GROUP BY bill_id, organisation_id, role ORDER BY bill_id, organisation_id, role

-- name: credit_note_add
-- A credit note.
INSERT INTO credit_notes (
    id, number, dispute_id, job_id, bill_id, organisation_id, seller_id, amount_units, total_units,
    body, created_at
) VALUES (
    :id, :number, :dispute_id, :job_id, :bill_id, :organisation_id, :seller_id, :amount_units,
    :total_units, :body, :created_at
)

-- name: credit_note_by_id
-- One credit note.
SELECT * FROM credit_notes WHERE id = :id

-- name: credit_notes_of_bill
-- The credit notes of one bill, in order.
SELECT * FROM credit_notes WHERE bill_id = :bill_id ORDER BY id

-- name: credit_notes_of
-- The credit notes that an organisation got or gave (null: everybody's), newest first.
SELECT * FROM credit_notes
WHERE id < :before
  AND (CAST(:owner AS TEXT) IS NULL OR organisation_id = :owner OR seller_id = :owner)
ORDER BY id DESC LIMIT :limit

-- name: document_number_next
-- The next number of a series.
INSERT INTO document_numbers (series, last) VALUES (:series, 1)
ON CONFLICT (series) DO UPDATE SET last = document_numbers.last + 1
RETURNING last

-- name: voucher_claims_of_bill
-- The claims that were taken off one bill.
SELECT * FROM voucher_claims WHERE bill_id = :bill_id ORDER BY id

-- name: bundle_disputes
-- Every word about the disputes of a bill, and its credit notes.
SELECT e.* FROM evidence e JOIN disputes d ON e.kind = 'dispute' AND (e.id = d.id OR e.id LIKE d.id || '#%')
WHERE d.bill_id = :bill_id
UNION ALL
SELECT e.* FROM evidence e JOIN credit_notes c ON e.kind = 'credit_note' AND e.id = c.id
WHERE c.bill_id = :bill_id
ORDER BY seq

-- name: verify_disputes
-- A page of disputes.
SELECT * FROM disputes WHERE id > :after ORDER BY id LIMIT :limit

-- name: verify_credit_notes
-- A page of credit notes.
SELECT * FROM credit_notes WHERE id > :after ORDER BY id LIMIT :limit

-- name: verify_invoices
-- A page of invoices.
SELECT * FROM invoices WHERE id > :after ORDER BY id LIMIT :limit

-- name: verify_freezes
-- What disputes froze that is not held as they say: while they are open exactly that, then nothing.
SELECT f.id, f.dispute_id, f.units, f.state, f.account_id, h.state AS hold_state, h.debit_id,
  h.amount_units - h.posted_units AS "left", d.state AS dispute_state,
  CASE WHEN f.state = 'frozen' THEN 'open' ELSE 'decided' END AS wanted
FROM freezes f
LEFT JOIN holds h ON h.id = f.id
LEFT JOIN disputes d ON d.id = f.dispute_id
WHERE f.dispute_id IS NOT NULL AND f.units > 0 AND NOT COALESCE(
  h.debit_id = f.account_id AND (
    (f.state = 'frozen' AND h.state = 'open' AND h.amount_units - h.posted_units = f.units
      AND d.state IN ('opened', 'contested', 'escalated'))
    OR (f.state = 'paid' AND h.state = 'posted' AND h.posted_units = f.units
      AND d.state IN ('accepted', 'upheld'))
    OR (f.state = 'released' AND h.state = 'voided' AND d.state IN ('rejected', 'withdrawn'))),
  FALSE)
ORDER BY f.id LIMIT :limit

-- name: verify_freezes_stray
-- Holds that a dispute opened and no freeze knows.
SELECT t.seq, t.id, t.chain_id FROM transfers t
WHERE t.kind = 'pending' AND t.chain_id LIKE 'dsp!_%' ESCAPE '!'
  AND NOT EXISTS (SELECT 1 FROM freezes f WHERE f.id = t.id AND f.dispute_id = t.chain_id)
ORDER BY t.seq LIMIT :limit

-- name: verify_credit_notes_paid
-- Credit notes whose chain did not pay the buyer what they say.
SELECT c.id, c.total_units, p.paid FROM credit_notes c
LEFT JOIN (
  SELECT t.chain_id, a.organisation_id, CAST(SUM(t.amount_units) AS BIGINT) AS paid
  FROM transfers t JOIN accounts a ON a.id = t.credit_id
  WHERE t.chain_id LIKE 'crn!_%' ESCAPE '!' AND t.asset = 'CNY' AND a.name = 'available'
  GROUP BY t.chain_id, a.organisation_id
) p ON p.chain_id = c.id AND p.organisation_id = c.organisation_id
WHERE COALESCE(p.paid, 0) <> c.total_units ORDER BY c.id LIMIT :limit

-- name: verify_bills_credited
-- Bills of which more was credited than they cost.
SELECT b.id, b.total_units, CAST(SUM(c.total_units) AS BIGINT) AS credited
FROM credit_notes c JOIN bills b ON b.id = c.bill_id
GROUP BY b.id, b.total_units HAVING SUM(c.total_units) > b.total_units
ORDER BY b.id LIMIT :limit

-- name: verify_document_numbers
-- Years in which a number of a credit note or an invoice is missing or given twice.
SELECT * FROM (
  SELECT 'credit_notes' AS documents, SUBSTR(number, 1, 7) AS series, COUNT(*) AS found,
    MAX(CAST(SUBSTR(number, 9) AS BIGINT)) AS last
  FROM credit_notes GROUP BY SUBSTR(number, 1, 7)
  UNION ALL
  SELECT 'invoices', SUBSTR(number, 1, 8), COUNT(*), MAX(CAST(SUBSTR(number, 10) AS BIGINT))
  FROM invoices GROUP BY SUBSTR(number, 1, 8)
) n WHERE found <> last ORDER BY documents, series LIMIT :limit

-- name: verify_invoices_said
-- A page of invoices, each with what was put on record of it, and when its month was closed.
SELECT i.*, c.closed_at,
  (SELECT e.record FROM evidence e WHERE e.kind = 'invoice' AND e.id = i.id) AS record
FROM invoices i LEFT JOIN closings c ON c.month = i.month
WHERE i.id > :after ORDER BY i.id LIMIT :limit

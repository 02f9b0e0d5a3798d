-- name: bills_to_invoice
-- The bills of a month that an organisation bought, with their jobs' names, and each as it was on
-- record at the month's end: a correction that came later is told in its own month.
WITH RECURSIVE versions (number, suffix) AS (
  SELECT 1, '' UNION ALL
  SELECT number + 1, '#' || CAST(number + 1 AS TEXT) FROM versions WHERE number < :versions
)
SELECT b.id, b.job_id, b.organisation_id, b.provider_id, b.lines, b.total_units, b.created_at,
  j.name AS job_name,
  (SELECT e.record FROM versions v JOIN evidence e ON e.kind = 'bill' AND e.id = b.id || v.suffix
    WHERE v.number <= b.version AND e.at < :until ORDER BY v.number DESC LIMIT 1) AS record
FROM bills b JOIN jobs j ON j.id = b.job_id
WHERE b.organisation_id = :owner AND b.created_at >= :since AND b.created_at < :until
ORDER BY b.created_at, b.id LIMIT :limit

-- name: bills_earned
-- The bills of a month that an organisation earned by: as the centre, or as a party of their lines,
-- in any version: a correction may have taken it out of a bill since.
WITH RECURSIVE versions (number, suffix) AS (
  SELECT 1, '' UNION ALL
  SELECT number + 1, '#' || CAST(number + 1 AS TEXT) FROM versions WHERE number < :versions
)
SELECT b.id, b.job_id, b.organisation_id, b.provider_id, b.lines, b.total_units, b.created_at,
  j.name AS job_name,
  (SELECT e.record FROM versions v JOIN evidence e ON e.kind = 'bill' AND e.id = b.id || v.suffix
    WHERE v.number <= b.version AND e.at < :until ORDER BY v.number DESC LIMIT 1) AS record
FROM bills b JOIN jobs j ON j.id = b.job_id
WHERE b.created_at >= :since AND b.created_at < :until
  AND (b.provider_id = :owner OR (:sells = 1 AND (b.lines LIKE '%' || :owner || '%' OR (b.version > 1 AND EXISTS (
      SELECT 1 FROM versions w JOIN evidence x ON x.kind = 'bill' AND x.id = b.id || w.suffix
      WHERE w.number <= b.version AND x.record LIKE '%' || :owner || '%')))))
ORDER BY b.created_at, b.id LIMIT :limit

-- name: bills_corrected
-- Later versions of bills of earlier months that came on record in a month, with the one before.
WITH RECURSIVE versions (number, suffix) AS (
  SELECT 1, '' UNION ALL
  SELECT number + 1, '#' || CAST(number + 1 AS TEXT) FROM versions WHERE number < :versions
)
SELECT b.id, b.job_id, b.organisation_id, b.provider_id, e.id AS version_id, e.record, e.at,
  (SELECT x.record FROM evidence x JOIN versions w ON x.id = b.id || w.suffix
    WHERE x.kind = 'bill' AND w.number = v.number - 1) AS before
FROM bills b JOIN versions v ON v.number > 1 AND v.number <= b.version
  JOIN evidence e ON e.kind = 'bill' AND e.id = b.id || v.suffix
WHERE b.created_at >= :earliest AND b.created_at < :since AND e.at >= :since AND e.at < :until
  AND (b.organisation_id = :owner OR b.provider_id = :owner
    OR (:sells = 1 AND (b.lines LIKE '%' || :owner || '%' OR (b.version > 1 AND EXISTS (
      SELECT 1 FROM versions w JOIN evidence x ON x.kind = 'bill' AND x.id = b.id || w.suffix
      WHERE w.number <= b.version AND x.record LIKE '%' || :owner || '%')))))
ORDER BY e.seq LIMIT :limit

-- name: credit_notes_to_invoice
-- The credit notes of a month that an organisation got, or is named in.
SELECT * FROM credit_notes
WHERE created_at >= :since AND created_at < :until
  AND (organisation_id = :owner OR seller_id = :owner OR body LIKE '%' || :owner || '%')
ORDER BY created_at, id LIMIT :limit

-- name: organisations_to_invoice
-- Organisations that bought, earned, were credited or corrected in a month and have no invoice of
-- it; who sells by contracts is looked at each month, for what it is named in others' bills.
SELECT o.id FROM organisations o
WHERE o.kind <> 'exchange' AND o.id > :after
  AND NOT EXISTS (SELECT 1 FROM invoices i WHERE i.organisation_id = o.id AND i.month = :month)
  AND (EXISTS (SELECT 1 FROM bills b WHERE b.organisation_id = o.id
               AND b.created_at >= :since AND b.created_at < :until)
    OR EXISTS (SELECT 1 FROM bills b WHERE b.provider_id = o.id
               AND b.created_at >= :since AND b.created_at < :until)
    OR EXISTS (SELECT 1 FROM credit_notes c WHERE (c.organisation_id = o.id OR c.seller_id = o.id)
               AND c.created_at >= :since AND c.created_at < :until)
    OR EXISTS (SELECT 1 FROM corrections k WHERE k.state = 'applied'
               AND (k.organisation_id = o.id OR k.centre_owner = o.id)
               AND k.updated_at >= :since AND k.updated_at < :until)
    OR EXISTS (SELECT 1 FROM contracts k WHERE k.owner_id = o.id OR k.partner_id = o.id))
ORDER BY o.id LIMIT :limit

-- name: organisation_is_partner
-- Whether an organisation is the broker or carrier of any contract.
SELECT 1 AS found FROM contracts WHERE partner_id = :id LIMIT 1

-- name: invoice_add
-- An invoice.
INSERT INTO invoices (id, number, organisation_id, month, sha256, created_at)
VALUES (:id, :number, :organisation_id, :month, :sha256, :created_at)

-- name: invoice_by_id
-- One invoice, with what was put on record of it.
SELECT i.*, e.record FROM invoices i JOIN evidence e ON e.kind = 'invoice' AND e.id = i.id
WHERE i.id = :id OR i.number = :id

-- name: invoice_of_month
-- The invoice of an organisation and month.
SELECT id FROM invoices WHERE organisation_id = :owner AND month = :month

-- name: invoices_of
-- The invoices of an organisation (null: everybody's), newest first.
SELECT i.*, e.record FROM invoices i JOIN evidence e ON e.kind = 'invoice' AND e.id = i.id
WHERE i.id < :before AND (CAST(:owner AS TEXT) IS NULL OR i.organisation_id = :owner)
ORDER BY i.id DESC LIMIT :limit

-- name: invoice_numbers_of
-- The numbers of the invoices of organisations' months, to be named in an export.
SELECT organisation_id, month, number FROM invoices
WHERE organisation_id {in:ids} AND month {in:months}

-- name: credit_codes
-- What was put on record when organisations were verified, in order.
SELECT organisation_id, record FROM evidence WHERE kind = 'party' AND organisation_id {in:ids}
ORDER BY seq

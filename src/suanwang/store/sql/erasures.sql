-- name: erasures_all
-- Every erasure that is on record, in order.
SELECT seq, id, record FROM evidence WHERE kind = 'erasure' AND seq <= :until ORDER BY seq

-- name: erasures_of
-- The erasures that name a record of this id.
SELECT * FROM evidence WHERE kind = 'erasure' AND record LIKE '%"id":"' || :id || '","index":%' ORDER BY seq

-- name: erasure_orders_of_member
-- The orders of a member's jobs that still say something, and where each job stands.
SELECT j.id, j.state FROM jobs j JOIN evidence e ON e.kind = 'order' AND e.id = j.id
WHERE j.member_id = :member_id AND e.record <> '{}' ORDER BY j.id LIMIT :limit

-- name: erase_record
-- Takes what a record said away.
UPDATE evidence SET record = '{}' WHERE seq = :seq

-- name: erase_salts
-- Writes a segment's salts again, some of them zeros.
UPDATE log_segments SET salts = :salts WHERE first_leaf = :first_leaf

-- name: erase_job
-- Takes away what a job's row repeats of its order.
UPDATE jobs SET name = '', spec = '{}' WHERE id = :id

-- name: erase_voucher_party
-- Takes away what is known of a firm, if the erased word is the newest.
UPDATE voucher_parties SET facts = '{}' WHERE organisation_id = :organisation_id AND changes = :changes

-- name: erase_member
-- Takes a removed member's name away.
UPDATE members SET name = '' WHERE id = :id AND removed_at IS NOT NULL

-- name: erase_member_records
-- What operators did about a member.
SELECT seq, body FROM operator_records WHERE action = 'add-member' AND body LIKE '%"' || :id || '"%'

-- name: erase_member_record
-- Writes what an operator did again, without the name.
UPDATE operator_records SET body = :body WHERE seq = :seq

-- name: erase_member_events
-- Tells of a member without the name.
UPDATE outbox SET body = :body WHERE kind = 'member.added' AND subject = :id

-- name: record_add
-- Appends what an operator did.
INSERT INTO operator_records (at, key_id, action, body) VALUES (:at, :key_id, :action, :body)

-- name: records_before
-- A page of records, newest first.
SELECT seq, at, key_id, action, body FROM operator_records
WHERE seq < :before ORDER BY seq DESC LIMIT :limit

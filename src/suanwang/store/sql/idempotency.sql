-- name: idempotency_begin
-- Claims a key for a request; 0 rows when it was claimed before.
INSERT INTO idempotency (key_id, idempotency_key, fingerprint, created_at)
VALUES (:key_id, :idempotency_key, :fingerprint, :created_at)
ON CONFLICT (key_id, idempotency_key) DO NOTHING

-- name: idempotency_finish
-- Keeps the answer.
UPDATE idempotency SET status = :status, body = :body, content_type = :content_type
WHERE key_id = :key_id AND idempotency_key = :idempotency_key AND status IS NULL

-- name: idempotency_lookup
-- What was asked and answered under a key.
SELECT fingerprint, status, body, content_type FROM idempotency
WHERE key_id = :key_id AND idempotency_key = :idempotency_key

-- name: idempotency_prune
-- Forgets old answers, a bounded number at a time.
DELETE FROM idempotency WHERE (key_id, idempotency_key) IN (
  SELECT key_id, idempotency_key FROM idempotency WHERE created_at < :before
  ORDER BY created_at LIMIT :limit)

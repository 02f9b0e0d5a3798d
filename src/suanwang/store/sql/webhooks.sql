-- name: webhook_add
-- Remembers a webhook.
INSERT INTO webhooks (id, organisation_id, url, secret, kinds, state, created_at)
VALUES (:id, :organisation_id, :url, :secret, :kinds, :state, :created_at)

-- name: webhooks_of
-- An organisation's webhooks, oldest first.
SELECT id, organisation_id, url, secret, kinds, state, created_at FROM webhooks
WHERE organisation_id = :organisation_id ORDER BY id LIMIT :limit

-- name: webhooks_open
-- Every webhook that events are sent to.
SELECT id, organisation_id, url, secret, kinds, state, created_at FROM webhooks
WHERE state = 'open' ORDER BY id

-- name: webhook_by_id
-- One webhook.
SELECT id, organisation_id, url, secret, kinds, state, created_at FROM webhooks WHERE id = :id

-- name: webhook_remove
-- Forgets a webhook.
DELETE FROM webhooks WHERE id = :id

-- name: deliveries_remove
-- Forgets what was sent to a webhook.
DELETE FROM deliveries WHERE webhook_id = :webhook_id

-- name: delivery_add
-- Queues an event for a webhook, once.
INSERT INTO deliveries (webhook_id, event_id, attempt, next_try_at, state)
VALUES (:webhook_id, :event_id, 0, :next_try_at, 'waiting')
ON CONFLICT (webhook_id, event_id) DO NOTHING

-- name: deliveries_lock
-- Takes waiting deliveries whose time has come and whose lock is free or over.
WITH due AS MATERIALIZED (
  SELECT webhook_id, event_id FROM deliveries
  WHERE state = 'waiting' AND next_try_at <= :now AND (lock_until IS NULL OR lock_until <= :now)
  ORDER BY next_try_at, webhook_id, event_id LIMIT :limit {skip_locked})
UPDATE deliveries SET lock_token = :lock_token, lock_until = :lock_until
WHERE (webhook_id, event_id) IN (SELECT webhook_id, event_id FROM due)
RETURNING webhook_id, event_id, attempt, next_try_at, state, status

-- name: delivery_save
-- Writes how a delivery went, if the claim still holds it.
UPDATE deliveries SET attempt = :attempt, state = :state, status = :status,
  next_try_at = :next_try_at, lock_token = NULL, lock_until = NULL
WHERE webhook_id = :webhook_id AND event_id = :event_id AND lock_token = :lock_token

-- name: deliveries_of
-- A webhook's deliveries, newest event first.
SELECT webhook_id, event_id, attempt, next_try_at, state, status FROM deliveries
WHERE webhook_id = :webhook_id ORDER BY event_id DESC LIMIT :limit

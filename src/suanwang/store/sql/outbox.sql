-- name: event_add
-- Writes an event that has no number yet.
INSERT INTO outbox (id, organisation_id, kind, subject, body, at)
VALUES (:id, :organisation_id, :kind, :subject, :body, :at)

-- name: events_number
-- Numbers visible events in the order written, on from the newest number; the caller holds the lock.
UPDATE outbox SET seq = fresh.seq
FROM (SELECT number, (SELECT COALESCE(MAX(seq), 0) FROM outbox)
             + ROW_NUMBER() OVER (ORDER BY number) AS seq
      FROM outbox WHERE seq IS NULL ORDER BY number LIMIT :limit) AS fresh
WHERE outbox.number = fresh.number

-- name: events_last
-- The newest number.
SELECT COALESCE(MAX(seq), 0) AS seq FROM outbox

-- name: events_after
-- Every organisation's events after a number.
SELECT id, seq, organisation_id, kind, subject, body, at FROM outbox
WHERE seq > :seq ORDER BY seq LIMIT :limit

-- name: events_after_of
-- One organisation's events after a number.
SELECT id, seq, organisation_id, kind, subject, body, at FROM outbox
WHERE organisation_id = :organisation_id AND seq > :seq ORDER BY seq LIMIT :limit

-- name: event_by_id
-- One event.
SELECT id, seq, organisation_id, kind, subject, body, at FROM outbox WHERE id = :id

-- name: events_prune
-- Forgets old published events; the newest stays, since numbering goes on from it.
DELETE FROM outbox WHERE number IN (
  SELECT number FROM outbox
  WHERE seq IS NOT NULL AND at < :before AND seq < (SELECT MAX(seq) FROM outbox)
  ORDER BY seq LIMIT :limit)

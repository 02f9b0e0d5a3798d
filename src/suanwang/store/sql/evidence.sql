-- name: evidence_add
-- Appends one record; the database refuses a second of its kind and id.
INSERT INTO evidence (kind, id, organisation_id, record, at)
VALUES (:kind, :id, :organisation_id, :record, :at)

-- name: evidence_by_id
-- One record.
SELECT * FROM evidence WHERE kind = :kind AND id = :id

-- name: evidence_after
-- Records after :after, in the order in which they were written.
SELECT * FROM evidence WHERE seq > :after ORDER BY seq LIMIT :limit

-- name: round_add
-- What one round decided.
INSERT INTO rounds (id, at, outcome) VALUES (:id, :at, :outcome)

-- name: round_by_id
-- One round.
SELECT * FROM rounds WHERE id = :id

-- name: secret_keep
-- Remembers a sealed value under its name, in the place of an earlier one.
INSERT INTO secrets (organisation_id, name, sealed, created_at)
VALUES (:organisation_id, :name, :sealed, :created_at)
ON CONFLICT (organisation_id, name)
DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at

-- name: secrets_of
-- An organisation's secrets, without their values.
SELECT organisation_id, name, created_at FROM secrets
WHERE organisation_id = :organisation_id ORDER BY name LIMIT :limit

-- name: secrets_known
-- Which of these names an organisation has a secret for.
SELECT name FROM secrets WHERE organisation_id = :organisation_id AND name {in:names}

-- name: secrets_sealed
-- The sealed values under these names, of these organisations.
SELECT organisation_id, name, sealed FROM secrets
WHERE organisation_id {in:owners} AND name {in:names}

-- name: secrets_sample
-- One sealed value, to see whether the server's key opens it.
SELECT organisation_id, name, sealed FROM secrets ORDER BY created_at DESC LIMIT 1

-- name: secret_remove
-- Forgets a secret.
DELETE FROM secrets WHERE organisation_id = :organisation_id AND name = :name

-- name: organisation_add
-- Remembers an organisation.
INSERT INTO organisations (id, name, kind, state, created_at)
VALUES (:id, :name, :kind, :state, :created_at)

-- name: organisation_by_id
-- One organisation.
SELECT id, name, kind, state, created_at FROM organisations WHERE id = :id

-- name: organisation_exchange
-- The exchange's own organisation, of which there is one.
SELECT id, name, kind, state, created_at FROM organisations WHERE kind = 'exchange' ORDER BY id LIMIT 1

-- name: organisations_after
-- A page of organisations by id; ids sort by the time they were made.
SELECT id, name, kind, state, created_at FROM organisations WHERE id > :after ORDER BY id LIMIT :limit

-- name: project_add
-- Remembers a project.
INSERT INTO projects (id, organisation_id, name, created_at)
VALUES (:id, :organisation_id, :name, :created_at)

-- name: project_by_name
-- An organisation's project of that name.
SELECT id, organisation_id, name, created_at FROM projects
WHERE organisation_id = :organisation_id AND name = :name

-- name: member_add
-- Remembers a member.
INSERT INTO members (id, organisation_id, name, created_at)
VALUES (:id, :organisation_id, :name, :created_at)

-- name: key_add
-- Remembers a key by the hash of its secret.
INSERT INTO keys (id, organisation_id, project_id, member_id, centre_id, role, hash, created_at)
VALUES (:id, :organisation_id, :project_id, :member_id, :centre_id, :role, :hash, :created_at)

-- name: key_by_id
-- One key, revoked or not.
SELECT id, organisation_id, project_id, member_id, centre_id, role, hash, created_at, revoked_at
FROM keys WHERE id = :id

-- name: keys_of
-- An organisation's keys, oldest first.
SELECT id, organisation_id, project_id, member_id, centre_id, role, hash, created_at, revoked_at
FROM keys WHERE organisation_id = :organisation_id ORDER BY id LIMIT :limit

-- name: key_revoke
-- Revokes a key that is still good.
UPDATE keys SET revoked_at = :revoked_at WHERE id = :id AND revoked_at IS NULL

-- name: organisation_add
-- Remembers an organisation.
INSERT INTO organisations (id, name, kind, state, created_at)
VALUES (:id, :name, :kind, :state, :created_at)

-- name: organisation_by_id
-- One organisation.
SELECT id, name, kind, state, created_at FROM organisations WHERE id = :id

-- name: organisation_to_change
-- One organisation, locked: one word about it at a time.
SELECT id, name, kind, state, created_at FROM organisations WHERE id = :id {for_update}

-- name: organisation_set_state
-- Writes where an organisation stands.
UPDATE organisations SET state = :state WHERE id = :id

-- name: accounts_set_owner_state
-- Writes it beside each of its accounts too, locked in id order as every batch locks them.
UPDATE accounts SET owner_state = :state WHERE id IN (
  SELECT id FROM accounts WHERE organisation_id = :id ORDER BY id {for_update})

-- name: organisation_exchange
-- The exchange's own organisation, of which there is one.
SELECT id, name, kind, state, created_at FROM organisations WHERE kind = 'exchange' ORDER BY id LIMIT 1

-- name: organisations_after
-- A page of organisations by id; ids sort by the time they were made.
SELECT id, name, kind, state, created_at FROM organisations WHERE id > :after ORDER BY id LIMIT :limit

-- name: project_add
-- Remembers a project, unless the organisation has one of that name.
INSERT INTO projects (id, organisation_id, name, created_at)
VALUES (:id, :organisation_id, :name, :created_at)
ON CONFLICT (organisation_id, name) DO NOTHING

-- name: project_by_name
-- An organisation's project of that name.
SELECT id, organisation_id, name, created_at FROM projects
WHERE organisation_id = :organisation_id AND name = :name

-- name: project_by_id
-- One project.
SELECT id, organisation_id, name, created_at FROM projects WHERE id = :id

-- name: projects_after
-- A page of an organisation's projects by id; ids sort by the time they were made.
SELECT id, organisation_id, name, created_at FROM projects
WHERE organisation_id = :organisation_id AND id > :after ORDER BY id LIMIT :limit

-- name: member_add
-- Remembers a member.
INSERT INTO members (id, organisation_id, name, created_at)
VALUES (:id, :organisation_id, :name, :created_at)

-- name: member_by_id
-- One member, removed or not; locked, so that no key is made for who is being removed.
SELECT id, organisation_id, name, created_at, removed_at FROM members WHERE id = :id {for_update}

-- name: members_after
-- A page of an organisation's members by id, removed ones too.
SELECT id, organisation_id, name, created_at, removed_at FROM members
WHERE organisation_id = :organisation_id AND id > :after ORDER BY id LIMIT :limit

-- name: member_roles
-- What the good keys of some members may be used for.
SELECT DISTINCT member_id, role FROM keys
WHERE organisation_id = :organisation_id AND revoked_at IS NULL AND member_id {in:members}
ORDER BY member_id, role

-- name: member_remove
-- Notes that a member has left.
UPDATE members SET removed_at = :removed_at WHERE id = :id AND removed_at IS NULL

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

-- name: keys_revoke_of_member
-- Revokes a member's keys that are still good.
UPDATE keys SET revoked_at = :revoked_at
WHERE organisation_id = :organisation_id AND member_id = :member_id AND revoked_at IS NULL
RETURNING id

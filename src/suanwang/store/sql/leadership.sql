-- name: leader_row
-- Makes sure that there is a row to lock; nobody leads yet.
INSERT INTO leaders (name, holder, epoch, expires_at) VALUES (:name, '', 0, 0)
ON CONFLICT (name) DO NOTHING

-- name: leader_to_change
-- Who leads, locked until the transaction ends.
SELECT name, holder, epoch, expires_at FROM leaders WHERE name = :name {for_update}

-- name: leader_by_name
-- Who leads, or led last.
SELECT name, holder, epoch, expires_at FROM leaders WHERE name = :name

-- name: leader_take
-- Prolongs the holder's own lead, or takes one that has expired with the next epoch.
UPDATE leaders SET epoch = CASE WHEN holder = :holder THEN epoch ELSE epoch + 1 END,
  holder = :holder, expires_at = :expires_at
WHERE name = :name AND (holder = :holder OR expires_at <= :now)
RETURNING epoch

-- name: leader_release
-- Gives the lead up; the epoch stays, so the next holder's is higher.
UPDATE leaders SET expires_at = 0 WHERE name = :name AND holder = :holder AND epoch = :epoch

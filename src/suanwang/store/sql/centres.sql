-- name: centre_add
-- A centre as the operator registers it.
INSERT INTO centres (
    id, organisation_id, name, zone, city, province, facts, state, created_at, price_version
) VALUES (
    :id, :organisation_id, :name, :zone, :city, :province, :facts, :state, :created_at,
    :price_version
)

-- name: centre_by_id
-- One centre; what is for sale is public.
SELECT * FROM centres WHERE id = :id

-- name: centre_for_update
-- One centre, locked until the transaction ends.
SELECT * FROM centres WHERE id = :id {for_update}

-- name: centre_named
-- A centre by its name.
SELECT * FROM centres WHERE name = :name

-- name: centres_page
-- A page of centres, oldest first, after the row (created_at, id).
SELECT * FROM centres WHERE (created_at, id) > (:created_at, :id)
ORDER BY created_at, id LIMIT :limit

-- name: centres_all
-- Every centre that takes part.
SELECT * FROM centres WHERE state <> 'left' ORDER BY created_at, id

-- name: centre_save
-- What a centre's agent says about it.
UPDATE centres SET public_key = :public_key, facts = :facts, state = :state,
    last_seen_at = :last_seen_at, price_version = :price_version
WHERE id = :id

-- name: centre_seen
-- A centre's agent was heard.
UPDATE centres SET last_seen_at = :last_seen_at WHERE id = :id

-- name: pool_save
-- A pool as its agent reports it, by its name at the centre.
INSERT INTO pools (id, centre_id, organisation_id, name, chip, facts, state, created_at, price_version)
VALUES (:id, :centre_id, :organisation_id, :name, :chip, :facts, :state, :created_at,
    :price_version)
ON CONFLICT (centre_id, name) DO UPDATE SET
    chip = excluded.chip, facts = excluded.facts, state = excluded.state,
    price_version = excluded.price_version

-- name: pools_of_centre
-- The pools of a centre, by name.
SELECT * FROM pools WHERE centre_id = :centre_id ORDER BY name

-- name: pools_open
-- Every pool for sale.
SELECT p.* FROM pools p JOIN centres c ON c.id = p.centre_id
WHERE p.state = 'open' AND c.state <> 'left' ORDER BY p.id

-- name: pool_by_id
-- One pool.
SELECT * FROM pools WHERE id = :id

-- name: pools_for_update
-- The open pools, locked in one order, so that no two decisions sell the same cards.
SELECT * FROM pools WHERE state = 'open' ORDER BY id {for_update}

-- name: pools_of_centre_for_update
-- The pools of one centre, locked in the same order.
SELECT * FROM pools WHERE centre_id = :centre_id ORDER BY id {for_update}

-- name: contract_add
-- A contract as it is proposed.
INSERT INTO contracts (
    id, kind, owner_id, partner_id, proposer_id, from_at, until_at, state, body, created_at,
    updated_at
) VALUES (
    :id, :kind, :owner_id, :partner_id, :proposer_id, :from_at, :until_at, :state, :body,
    :created_at, :updated_at
)

-- name: contract_save
-- A contract after a step.
UPDATE contracts SET state = :state, body = :body, updated_at = :updated_at WHERE id = :id

-- name: contract_by_id
-- One contract.
SELECT * FROM contracts WHERE id = :id

-- name: contract_for_update
-- One contract, locked until the transaction ends.
SELECT * FROM contracts WHERE id = :id {for_update}

-- name: contracts_of
-- The contracts that an organisation is party to (null: everybody's), newest first.
SELECT * FROM contracts
WHERE id < :before
  AND (CAST(:party AS TEXT) IS NULL OR owner_id = :party OR partner_id = :party)
ORDER BY id DESC LIMIT :limit

-- name: contracts_in_force
-- The contracts that are in force at an instant, oldest first: the first that covers a pool counts.
SELECT * FROM contracts
WHERE state = 'agreed' AND from_at <= :now AND (until_at IS NULL OR until_at > :now)
ORDER BY id

-- name: broker_price_add
-- A price list of a broker, from an instant.
INSERT INTO broker_prices (id, broker_id, from_at, prices, created_at)
VALUES (:id, :broker_id, :from_at, :prices, :created_at)

-- name: broker_prices_of
-- The price lists of a broker, newest first.
SELECT * FROM broker_prices WHERE broker_id = :broker_id
ORDER BY from_at DESC, created_at DESC, id DESC LIMIT :limit

-- name: broker_prices_in_force
-- Each broker's price lists that have begun, the one in force last.
SELECT * FROM broker_prices WHERE from_at <= :now ORDER BY broker_id, from_at, created_at, id

-- name: verify_contracts
-- Contracts by id, for verification.
SELECT * FROM contracts WHERE id > :after ORDER BY id LIMIT :limit

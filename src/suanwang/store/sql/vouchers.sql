-- name: voucher_programme_begin
-- A programme's row, once something is done under it.
INSERT INTO voucher_programmes (id, rules, created_at) VALUES (:id, '{}', :created_at)
ON CONFLICT DO NOTHING

-- name: voucher_programme_lock
-- One programme, locked until the transaction ends.
SELECT * FROM voucher_programmes WHERE id = :id {for_update}

-- name: voucher_programmes_all
-- Every programme under which something was done.
SELECT * FROM voucher_programmes ORDER BY id

-- name: voucher_programmes_of_buyers
-- Programmes that these firms have, or lately had, vouchers of; locked in order of id.
SELECT * FROM voucher_programmes WHERE id IN (
    SELECT programme_id FROM voucher_grants
    WHERE organisation_id {in:buyers} AND expires_at > :after
) ORDER BY id {for_update}

-- name: voucher_programmes_lapsing
-- Programmes with vouchers that were not spent in time; locked in order of id. What a suspended
-- firm has waits until it is reinstated: nothing may leave its accounts.
SELECT * FROM voucher_programmes WHERE id IN (
    SELECT g.programme_id FROM voucher_grants g JOIN organisations o ON o.id = g.organisation_id
    WHERE g.expires_at <= :now AND g.spent_units + g.lapsed_units < g.amount_units
      AND o.state <> 'suspended'
) ORDER BY id {for_update}

-- name: voucher_programme_save
-- What was filled in, who funds it, how much is pledged.
UPDATE voucher_programmes
SET organisation_id = :organisation_id, rules = :rules, changes = :changes, pool_units = :pool_units
WHERE id = :id

-- name: voucher_party_save
-- What is on record of a firm; the newest counts.
INSERT INTO voucher_parties (organisation_id, facts, at) VALUES (:organisation_id, :facts, :at)
ON CONFLICT (organisation_id)
DO UPDATE SET facts = :facts, at = :at, changes = voucher_parties.changes + 1
RETURNING changes

-- name: voucher_parties_of
-- What is on record of some firms.
SELECT * FROM voucher_parties WHERE organisation_id {in:ids}

-- name: voucher_grant_add
-- Vouchers that a firm was given.
INSERT INTO voucher_grants (
    id, programme_id, organisation_id, amount_units, issued_at, expires_at
) VALUES (:id, :programme_id, :organisation_id, :amount_units, :issued_at, :expires_at)

-- name: voucher_grant_save
-- What of a grant was spent, and what lapsed.
UPDATE voucher_grants SET spent_units = :spent_units, lapsed_units = :lapsed_units WHERE id = :id

-- name: voucher_grants_of
-- A firm's grants under a programme, those that expire first in front.
SELECT * FROM voucher_grants
WHERE programme_id = :programme_id AND organisation_id = :organisation_id AND expires_at > :after
ORDER BY expires_at, id

-- name: voucher_grants_lapsing
-- Grants of locked programmes that were not spent in time.
SELECT g.* FROM voucher_grants g JOIN organisations o ON o.id = g.organisation_id
WHERE g.programme_id {in:programmes} AND g.expires_at <= :now
  AND g.spent_units + g.lapsed_units < g.amount_units AND o.state <> 'suspended'
ORDER BY g.id LIMIT :limit

-- name: voucher_grants_all
-- Everybody's grants, newest first.
SELECT * FROM voucher_grants WHERE id < :before ORDER BY id DESC LIMIT :limit

-- name: voucher_grants_of_firm
-- A firm's grants, newest first.
SELECT * FROM voucher_grants WHERE organisation_id = :organisation_id AND id < :before
ORDER BY id DESC LIMIT :limit

-- name: voucher_claim_add
-- A claim.
INSERT INTO voucher_claims (
    id, programme_id, organisation_id, supplier_id, contract_id, contract_key, side, year, state,
    base_units, amount_units, bill_id, body, created_at, updated_at
) VALUES (
    :id, :programme_id, :organisation_id, :supplier_id, :contract_id, :contract_key, :side, :year,
    :state, :base_units, :amount_units, :bill_id, :body, :created_at, :updated_at
)

-- name: voucher_claim_save
-- A claim after a step; whoever saved it meanwhile makes this change nothing.
UPDATE voucher_claims SET state = :state, base_units = :base_units, amount_units = :amount_units,
  body = :body, changes = changes + 1, updated_at = :updated_at
WHERE id = :id AND changes = :changes

-- name: voucher_claim_by_id
-- One claim.
SELECT * FROM voucher_claims WHERE id = :id

-- name: voucher_claims_of_firm
-- A firm's claims, newest first.
SELECT * FROM voucher_claims WHERE organisation_id = :organisation_id AND id < :before
ORDER BY id DESC LIMIT :limit

-- name: voucher_claims_of_funder
-- The claims under a funder's programmes, newest first.
SELECT c.* FROM voucher_claims c JOIN voucher_programmes p ON p.id = c.programme_id
WHERE p.organisation_id = :organisation_id AND c.id < :before ORDER BY c.id DESC LIMIT :limit

-- name: voucher_claims_all
-- Everybody's claims, newest first.
SELECT * FROM voucher_claims WHERE id < :before ORDER BY id DESC LIMIT :limit

-- name: voucher_claims_verified
-- Claims of a programme that wait for their share of the pool.
SELECT * FROM voucher_claims WHERE programme_id = :programme_id AND state = 'verified' ORDER BY id

-- name: voucher_claims_of_contract
-- The claims for one contract that are, or may become, paid.
SELECT id, side FROM voucher_claims
WHERE programme_id = :programme_id AND contract_id = :contract_id AND id <> :but
  AND state NOT IN ('rejected', 'expired')

-- name: voucher_used
-- What a programme has paid or set aside for a firm in a year.
SELECT CAST(COALESCE(SUM(amount_units), 0) AS BIGINT) AS units FROM voucher_claims
WHERE programme_id = :programme_id AND organisation_id = :organisation_id AND year = :year
  AND id <> :but AND state NOT IN ('issued', 'claimed', 'rejected', 'expired', 'clawed_back')

-- name: voucher_report
-- A programme's claims of a time, in order, with the names of who got it.
SELECT c.*, f.name AS firm_name, s.name AS supplier_name
FROM voucher_claims c
JOIN organisations f ON f.id = c.organisation_id
JOIN organisations s ON s.id = c.supplier_id
WHERE c.programme_id = :programme_id AND c.created_at >= :since AND c.created_at < :until
ORDER BY c.created_at, c.id LIMIT :limit

-- name: voucher_granted
-- What was granted under a programme, to how many, and what lapsed of it.
SELECT COUNT(DISTINCT organisation_id) AS firms,
  CAST(COALESCE(SUM(amount_units), 0) AS BIGINT) AS granted_units,
  CAST(COALESCE(SUM(lapsed_units), 0) AS BIGINT) AS lapsed_units
FROM voucher_grants WHERE programme_id = :programme_id

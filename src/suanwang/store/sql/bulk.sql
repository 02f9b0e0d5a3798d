-- name: accounts_save
-- Writes the new balances and holds of many accounts at once.
UPDATE accounts
SET balance_units = CAST(told.value ->> 'balance' AS BIGINT),
  held_units = CAST(told.value ->> 'held' AS BIGINT)
FROM {each:rows} AS told WHERE accounts.id = told.value ->> 'id'

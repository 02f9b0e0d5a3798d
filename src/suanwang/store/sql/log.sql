-- name: take_xid
-- Gives this transaction its number before it draws a row's: whoever waits for all that have one to
-- end then waits for this one too.
SELECT {xid_own} AS xid

-- name: log_writers
-- The transactions of others that have a number, and so may have drawn a row's.
SELECT w.xid FROM {other_writers} AS w

-- name: log_writing
-- How many of these transactions are still under way.
SELECT COUNT(*) AS writers FROM {other_writers} AS w WHERE w.xid {in:xids}

-- name: log_pause
-- Lets the others go on for five milliseconds.
SELECT {pause} AS paused

-- name: log_newest
-- The newest row of each source.
SELECT COALESCE((SELECT MAX(seq) FROM transfers), 0) AS transfers,
  COALESCE((SELECT MAX(seq) FROM evidence), 0) AS evidence

-- name: log_last_segment
-- The newest segment: the log ends where it does.
SELECT first_leaf, leaves FROM log_segments ORDER BY first_leaf DESC LIMIT 1

-- name: log_last_seq
-- The newest row of a source that is in the log.
SELECT last_seq FROM log_segments WHERE source = :source ORDER BY first_seq DESC LIMIT 1

-- name: log_lock
-- Lets one server at a time extend the log; the last segment is what two would both continue.
SELECT first_leaf FROM log_segments ORDER BY first_leaf DESC LIMIT 1 {for_update}

-- name: log_transfers_after
-- Rows of transfers as leaves are written from them, columns in the order of their names.
SELECT amount_units, asset, at, chain_id, chain_place, chain_size, credit_id, day, debit_id,
  expires_at, fingerprint, group_id, id, kind, memo, pending_id, reverses, seq
FROM transfers WHERE seq > :after AND seq <= :until ORDER BY seq LIMIT :limit

-- name: log_evidence_after
-- Rows of evidence as leaves are written from them, columns in the order of their names.
SELECT at, id, kind, organisation_id, record, seq
FROM evidence WHERE seq > :after AND seq <= :until ORDER BY seq LIMIT :limit

-- name: log_segment_add
-- A run of leaves; the primary key refuses a second that begins where this one does.
INSERT INTO log_segments (first_leaf, leaves, source, first_seq, last_seq, salts)
VALUES (:first_leaf, :leaves, :source, :first_seq, :last_seq, :salts)
ON CONFLICT (first_leaf) DO NOTHING

-- name: log_segment_of
-- The segment that holds a row, if it is in the log.
SELECT first_leaf, leaves, source, first_seq, last_seq, salts FROM log_segments
WHERE source = :source AND first_seq <= :seq ORDER BY first_seq DESC LIMIT 1

-- name: log_segments_from
-- Segments in the order of the log.
SELECT first_leaf, leaves, source, first_seq, last_seq, salts FROM log_segments
WHERE first_leaf >= :first_leaf ORDER BY first_leaf LIMIT :limit

-- name: log_segment_at
-- The segment that begins at a leaf, or before it.
SELECT first_leaf, leaves, source, first_seq, last_seq, salts FROM log_segments
WHERE first_leaf <= :leaf ORDER BY first_leaf DESC LIMIT 1

-- name: log_transfers_between
-- How many transfers stand from one seq to another.
SELECT COUNT(*) AS rows FROM transfers WHERE seq BETWEEN :first AND :last

-- name: log_evidence_between
-- How many pieces of evidence stand from one seq to another.
SELECT COUNT(*) AS rows FROM evidence WHERE seq BETWEEN :first AND :last

-- name: log_tile
-- One tile.
SELECT hashes FROM log_tiles WHERE level = :level AND number = :number

-- name: log_tiles_from
-- Tiles of a level, in order.
SELECT number, hashes FROM log_tiles WHERE level = :level AND number >= :number
ORDER BY number LIMIT :limit

-- name: log_tile_save
-- Writes a tile, new or grown.
INSERT INTO log_tiles (level, number, hashes) VALUES (:level, :number, :hashes)
ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes

-- name: log_head_add
-- A signed head.
INSERT INTO log_heads (size, at, note) VALUES (:size, :at, :note)

-- name: log_head_last
-- The newest head.
SELECT seq, size, at, note FROM log_heads ORDER BY seq DESC LIMIT 1

-- name: log_head_of
-- The newest head of a size.
SELECT seq, size, at, note FROM log_heads WHERE size = :size ORDER BY seq DESC LIMIT 1

-- name: log_head_to_change
-- The newest head of a size, locked: two cosignatures at once are both kept.
SELECT seq, size, at, note FROM log_heads WHERE size = :size ORDER BY seq DESC LIMIT 1 {for_update}

-- name: log_heads_before
-- A page of heads, newest first.
SELECT seq, size, at, note FROM log_heads WHERE seq < :before ORDER BY seq DESC LIMIT :limit

-- name: log_heads_after
-- Heads in the order in which they were signed.
SELECT seq, size, at, note FROM log_heads WHERE seq > :after ORDER BY seq LIMIT :limit

-- name: log_head_save
-- Writes a head's note again, with a cosignature more.
UPDATE log_heads SET note = :note WHERE seq = :seq

-- name: witness_add
-- A witness whose cosignatures are taken.
INSERT INTO log_witnesses (name, vkey, at) VALUES (:name, :vkey, :at) ON CONFLICT (name) DO NOTHING

-- name: witnesses
-- The witnesses.
SELECT name, vkey, at FROM log_witnesses ORDER BY name

-- name: bundle_transfers
-- Every transfer of a job; those of its bill's chains are among them. What budgets counted of it
-- proves nothing of the bill.
SELECT * FROM transfers WHERE group_id = :job_id AND asset <> 'BUDGET' ORDER BY seq LIMIT :limit

-- name: bundle_evidence
-- Pieces of evidence of some kinds by their ids.
SELECT * FROM evidence WHERE kind {in:kinds} AND id {in:ids} ORDER BY seq

-- name: proof_transfers
-- One transfer, and whose accounts it touches.
SELECT t.*, d.organisation_id AS owner_debit, c.organisation_id AS owner_credit
FROM transfers t JOIN accounts d ON d.id = t.debit_id JOIN accounts c ON c.id = t.credit_id
WHERE t.id = :id

-- name: proof_evidence
-- One piece of evidence, and whose it is.
SELECT e.*, e.organisation_id AS owner FROM evidence e WHERE e.kind = :kind AND e.id = :id

-- name: blob_add
-- Remembers that an organisation has a blob.
INSERT INTO blobs (sha256, organisation_id, bytes, created_at)
VALUES (:sha256, :organisation_id, :bytes, :created_at)
ON CONFLICT (sha256, organisation_id) DO NOTHING

-- name: blob_of
-- One organisation's blob.
SELECT sha256, organisation_id, bytes, created_at FROM blobs
WHERE sha256 = :sha256 AND organisation_id = :organisation_id

-- name: blobs_of
-- Which of these blobs an organisation has.
SELECT sha256 FROM blobs WHERE organisation_id = :organisation_id AND sha256 {in:digests}

-- name: output_save
-- One declared output of a job; a later run's replaces an earlier one's.
INSERT INTO outputs (job_id, name, kind, location, sha256, bytes, at)
VALUES (:job_id, :name, :kind, :location, :sha256, :bytes, :at)
ON CONFLICT (job_id, name) DO UPDATE SET
    kind = excluded.kind, location = excluded.location, sha256 = excluded.sha256,
    bytes = excluded.bytes, at = excluded.at

-- name: outputs_of
-- The outputs of a job by name.
SELECT * FROM outputs WHERE job_id = :job_id ORDER BY name

-- name: output_of
-- One output of a job.
SELECT * FROM outputs WHERE job_id = :job_id AND name = :name

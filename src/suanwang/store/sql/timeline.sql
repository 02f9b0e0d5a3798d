-- name: timeline_add
-- One line of a job's history.
INSERT INTO timeline (job_id, organisation_id, at, verb, state, detail)
VALUES (:job_id, :organisation_id, :at, :verb, :state, :detail)

-- name: timeline_of
-- A job's history in order, after line :seq.
SELECT * FROM timeline WHERE job_id = :job_id AND seq > :seq ORDER BY seq LIMIT :limit

-- name: timeline_lines_of_verb
-- How many lines of one verb a job has.
SELECT COUNT(*) AS lines FROM timeline WHERE job_id = :job_id AND verb = :verb

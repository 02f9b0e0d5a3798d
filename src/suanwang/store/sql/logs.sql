-- name: log_add
-- One line of output; the agent may send it twice.
INSERT INTO logs (job_id, token, seq, at, stream, text)
VALUES (:job_id, :token, :seq, :at, :stream, :text)
ON CONFLICT (job_id, token, seq) DO NOTHING

-- name: logs_of
-- A job's output in order, after line (token, seq).
SELECT * FROM logs WHERE job_id = :job_id AND (token, seq) > (:token, :seq)
ORDER BY token, seq LIMIT :limit

-- name: logs_size
-- How many lines of output one run of a job has sent.
SELECT COUNT(*) AS lines FROM logs WHERE job_id = :job_id AND token = :token

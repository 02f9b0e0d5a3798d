-- name: usage_add
-- One usage record as it came, accepted or with the reason why not; a repeat changes nothing.
INSERT INTO usage_records (
    id, lease_id, job_id, centre_id, token, record, signature, received_at, accepted, refusal
) VALUES (
    :id, :lease_id, :job_id, :centre_id, :token, :record, :signature, :received_at, :accepted,
    :refusal
)
ON CONFLICT (id) DO NOTHING

-- name: usage_accepted_of_lease
-- The record that a lease is billed by.
SELECT * FROM usage_records WHERE lease_id = :lease_id AND accepted = 1

-- name: usage_accepted_of_job
-- The record that a job is billed by: the newest token's.
SELECT * FROM usage_records WHERE job_id = :job_id AND accepted = 1
ORDER BY token DESC LIMIT 1

-- name: usage_accepted_of_jobs_to_bill
-- The records of metered jobs, by job.
SELECT u.* FROM usage_records u JOIN jobs j ON j.id = u.job_id
WHERE u.accepted = 1 AND j.state = 'METERED'

-- name: usage_of_job
-- Every record that came for a job, in order.
SELECT * FROM usage_records WHERE job_id = :job_id ORDER BY received_at, id

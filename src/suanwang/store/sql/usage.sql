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

-- name: usage_of_job
-- Every record that came for a job, in order.
SELECT * FROM usage_records WHERE job_id = :job_id ORDER BY received_at, id

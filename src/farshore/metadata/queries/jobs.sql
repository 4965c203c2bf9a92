-- Batch Operations jobs of a region. Parameters are numbered; the caller's method says what they are.

-- name: job_columns
number, id, account_id, created_us, status, priority, ended_us, total, drawn, succeeded, failed, request, state

-- name: job_task_columns
bucket_id, key, version_id, job, place, destinations

-- name: job
SELECT {job_columns} FROM job WHERE id = ?1

-- name: job_by_number
SELECT {job_columns} FROM job WHERE number = ?1

-- name: job_by_token
SELECT {job_columns} FROM job WHERE account_id = ?1 AND token = ?2

-- name: job_tags
SELECT tags FROM job WHERE number = ?1

-- name: unfinished_jobs
SELECT {job_columns} FROM job INDEXED BY job_unfinished WHERE ended_us IS NULL ORDER BY number

-- name: jobs_below
-- Walks an account's jobs, newest first.
SELECT {job_columns} FROM job INDEXED BY job_account WHERE account_id = ?1 AND number < ?2 ORDER BY number DESC

-- name: jobs_ended_before
SELECT {job_columns} FROM job INDEXED BY job_ended WHERE ended_us < ?1 ORDER BY ended_us LIMIT ?2

-- name: job_segment
-- The last one that begins at the place or before.
SELECT first, rows, content FROM job_segment WHERE job = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1

-- name: has_job_tasks
SELECT EXISTS (SELECT 1 FROM job_task)

-- name: job_places
-- Of tasks that wait for no version.
SELECT place FROM job_task
WHERE bucket_id = 0 AND key = x'' AND version_id = '' AND job = ?1 AND place > ?2 ORDER BY place LIMIT ?3

-- name: job_tasks_of_version
SELECT {job_task_columns} FROM job_task WHERE bucket_id = ? AND key = ? AND version_id = ?

-- name: job_result_block
SELECT block FROM job_result INDEXED BY job_result_block
WHERE job = ?1 AND failed = ?2 AND block > ?3 ORDER BY block LIMIT 1

-- name: job_results
SELECT content FROM job_result INDEXED BY job_result_block
WHERE job = ?1 AND failed = ?2 AND block = ?3 ORDER BY id

-- name: add_job
INSERT INTO job (id, account_id, token, created_us, status, priority, ended_us, total, drawn, succeeded, failed,
    request, state, tags)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: put_job
UPDATE job SET status = ?2, priority = ?3, ended_us = ?4, total = ?5, drawn = ?6, succeeded = ?7, failed = ?8,
    state = ?9
WHERE number = ?1

-- name: put_job_tags
UPDATE job SET tags = ?2 WHERE number = ?1

-- name: add_job_segment
INSERT INTO job_segment (job, first, rows, content) VALUES (?1, ?2, ?3, ?4)

-- name: add_job_task
INSERT INTO job_task ({job_task_columns}) VALUES (?, ?, ?, ?, ?, ?)

-- name: remove_job_task
DELETE FROM job_task WHERE bucket_id = ? AND key = ? AND version_id = ? AND job = ? AND place = ?

-- name: add_job_results
INSERT INTO job_result (job, failed, block, content) VALUES (?1, ?2, ?3, ?4)

-- name: drop_job_segments
DELETE FROM job_segment WHERE job = ?1

-- name: drop_job_tasks
DELETE FROM job_task WHERE job = ?1

-- name: drop_job_results
DELETE FROM job_result WHERE job = ?1

-- name: delete_job
DELETE FROM job WHERE number = ?1

-- Thresholds of Replication Time Control. Parameters are numbered; the caller's method says what they are.

-- name: untold
threshold_us IS NOT NULL AND missed = 0

-- name: next_us
SELECT min(threshold_us) FROM replication_task INDEXED BY replication_task_threshold WHERE {untold}

-- name: passed
SELECT {task_columns} FROM replication_task INDEXED BY replication_task_threshold
WHERE {untold} AND threshold_us <= ?1 ORDER BY threshold_us, id LIMIT ?2

-- name: task
SELECT {task_columns} FROM replication_task WHERE id = ?1

-- name: missed
UPDATE replication_task SET missed = 1 WHERE id IN carray(?1)

-- name: untracked
UPDATE replication_task SET threshold_us = NULL WHERE id IN carray(?1)

-- What is recorded of replication for people who ask.

-- name: change_columns
number, at_us, after_row, document

-- name: history
SELECT {change_columns} FROM replication_history WHERE bucket_id = ?1 ORDER BY number

-- name: last_change
SELECT {change_columns} FROM replication_history WHERE bucket_id = ?1 ORDER BY number DESC LIMIT 1

-- name: add_change
INSERT INTO replication_history (bucket_id, number, at_us, after_row, document)
VALUES (?1, ?2, ?3, (SELECT coalesce(max(row), 0) FROM version), ?4)

-- name: changes_beyond
-- The newest change that is one too many, by number or by the bytes of it and of those after it.
SELECT max(number) FROM (
    SELECT number, row_number() OVER newest AS place, sum(coalesce(length(document), 0)) OVER newest AS bytes
    FROM replication_history WHERE bucket_id = ?1 WINDOW newest AS (ORDER BY number DESC))
WHERE place > ?2 OR (bytes > ?3 AND place > 1)

-- name: forget_changes
DELETE FROM replication_history WHERE bucket_id = ?1 AND number <= ?2

-- name: forget_history
DELETE FROM replication_history WHERE bucket_id = ?1

-- name: attempt_columns
destination, first_us, last_us, times, outcome, code, detail

-- name: attempts
SELECT {attempt_columns} FROM replication_attempt WHERE row = ?1 ORDER BY destination, number

-- name: last_attempt
SELECT number, outcome, code, detail FROM replication_attempt
WHERE row = ?1 AND destination = ?2 ORDER BY number DESC LIMIT 1

-- name: repeat_attempt
UPDATE replication_attempt SET last_us = ?4, times = times + ?5 WHERE row = ?1 AND destination = ?2 AND number = ?3

-- name: add_attempt
INSERT INTO replication_attempt (row, number, {attempt_columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: forget_attempts
DELETE FROM replication_attempt WHERE row = ?1 AND destination = ?2 AND number <= ?3

-- name: add_failure
INSERT INTO replication_failure (row, destination, bucket_id, code, failed_us, key, version_id)
SELECT row, ?2, bucket_id, ?3, ?4, key, version_id FROM version WHERE row = ?1

-- name: failure_counts
SELECT destination, code, failures FROM replication_failure_count
WHERE bucket_id = ?1 ORDER BY failures DESC, destination, code

-- name: failure_columns
row, destination, code, failed_us, key, version_id

-- name: first_failure
SELECT {failure_columns} FROM replication_failure INDEXED BY replication_failure_order
WHERE bucket_id = ?1 AND destination = ?2 AND code = ?3 ORDER BY failed_us, row LIMIT 1

-- name: last_failure
SELECT {failure_columns} FROM replication_failure INDEXED BY replication_failure_order
WHERE bucket_id = ?1 AND destination = ?2 AND code = ?3 ORDER BY failed_us DESC, row DESC LIMIT 1

-- name: scan_failures
SELECT {failure_columns} FROM replication_failure INDEXED BY replication_failure_order
WHERE bucket_id = ?1 AND destination = ?2 AND code = ?3 AND (failed_us, row) > (?4, ?5) AND failed_us <= ?6
ORDER BY failed_us, row

-- name: failing_buckets
SELECT DISTINCT bucket_id FROM replication_failure_count ORDER BY bucket_id

-- name: lane_columns
destination, since_us, at_us, operations_rate, bytes_rate, rests_until_us, error

-- name: lanes
SELECT {lane_columns} FROM replication_lane WHERE bucket_id = ?1 ORDER BY destination

-- name: lane
SELECT {lane_columns} FROM replication_lane WHERE bucket_id = ?1 AND destination = ?2

-- name: put_lane
INSERT OR REPLACE INTO replication_lane (bucket_id, {lane_columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)

-- name: forget_lanes
DELETE FROM replication_lane WHERE bucket_id = ?1

-- name: verifications
SELECT record FROM replication_verification WHERE bucket_id = ?1 ORDER BY destination

-- name: put_verification
INSERT OR REPLACE INTO replication_verification (bucket_id, destination, record) VALUES (?1, ?2, ?3)

-- name: forget_verifications
DELETE FROM replication_verification WHERE bucket_id = ?1

-- name: last_homes
SELECT destination, region FROM replication_last_home WHERE bucket_id = ?1 ORDER BY destination

-- name: add_last_home
INSERT INTO replication_last_home (bucket_id, destination, region) VALUES (?1, ?2, ?3)

-- name: forget_last_homes
DELETE FROM replication_last_home WHERE bucket_id = ?1

-- Replication metrics of a region. Parameters are numbered; the caller's method says what they are.

-- name: pending_columns
bucket_id, destination, rule_id, operations, bytes, peak_operations, peak_bytes,
(SELECT min(enqueued_us) FROM replication_task INDEXED BY replication_task_age
    WHERE bucket_id = route.bucket_id AND destination = route.destination AND rule_id = route.rule_id AND batch = 0)

-- name: pending
SELECT {pending_columns} FROM replication_pending AS route ORDER BY bucket_id, destination, rule_id

-- name: pending_on
SELECT {pending_columns} FROM replication_pending AS route
WHERE bucket_id = ?1 AND destination = ?2 AND rule_id = ?3

-- name: account_columns
bucket_id, destination, rule_id, tally, minute_completed, minute_failed, minute_latency_us

-- name: accounts
SELECT {account_columns} FROM replication_account ORDER BY bucket_id, destination, rule_id

-- name: account
SELECT {account_columns} FROM replication_account WHERE bucket_id = ?1 AND destination = ?2 AND rule_id = ?3

-- name: minute
SELECT at_s FROM metric_minute

-- name: series
SELECT id, bucket_id, destination, rule_id, name, region, (
    SELECT max(last_s) FROM (
        SELECT max(at_s) AS last_s FROM metric_point WHERE series_id = metric_series.id AND period_s = 60
        UNION ALL SELECT max(at_s) FROM metric_point WHERE series_id = metric_series.id AND period_s = 300
        UNION ALL SELECT max(at_s) FROM metric_point WHERE series_id = metric_series.id AND period_s = 3600))
FROM metric_series ORDER BY bucket_id, destination, rule_id, name

-- name: points
-- Three ranges of the primary key.
SELECT at_s, period_s, samples, total, minimum, maximum FROM metric_point
WHERE series_id = ?1 AND period_s IN (60, 300, 3600) AND at_s >= ?2 AND at_s < ?3 ORDER BY at_s, period_s

-- name: put_account
INSERT OR REPLACE INTO replication_account ({account_columns}) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: begin_minute
INSERT OR REPLACE INTO metric_minute (only, at_s) VALUES (1, ?1)

-- name: begin_peaks
UPDATE replication_pending SET peak_operations = operations, peak_bytes = bytes
WHERE bucket_id = ?1 AND destination = ?2 AND rule_id = ?3

-- name: begin_account
UPDATE replication_account SET minute_completed = 0, minute_failed = 0, minute_latency_us = NULL
WHERE bucket_id = ?1 AND destination = ?2 AND rule_id = ?3

-- name: series_id
SELECT id FROM metric_series
WHERE bucket_id = ?1 AND destination = ?2 AND rule_id = ?3 AND name = ?4 AND region = ?5

-- name: add_series
INSERT INTO metric_series (bucket_id, destination, rule_id, name, region) VALUES (?1, ?2, ?3, ?4, ?5)

-- name: add_point
INSERT INTO metric_point (series_id, at_s, period_s, samples, total, minimum, maximum) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET samples = samples + excluded.samples, total = total + excluded.total,
    minimum = min(minimum, excluded.minimum), maximum = max(maximum, excluded.maximum)

-- name: raise_point
INSERT INTO metric_point (series_id, at_s, period_s, samples, total, minimum, maximum) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET total = max(total, excluded.total), minimum = max(minimum, excluded.minimum),
    maximum = max(maximum, excluded.maximum)

-- name: oldest_point
SELECT min(at_s) FROM metric_point WHERE series_id = ?1 AND period_s = ?2

-- name: merge_points
INSERT INTO metric_point (series_id, at_s, period_s, samples, total, minimum, maximum)
SELECT series_id, at_s / ?3 * ?3, ?3, sum(samples), sum(total), min(minimum), max(maximum) FROM metric_point
WHERE series_id = ?1 AND period_s = ?2 AND at_s >= ?4 AND at_s < ?5 GROUP BY at_s / ?3
ON CONFLICT DO UPDATE SET samples = samples + excluded.samples, total = total + excluded.total,
    minimum = min(minimum, excluded.minimum), maximum = max(maximum, excluded.maximum)

-- name: remove_points
DELETE FROM metric_point WHERE series_id = ?1 AND period_s = ?2 AND at_s < ?3

-- name: remove_empty_series
DELETE FROM metric_series WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM metric_point WHERE series_id = ?1)

-- name: forget_pending
DELETE FROM replication_pending
WHERE bucket_id = ?1 AND destination = ?2 AND rule_id = ?3 AND operations = 0

-- name: forget_account
DELETE FROM replication_account
WHERE bucket_id = ?1 AND destination = ?2 AND rule_id = ?3 AND NOT EXISTS (
    SELECT 1 FROM replication_pending WHERE bucket_id = ?1 AND destination = ?2 AND rule_id = ?3)

-- name: forget_points_of_bucket
DELETE FROM metric_point WHERE series_id IN (SELECT id FROM metric_series WHERE bucket_id = ?1)

-- name: forget_series_of_bucket
DELETE FROM metric_series WHERE bucket_id = ?1

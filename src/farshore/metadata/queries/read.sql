-- Reads of a region's metadata. Parameters are numbered; the caller's method says what they are.

-- name: data_version
PRAGMA data_version

-- name: bucket_columns
bucket.id, bucket.name, bucket.owner, bucket.created_us, bucket.versioning, bucket.generation

-- name: version_columns
version.row, version.bucket_id, version.key, version.created_us, version.version_id, latest, delete_marker, inline,
size, etag, storage_class, version.owner, blob, attributes, tags, replication_status, destinations, acl,
modified

-- name: upload_columns
bucket_id, key, created_us, upload_id, owner, initiator, storage_class, checksum_algorithm, checksum_type, attributes,
tags, acl

-- name: part_columns
number, size, etag, blob, checksum, created_us

-- name: task_columns
id, bucket_id, destination, key, version_id, kind, enqueued_us, due_us, size, attempts, last_error, rule_id,
threshold_us, missed, batch, job, place

-- name: bucket_by_name
SELECT {bucket_columns} FROM bucket WHERE name = ?1

-- name: bucket_by_id
SELECT {bucket_columns} FROM bucket WHERE id = ?1

-- name: buckets
SELECT {bucket_columns} FROM bucket ORDER BY name

-- name: buckets_with
SELECT {bucket_columns} FROM bucket_config CROSS JOIN bucket ON bucket.id = bucket_id WHERE kind = ?1

-- name: source_buckets
SELECT {bucket_columns} FROM (
    SELECT bucket_id FROM bucket_config WHERE kind = ?1
    UNION
    SELECT bucket_id FROM replication_failure_count) AS source
CROSS JOIN bucket ON bucket.id = source.bucket_id
WHERE bucket.owner = ?2 AND bucket.name > ?3 ORDER BY bucket.name LIMIT ?4

-- name: configuration
SELECT document FROM bucket_config WHERE bucket_id = ?1 AND kind = ?2

-- name: find_current
SELECT {bucket_columns}, {version_columns}
FROM bucket LEFT JOIN version ON version.row = (
    SELECT row FROM version WHERE bucket_id = bucket.id AND key = ?2
    ORDER BY created_us DESC, version_id DESC LIMIT 1)
WHERE bucket.name = ?1

-- name: find_version
-- By the time that our own version ids carry.
SELECT {bucket_columns}, {version_columns}
FROM bucket LEFT JOIN version
    ON version.bucket_id = bucket.id AND key = ?2 AND version.created_us = ?3 AND version_id = ?4
WHERE bucket.name = ?1

-- name: body
SELECT body FROM payload WHERE row = ?1

-- name: bodies
SELECT row, body FROM payload WHERE row IN carray(?1)

-- name: current
SELECT {version_columns} FROM version WHERE bucket_id = ?1 AND key = ?2
ORDER BY created_us DESC, version_id DESC LIMIT 1

-- name: version_by_time
SELECT {version_columns} FROM version WHERE bucket_id = ?1 AND key = ?2 AND created_us = ?3 AND version_id = ?4

-- name: untimed_version
-- Of an id that does not tell the version's time: the key's newest version, or one of an index of such.
SELECT {version_columns} FROM version WHERE row = coalesce(
    (SELECT row FROM (
        SELECT row, version_id FROM version INDEXED BY version_order WHERE bucket_id = ?1 AND key = ?2
        ORDER BY created_us DESC, version_id DESC LIMIT 1)
    WHERE version_id = ?3),
    (SELECT row FROM version INDEXED BY version_untimed
    WHERE bucket_id = ?1 AND key = ?2 AND version_id = ?3 AND untimed = 1 AND latest = 0))

-- name: scan_current
SELECT {version_columns} FROM version INDEXED BY version_current
WHERE bucket_id = ?1 AND key >= ?2 AND latest = 1 AND delete_marker = 0 ORDER BY key

-- name: first_current_key
SELECT key FROM version INDEXED BY version_current
WHERE bucket_id = ?1 AND key >= ?2 AND latest = 1 AND delete_marker = 0 ORDER BY key LIMIT 1

-- name: scan_versions
SELECT {version_columns} FROM version INDEXED BY version_order
WHERE bucket_id = ?1 AND key >= ?2 ORDER BY key, created_us DESC, version_id DESC

-- name: scan_versions_after
SELECT {version_columns} FROM version INDEXED BY version_order
WHERE bucket_id = ?1 AND key = ?2 AND created_us <= ?3 AND (created_us < ?3 OR version_id < ?4)
UNION ALL
SELECT {version_columns} FROM version INDEXED BY version_order
WHERE bucket_id = ?1 AND key > ?2
ORDER BY key, created_us DESC, version_id DESC

-- name: candidate_columns
key, created_us, version_id, latest, delete_marker, size, storage_class, replication_status, tags

-- name: scan_candidates
-- The attributes are long, and asked for only where their encryption counts (?2).
SELECT {candidate_columns}, CASE WHEN ?2 THEN attributes END FROM version INDEXED BY version_order
WHERE bucket_id = ?1 AND key >= ?3 ORDER BY key, created_us DESC, version_id DESC

-- name: scan_candidates_after
SELECT {candidate_columns}, CASE WHEN ?2 THEN attributes END FROM version INDEXED BY version_order
WHERE bucket_id = ?1 AND key = ?3 AND created_us <= ?4 AND (created_us < ?4 OR version_id < ?5)
UNION ALL
SELECT {candidate_columns}, CASE WHEN ?2 THEN attributes END FROM version INDEXED BY version_order
WHERE bucket_id = ?1 AND key > ?3
ORDER BY key, created_us DESC, version_id DESC

-- name: has_versions
SELECT EXISTS (SELECT 1 FROM version WHERE bucket_id = ?1)

-- name: has_uploads
SELECT EXISTS (SELECT 1 FROM upload WHERE bucket_id = ?1)

-- name: upload
SELECT {upload_columns} FROM upload WHERE upload_id = ?3 AND bucket_id = ?1 AND key = ?2

-- name: scan_uploads
SELECT {upload_columns} FROM upload WHERE bucket_id = ?1 AND key >= ?2 ORDER BY key, created_us, upload_id

-- name: parts
SELECT {part_columns} FROM part WHERE upload_id = ?1 AND number > ?2 ORDER BY number LIMIT ?3

-- name: parts_state
SELECT group_concat(number || ' ' || created_us || ' ' || etag || ' ' || coalesce(blob, ''))
FROM (SELECT number, created_us, etag, blob FROM part WHERE upload_id = ?1 ORDER BY number);

-- name: pending_tasks
SELECT {task_columns} FROM replication_task WHERE id > ?1 ORDER BY id LIMIT ?2

-- name: due_tasks
SELECT {task_columns} FROM replication_task INDEXED BY replication_task_lane
WHERE bucket_id = ?1 AND destination = ?2 AND batch = ?3 AND due_us <= ?4
ORDER BY due_us, enqueued_us, size, id LIMIT ?5

-- name: lanes
-- What waits is counted in the transaction of every change; the oldest task of a rule is the first of an index.
SELECT bucket_id, destination, sum(operations), sum(bytes), min((
    SELECT min(enqueued_us) FROM replication_task INDEXED BY replication_task_age
    WHERE bucket_id = route.bucket_id AND destination = route.destination AND rule_id = route.rule_id AND batch = 0))
FROM replication_pending AS route WHERE operations > 0 GROUP BY bucket_id, destination

-- name: due_lanes
-- Skips from lane to lane in the index, and in each from live to batch; the first entry of each is the one that is due
-- first.
WITH RECURSIVE lane (bucket_id, destination, batch, due_us) AS (
    SELECT * FROM (
        SELECT bucket_id, destination, batch, due_us FROM replication_task INDEXED BY replication_task_lane
        ORDER BY bucket_id, destination, batch, due_us LIMIT 1)
    UNION ALL
    SELECT task.bucket_id, task.destination, task.batch, task.due_us
    FROM lane JOIN replication_task AS task ON task.id = coalesce(
        (SELECT id FROM replication_task INDEXED BY replication_task_lane
        WHERE bucket_id = lane.bucket_id AND destination = lane.destination AND batch > lane.batch
        ORDER BY batch, due_us LIMIT 1),
        (SELECT id FROM replication_task INDEXED BY replication_task_lane
        WHERE bucket_id = lane.bucket_id AND destination > lane.destination
        ORDER BY destination, batch, due_us LIMIT 1),
        (SELECT id FROM replication_task INDEXED BY replication_task_lane
        WHERE bucket_id > lane.bucket_id ORDER BY bucket_id, destination, batch, due_us LIMIT 1)))
SELECT bucket_id, destination, min(due_us) FROM lane GROUP BY bucket_id, destination

-- name: lanes_since
SELECT bucket_id, destination, min(due_us) FROM replication_task WHERE id > ?1 GROUP BY bucket_id, destination

-- name: lane_due
SELECT min(due_us) FROM (
    SELECT min(due_us) AS due_us FROM replication_task INDEXED BY replication_task_lane
    WHERE bucket_id = ?1 AND destination = ?2 AND batch = 0
    UNION ALL
    SELECT min(due_us) FROM replication_task INDEXED BY replication_task_lane
    WHERE bucket_id = ?1 AND destination = ?2 AND batch = 1)

-- name: tasks_of_version
SELECT destination, kind, enqueued_us, due_us, attempts, last_error, leased, threshold_us FROM replication_task
INDEXED BY replication_task_version
WHERE version_id = ?3 AND key = ?2 AND bucket_id = ?1 ORDER BY destination, id

-- name: newest_task
SELECT coalesce(max(id), 0) FROM replication_task

-- name: has_tasks
SELECT EXISTS (
    SELECT 1 FROM replication_task INDEXED BY replication_task_lane WHERE bucket_id = ?1 AND id <= ?2)

-- name: pending_again
SELECT destination, operations, bytes FROM replication_again WHERE bucket_id = ?1 ORDER BY destination

-- name: failures
SELECT bucket_id, key, version_id, destinations FROM version
WHERE failed_us IS NOT NULL ORDER BY failed_us DESC LIMIT ?1

-- name: failures_by_bucket
SELECT bucket_id, key, version_id, destinations FROM version
WHERE bucket_id = ?1 AND failed_us IS NOT NULL ORDER BY failed_us DESC LIMIT ?2

-- name: counts
SELECT count(*), coalesce(sum(size), 0) FROM version INDEXED BY version_current
WHERE bucket_id = ?1 AND latest = 1 AND delete_marker = 0

-- name: is_hard_deleted
SELECT EXISTS (SELECT 1 FROM hard_deleted WHERE bucket_id = ?1 AND key = ?2 AND version_id = ?3)

-- name: garbage
SELECT blob FROM garbage WHERE since_us < ?1 ORDER BY since_us, blob LIMIT ?2

-- name: is_referenced
-- Run once for each blob of a list.
SELECT ?1 WHERE EXISTS (SELECT 1 FROM version_blob WHERE blob = ?1) OR EXISTS (SELECT 1 FROM part WHERE blob = ?1)

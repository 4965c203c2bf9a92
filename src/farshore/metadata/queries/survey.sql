-- Reads of a whole bucket, range by range.

-- name: first_key
SELECT key FROM version INDEXED BY version_order WHERE bucket_id = ?1 AND key >= ?2 ORDER BY key LIMIT 1

-- name: key_after
SELECT key FROM version INDEXED BY version_order WHERE bucket_id = ?1 AND key >= ?2 ORDER BY key LIMIT 1 OFFSET ?3

-- name: versions
SELECT count(*) FROM version INDEXED BY version_order WHERE bucket_id = ?1 AND key >= ?2 AND key < ?3

-- name: count_kinds
-- These tags alone tell versions apart; without any none are looked at.
SELECT latest, delete_marker, storage_class, replication_status,
    CASE WHEN ?4 IS NULL OR tags IS NULL THEN NULL ELSE picked_tags(tags, ?4) END AS picked,
    count(*), sum(size), min(key)
FROM version INDEXED BY version_order WHERE bucket_id = ?1 AND key >= ?2 AND key < ?3
GROUP BY latest, delete_marker, storage_class, replication_status, picked

-- name: keys_of_kind
SELECT DISTINCT key FROM version INDEXED BY version_order
WHERE bucket_id = ?1 AND key >= ?2 AND key < ?3 AND latest = ?4 AND delete_marker = ?5 AND storage_class = ?6
    AND replication_status IS ?7
    AND CASE WHEN ?8 IS NULL OR tags IS NULL THEN NULL ELSE picked_tags(tags, ?8) END IS ?9
ORDER BY key LIMIT ?10

-- name: newest_row
SELECT seq FROM sqlite_sequence WHERE name = 'version'

-- name: doubtful_pending
-- A version of one destination (an array of one in msgpack) that is PENDING has a task or is lost; of several, the
-- caller looks. Walks the rows of the span.
SELECT {version_columns} FROM version NOT INDEXED
WHERE row > ?1 AND row <= ?2 AND replication_status IN ('PENDING', 'FAILED') AND destinations IS NOT NULL
    AND (substr(destinations, 1, 1) <> x'91' OR (replication_status = 'PENDING' AND NOT EXISTS (
        SELECT 1 FROM replication_task AS task INDEXED BY replication_task_version
        WHERE task.version_id = version.version_id AND task.key = version.key AND task.bucket_id = version.bucket_id)))
ORDER BY row

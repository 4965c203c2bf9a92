-- Reads of a whole bucket, range by range.

-- name: first_key
SELECT key FROM version INDEXED BY version_order WHERE bucket_id = ?1 AND key >= ?2 ORDER BY key LIMIT 1

-- name: key_after
SELECT key FROM version INDEXED BY version_order WHERE bucket_id = ?1 AND key >= ?2 ORDER BY key LIMIT 1 OFFSET ?3

-- name: versions
SELECT count(*) FROM version INDEXED BY version_order WHERE bucket_id = ?1 AND key >= ?2 AND key < ?3

-- name: count_kinds
SELECT latest, delete_marker, storage_class, replication_status, tags, count(*), sum(size), min(key)
FROM version INDEXED BY version_order WHERE bucket_id = ?1 AND key >= ?2 AND key < ?3
GROUP BY latest, delete_marker, storage_class, replication_status, tags

-- name: keys_of_kind
SELECT DISTINCT key FROM version INDEXED BY version_order
WHERE bucket_id = ?1 AND key >= ?2 AND key < ?3 AND latest = ?4 AND delete_marker = ?5 AND storage_class = ?6
    AND replication_status IS ?7 AND tags IS ?8
ORDER BY key LIMIT ?9

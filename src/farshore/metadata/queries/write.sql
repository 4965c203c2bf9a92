-- Changes to a region's metadata.

-- name: create_bucket
INSERT INTO bucket (name, owner, created_us, versioning, generation) VALUES (?1, ?2, ?3, ?4, 0)

-- name: set_created
UPDATE bucket SET created_us = ?2 WHERE id = ?1

-- name: delete_bucket
DELETE FROM bucket WHERE id = ?1

-- name: delete_configurations
DELETE FROM bucket_config WHERE bucket_id = ?1

-- name: forget_hard_deleted
DELETE FROM hard_deleted WHERE bucket_id = ?1

-- name: next_generation
-- By a random step: a number that was taken back with its transaction must not come again for something else.
generation + 1 + (random() & 4294967295)

-- name: set_versioning
UPDATE bucket SET versioning = ?2, generation = {next_generation} WHERE id = ?1

-- name: raise_generation
UPDATE bucket SET generation = {next_generation} WHERE id = ?1

-- name: put_configuration
INSERT OR REPLACE INTO bucket_config (bucket_id, kind, document) VALUES (?1, ?2, ?3)

-- name: delete_configuration
DELETE FROM bucket_config WHERE bucket_id = ?1 AND kind = ?2

-- name: insert_version
INSERT INTO version (bucket_id, key, created_us, version_id, latest, delete_marker, inline, size, etag, storage_class,
    owner, blob, attributes, tags, replication_status, destinations, failed_us, acl, modified, untimed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: insert_body
INSERT INTO payload (row, body) VALUES (?, ?)

-- name: insert_blob
INSERT INTO version_blob (blob, row) VALUES (?, ?)

-- name: remove_version
DELETE FROM version WHERE row = ?1

-- name: remove_body
DELETE FROM payload WHERE row = ?1

-- name: remove_blob
DELETE FROM version_blob WHERE blob = ? AND row = ?

-- name: set_latest
UPDATE version SET latest = ?2 WHERE row = ?1

-- name: set_tags
UPDATE version SET tags = ?2, modified = ?3 WHERE row = ?1

-- name: set_acl
UPDATE version SET acl = ?2, modified = ?3 WHERE row = ?1

-- name: set_attributes
UPDATE version SET attributes = ?2 WHERE row = ?1

-- name: set_replication
UPDATE version SET replication_status = ?2, destinations = ?3, failed_us = ?4 WHERE row = ?1

-- name: create_upload
INSERT INTO upload (bucket_id, key, created_us, upload_id, owner, initiator, storage_class, checksum_algorithm,
    checksum_type, attributes, tags, acl)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: put_part
INSERT OR REPLACE INTO part (upload_id, number, size, etag, blob, checksum, created_us) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: remove_upload
DELETE FROM upload WHERE upload_id = ?1

-- name: remove_parts
DELETE FROM part WHERE upload_id = ?1

-- name: add_task
INSERT INTO replication_task (bucket_id, destination, key, version_id, kind, enqueued_us, due_us, size, attempts,
    last_error, rule_id, threshold_us, missed, batch, job, place)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: lease_tasks
UPDATE replication_task SET due_us = ?1, attempts = attempts + 1, leased = 1 WHERE id IN carray(?2)

-- name: renew_tasks
UPDATE replication_task SET due_us = ?1 WHERE id IN carray(?2)

-- name: reschedule_task
UPDATE replication_task SET due_us = ?2, last_error = ?3, leased = 0 WHERE id = ?1

-- name: release_tasks
UPDATE replication_task SET due_us = ?3, leased = 0 WHERE id IN (
    SELECT id FROM replication_task INDEXED BY replication_task_lane
    WHERE bucket_id = ?1 AND destination = ?2 AND batch IN (0, 1) AND due_us > ?3 LIMIT ?4)

-- name: remove_tasks
DELETE FROM replication_task WHERE id IN carray(?1) RETURNING id

-- name: remove_tasks_of_version
DELETE FROM replication_task WHERE id IN (
    SELECT id FROM replication_task INDEXED BY replication_task_version
    WHERE version_id = ?3 AND key = ?2 AND bucket_id = ?1)
RETURNING {task_columns}

-- name: remember_hard_deleted
INSERT OR IGNORE INTO hard_deleted (bucket_id, key, version_id) VALUES (?1, ?2, ?3)

-- name: add_garbage
INSERT OR IGNORE INTO garbage (blob, since_us) VALUES (?, ?)

-- name: remove_garbage
DELETE FROM garbage WHERE blob = ?

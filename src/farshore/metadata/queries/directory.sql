-- The deployment's directory.

-- name: generation
PRAGMA data_version

-- name: account
SELECT id, name, created_us FROM account WHERE id = ?1

-- name: accounts
SELECT id, name, created_us FROM account ORDER BY id

-- name: bucket_home_columns
name, region, owner, created_us

-- name: bucket_home
SELECT {bucket_home_columns} FROM bucket_home WHERE name = ?1

-- name: scan_bucket_homes
SELECT {bucket_home_columns} FROM bucket_home INDEXED BY bucket_home_owner
WHERE owner = ?1 AND name >= ?2 AND (name > ?2 OR ?3) ORDER BY name

-- name: all_bucket_homes
SELECT {bucket_home_columns} FROM bucket_home ORDER BY name

-- name: account_by_name
SELECT id, name, created_us FROM account WHERE name = ?1 COLLATE NOCASE

-- name: create_account
INSERT INTO account (id, name, created_us) VALUES (?, ?, ?)

-- name: reserve_bucket
INSERT OR REPLACE INTO bucket_home (name, region, owner, created_us) VALUES (?, ?, ?, ?)

-- name: release_bucket
DELETE FROM bucket_home WHERE name = ?1

-- name: key_check
SELECT sealed FROM key_check

-- name: set_key_check
INSERT INTO key_check (id, sealed) VALUES (1, ?1)

-- name: sign_in_ended
SELECT 1 FROM ended_sign_in WHERE id = ?1

-- name: end_sign_in
INSERT OR IGNORE INTO ended_sign_in (id, expires_us) VALUES (?, ?)

-- name: forget_sign_ins
DELETE FROM ended_sign_in WHERE expires_us <= ?1

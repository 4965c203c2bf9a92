-- Users, groups, roles and their policies, in the deployment's directory.

-- name: user_columns
id, account_id, name, path, created_us, boundary, tags

-- name: user
SELECT {user_columns} FROM iam_user WHERE account_id = ?1 AND name = ?2

-- name: user_by_id
SELECT {user_columns} FROM iam_user WHERE id = ?1

-- name: users
SELECT {user_columns} FROM iam_user
WHERE account_id = ?1 AND name > ?2 AND substr(path, 1, length(?3)) = ?3 ORDER BY name LIMIT ?4

-- name: add_user
INSERT INTO iam_user ({user_columns}) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: replace_user
UPDATE iam_user SET account_id = ?2, name = ?3, path = ?4, created_us = ?5, boundary = ?6, tags = ?7 WHERE id = ?1

-- name: delete_user
DELETE FROM iam_user WHERE id = ?1

-- name: forget_memberships
DELETE FROM iam_membership WHERE user_id = ?1

-- name: group_columns
id, account_id, name, path, created_us

-- name: group
SELECT {group_columns} FROM iam_group WHERE account_id = ?1 AND name = ?2

-- name: group_by_id
SELECT {group_columns} FROM iam_group WHERE id = ?1

-- name: groups
SELECT {group_columns} FROM iam_group
WHERE account_id = ?1 AND name > ?2 AND substr(path, 1, length(?3)) = ?3 ORDER BY name LIMIT ?4

-- name: add_group
INSERT INTO iam_group ({group_columns}) VALUES (?, ?, ?, ?, ?)

-- name: replace_group
UPDATE iam_group SET account_id = ?2, name = ?3, path = ?4, created_us = ?5 WHERE id = ?1

-- name: delete_group
DELETE FROM iam_group WHERE id = ?1

-- name: groups_of
SELECT {group_columns} FROM iam_membership JOIN iam_group ON id = group_id WHERE user_id = ?1 ORDER BY name

-- name: members
SELECT {user_columns} FROM iam_membership JOIN iam_user ON id = user_id WHERE group_id = ?1 ORDER BY name

-- name: add_member
INSERT INTO iam_membership (group_id, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING

-- name: remove_member
DELETE FROM iam_membership WHERE group_id = ?1 AND user_id = ?2

-- name: role_columns
id, account_id, name, path, created_us, trust, description, max_session_s, boundary, tags

-- name: role
SELECT {role_columns} FROM iam_role WHERE account_id = ?1 AND name = ?2

-- name: role_by_id
SELECT {role_columns} FROM iam_role WHERE id = ?1

-- name: roles
SELECT {role_columns} FROM iam_role
WHERE account_id = ?1 AND name > ?2 AND substr(path, 1, length(?3)) = ?3 ORDER BY name LIMIT ?4

-- name: roles_that_name
SELECT {role_columns} FROM iam_role WHERE instr(trust, ?1) OR instr(trust, char(92))

-- name: add_role
INSERT INTO iam_role ({role_columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: replace_role
UPDATE iam_role SET account_id = ?2, name = ?3, path = ?4, created_us = ?5, trust = ?6, description = ?7,
max_session_s = ?8, boundary = ?9, tags = ?10 WHERE id = ?1

-- name: delete_role
DELETE FROM iam_role WHERE id = ?1

-- name: policy_columns
id, account_id, name, path, created_us, updated_us, default_version, last_version, description, tags

-- name: policy
SELECT {policy_columns} FROM iam_policy WHERE account_id = ?1 AND name = ?2

-- name: policies
SELECT {policy_columns} FROM iam_policy
WHERE account_id = ?1 AND name > ?2 AND substr(path, 1, length(?3)) = ?3 ORDER BY name LIMIT ?4

-- name: add_policy
INSERT INTO iam_policy ({policy_columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: replace_policy
UPDATE iam_policy SET account_id = ?2, name = ?3, path = ?4, created_us = ?5, updated_us = ?6, default_version = ?7,
last_version = ?8, description = ?9, tags = ?10 WHERE id = ?1

-- name: delete_policy
DELETE FROM iam_policy WHERE id = ?1

-- name: version_columns
policy_id, number, document, created_us

-- name: policy_version
SELECT {version_columns} FROM iam_policy_version WHERE policy_id = ?1 AND number = ?2

-- name: policy_versions
SELECT {version_columns} FROM iam_policy_version WHERE policy_id = ?1 ORDER BY number DESC

-- name: add_policy_version
INSERT INTO iam_policy_version ({version_columns}) VALUES (?, ?, ?, ?)

-- name: delete_policy_version
DELETE FROM iam_policy_version WHERE policy_id = ?1 AND number = ?2

-- name: delete_policy_versions
DELETE FROM iam_policy_version WHERE policy_id = ?1

-- name: inline_policies
SELECT name, document FROM iam_inline_policy WHERE owner_id = ?1 ORDER BY name

-- name: inline_policy
SELECT name, document FROM iam_inline_policy WHERE owner_id = ?1 AND name = ?2

-- name: put_inline_policy
INSERT INTO iam_inline_policy (owner_id, name, document) VALUES (?, ?, ?)
ON CONFLICT (owner_id, name) DO UPDATE SET document = excluded.document

-- name: delete_inline_policy
DELETE FROM iam_inline_policy WHERE owner_id = ?1 AND name = ?2

-- name: forget_inline_policies
DELETE FROM iam_inline_policy WHERE owner_id = ?1

-- name: attachments
SELECT policy_arn FROM iam_attachment WHERE owner_id = ?1 ORDER BY policy_arn

-- name: attach
INSERT INTO iam_attachment (owner_id, policy_arn, account_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING

-- name: detach
DELETE FROM iam_attachment WHERE owner_id = ?1 AND policy_arn = ?2

-- name: forget_attachments
DELETE FROM iam_attachment WHERE owner_id = ?1

-- name: attached_to
SELECT owner_id FROM iam_attachment WHERE policy_arn = ?1 AND account_id = ?2 ORDER BY owner_id

-- name: boundary_of
SELECT id FROM iam_user WHERE boundary = ?1 AND account_id = ?2
UNION ALL SELECT id FROM iam_role WHERE boundary = ?1 AND account_id = ?2 ORDER BY id

-- name: counts
SELECT (SELECT count(*) FROM iam_user WHERE account_id = ?1),
(SELECT count(*) FROM iam_group WHERE account_id = ?1),
(SELECT count(*) FROM iam_role WHERE account_id = ?1),
(SELECT count(*) FROM iam_policy WHERE account_id = ?1),
(SELECT count(*) FROM iam_policy JOIN iam_policy_version ON policy_id = id WHERE account_id = ?1)

-- name: access_key_columns
id, account_id, sealed_secret, active, user_id, created_us

-- name: access_key
SELECT {access_key_columns} FROM access_key WHERE id = ?1

-- name: access_keys
SELECT {access_key_columns} FROM access_key WHERE account_id = ?1 AND user_id IS ?2 ORDER BY created_us, id

-- name: add_access_key
INSERT INTO access_key ({access_key_columns}) VALUES (?, ?, ?, ?, ?, ?)

-- name: replace_access_key
UPDATE access_key SET account_id = ?2, sealed_secret = ?3, active = ?4, user_id = ?5, created_us = ?6 WHERE id = ?1

-- name: delete_access_key
DELETE FROM access_key WHERE id = ?1

-- name: last_use
SELECT at_us, service, region FROM last_use WHERE id = ?1

-- name: put_last_use
INSERT INTO last_use (id, at_us, service, region) VALUES (?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET at_us = excluded.at_us, service = excluded.service, region = excluded.region
WHERE excluded.at_us > at_us

-- name: delete_last_use
DELETE FROM last_use WHERE id = ?1

-- name: account_block
SELECT block FROM account_block WHERE account_id = ?1

-- name: put_account_block
INSERT INTO account_block (account_id, block) VALUES (?, ?) ON CONFLICT (account_id) DO UPDATE SET block = excluded.block

-- name: delete_account_block
DELETE FROM account_block WHERE account_id = ?1

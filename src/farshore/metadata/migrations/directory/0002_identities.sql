-- Users, groups, roles and their policies. Names are unique in an account, whatever their case; ids are never used again.
-- tags: msgpack map, NULL when there are none. boundary: ARN of a managed policy, NULL for none.

CREATE TABLE iam_user (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    path TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    boundary TEXT,
    tags BLOB,
    UNIQUE (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX iam_user_boundary ON iam_user (boundary, account_id) WHERE boundary IS NOT NULL;

CREATE TABLE iam_group (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    path TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    UNIQUE (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE iam_membership (
    user_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    PRIMARY KEY (user_id, group_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX iam_membership_group ON iam_membership (group_id, user_id);

CREATE TABLE iam_role (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    path TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    trust TEXT NOT NULL,
    description TEXT NOT NULL,
    max_session_s INTEGER NOT NULL,
    boundary TEXT,
    tags BLOB,
    UNIQUE (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX iam_role_boundary ON iam_role (boundary, account_id) WHERE boundary IS NOT NULL;

CREATE TABLE iam_policy (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    path TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    default_version INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    description TEXT NOT NULL,
    tags BLOB,
    UNIQUE (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE iam_policy_version (
    policy_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    document TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    PRIMARY KEY (policy_id, number)
) STRICT, WITHOUT ROWID;

-- owner_id: of a user, group or role.
CREATE TABLE iam_inline_policy (
    owner_id TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    document TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE iam_attachment (
    owner_id TEXT NOT NULL,
    policy_arn TEXT NOT NULL,
    account_id TEXT NOT NULL,  -- the owner's: AWS's own policies are attached in many accounts
    PRIMARY KEY (owner_id, policy_arn)
) STRICT, WITHOUT ROWID;

CREATE INDEX iam_attachment_policy ON iam_attachment (policy_arn, account_id, owner_id);

CREATE UNIQUE INDEX account_name ON account (name COLLATE NOCASE);

-- user_id: NULL for a key of the account's root.
ALTER TABLE access_key ADD COLUMN user_id TEXT;
ALTER TABLE access_key ADD COLUMN created_us INTEGER NOT NULL DEFAULT 0;

CREATE INDEX access_key_owner ON access_key (account_id, user_id);

-- id: of an access key or a role. Written now and then, not at every use.
CREATE TABLE last_use (
    id TEXT NOT NULL PRIMARY KEY,
    at_us INTEGER NOT NULL,
    service TEXT NOT NULL,
    region TEXT NOT NULL
) STRICT, WITHOUT ROWID;

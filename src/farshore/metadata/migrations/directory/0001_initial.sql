-- The deployment's directory. Times are microseconds since the epoch.

CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE access_key (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    sealed_secret BLOB NOT NULL,  -- AES-GCM under the deployment key
    active INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE bucket_home (
    name TEXT NOT NULL PRIMARY KEY,
    region TEXT NOT NULL,
    owner TEXT NOT NULL,
    created_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX bucket_home_owner ON bucket_home (owner, name);

-- One row: a constant sealed with the deployment key, which tells a wrong key before it does harm.
CREATE TABLE key_check (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    sealed BLOB NOT NULL
) STRICT;

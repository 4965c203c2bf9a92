-- A region's metadata. Times are microseconds since the epoch, sizes are bytes, keys are UTF-8 bytes so that they
-- compare byte-wise. Columns that hold msgpack are BLOB and NULL when the value is the default.

-- Ids are never used again (AUTOINCREMENT): caches and tasks name a bucket by its id.
CREATE TABLE bucket (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    versioning TEXT NOT NULL,
    generation INTEGER NOT NULL
) STRICT;

CREATE TABLE bucket_config (
    bucket_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (bucket_id, kind)
) STRICT, WITHOUT ROWID;

-- Rows are never used again either: a reader that looked a version up before it was removed must find its body gone,
-- not another one's.
CREATE TABLE version (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket_id INTEGER NOT NULL,
    key BLOB NOT NULL,
    created_us INTEGER NOT NULL,
    version_id TEXT NOT NULL,
    latest INTEGER NOT NULL,
    delete_marker INTEGER NOT NULL,
    inline INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    storage_class TEXT NOT NULL,
    owner TEXT NOT NULL,
    blob TEXT,
    attributes BLOB,
    tags BLOB,
    replication_status TEXT,
    destinations BLOB,
    failed_us INTEGER  -- when replication to a destination last ended FAILED; NULL when none stands so.
) STRICT;

-- The order of versions: the newest of a key is the first entry.
CREATE UNIQUE INDEX version_order ON version (bucket_id, key, created_us DESC, version_id DESC);

-- Listings of current objects walk this alone: no old versions, no delete markers. The size is for `counts`.
CREATE INDEX version_current ON version (bucket_id, key, size) WHERE latest = 1 AND delete_marker = 0;

CREATE INDEX version_failed ON version (failed_us) WHERE failed_us IS NOT NULL;
CREATE INDEX version_failed_by_bucket ON version (bucket_id, failed_us) WHERE failed_us IS NOT NULL;

-- Bodies stored inline, apart from the versions so that listings do not walk them.
CREATE TABLE payload (
    row INTEGER PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;

-- Every blob that a version refers to.
CREATE TABLE version_blob (
    blob TEXT NOT NULL,
    row INTEGER NOT NULL,
    PRIMARY KEY (blob, row)
) STRICT, WITHOUT ROWID;

CREATE TABLE upload (
    bucket_id INTEGER NOT NULL,
    key BLOB NOT NULL,
    created_us INTEGER NOT NULL,
    upload_id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    initiator TEXT NOT NULL,
    storage_class TEXT NOT NULL,
    checksum_algorithm TEXT,
    checksum_type TEXT,
    attributes BLOB,
    tags BLOB,
    PRIMARY KEY (bucket_id, key, created_us, upload_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE part (
    upload_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    blob TEXT,
    checksum BLOB,
    created_us INTEGER NOT NULL,
    PRIMARY KEY (upload_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX part_blob ON part (blob) WHERE blob IS NOT NULL;

-- The outbox. Ids ascend in order of insertion and are never used again.
CREATE TABLE replication_task (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    bucket_id INTEGER NOT NULL,
    destination TEXT NOT NULL,
    key BLOB NOT NULL,
    version_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    enqueued_us INTEGER NOT NULL,
    due_us INTEGER NOT NULL,
    size INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT NOT NULL
) STRICT;

-- A lane in order of being due. Covers what `lanes` adds up, which runs every second however much waits.
CREATE INDEX replication_task_lane ON replication_task (bucket_id, destination, due_us, enqueued_us, size);

-- Replicas that were permanently deleted here and must not come back.
CREATE TABLE hard_deleted (
    bucket_id INTEGER NOT NULL,
    key BLOB NOT NULL,
    version_id TEXT NOT NULL,
    PRIMARY KEY (bucket_id, key, version_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE garbage (
    blob TEXT NOT NULL PRIMARY KEY,
    since_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX garbage_since ON garbage (since_us);

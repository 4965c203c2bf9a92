-- Batch Operations jobs. `request`, `state`, `row`, `destinations`, `content` and `tags` are msgpack, or compressed text.

CREATE TABLE job (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL,
    token TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    status TEXT NOT NULL,
    priority INTEGER NOT NULL,
    ended_us INTEGER,
    total INTEGER NOT NULL,
    drawn INTEGER NOT NULL,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    request BLOB NOT NULL,
    state BLOB NOT NULL,
    tags BLOB
) STRICT;

CREATE UNIQUE INDEX job_token ON job (account_id, token);
CREATE INDEX job_account ON job (account_id, number);
CREATE INDEX job_unfinished ON job (number) WHERE ended_us IS NULL;
CREATE INDEX job_ended ON job (ended_us) WHERE ended_us IS NOT NULL;

-- A job's manifest, in order.
CREATE TABLE job_segment (
    job INTEGER NOT NULL,
    place INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (job, place)
) STRICT;

-- Tasks in flight; place is the number of the row in the manifest.
CREATE TABLE job_task (
    job INTEGER NOT NULL,
    place INTEGER NOT NULL,
    bucket_id INTEGER NOT NULL,
    key BLOB NOT NULL,
    version_id TEXT NOT NULL,
    row BLOB NOT NULL,
    destinations BLOB,
    PRIMARY KEY (job, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_task_version ON job_task (bucket_id, key, version_id);

CREATE TABLE job_result (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    content BLOB NOT NULL
) STRICT;

CREATE INDEX job_result_order ON job_result (job, failed, id);

-- Tasks of Batch Replication share a lane with live ones, each in order of being due.
ALTER TABLE replication_task ADD COLUMN batch INTEGER NOT NULL DEFAULT 0;
DROP INDEX replication_task_lane;
CREATE INDEX replication_task_lane ON replication_task (bucket_id, destination, batch, due_us, enqueued_us, size);

-- Metrics of what waits are of live replication alone (S3 User Guide, "Using S3 Replication metrics").
DROP INDEX replication_task_age;
CREATE INDEX replication_task_age ON replication_task (bucket_id, destination, rule_id, enqueued_us) WHERE batch = 0;

DROP TRIGGER replication_task_added;
CREATE TRIGGER replication_task_added AFTER INSERT ON replication_task WHEN NEW.batch = 0 BEGIN
    INSERT INTO replication_pending VALUES (NEW.bucket_id, NEW.destination, NEW.rule_id, 1, NEW.size, 1, NEW.size)
    ON CONFLICT DO UPDATE SET
        operations = operations + 1,
        bytes = bytes + NEW.size,
        peak_operations = max(peak_operations, operations + 1),
        peak_bytes = max(peak_bytes, bytes + NEW.size);
END;

DROP TRIGGER replication_task_removed;
CREATE TRIGGER replication_task_removed AFTER DELETE ON replication_task WHEN OLD.batch = 0 BEGIN
    UPDATE replication_pending SET operations = operations - 1, bytes = bytes - OLD.size
    WHERE bucket_id = OLD.bucket_id AND destination = OLD.destination AND rule_id = OLD.rule_id;
END;

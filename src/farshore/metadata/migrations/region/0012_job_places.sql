-- Rows of a job's manifest are named by their places in it alone: what they say is read from the manifest.

-- A job's manifest, in parts; first is the place of a part's first row.
DROP TABLE job_segment;
CREATE TABLE job_segment (
    job INTEGER NOT NULL,
    first INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (job, first)
) STRICT;

-- The task of a job that a task of replication carries, where that is all that the job's task waits for; 0 without one.
ALTER TABLE replication_task ADD COLUMN job INTEGER NOT NULL DEFAULT 0;
ALTER TABLE replication_task ADD COLUMN place INTEGER NOT NULL DEFAULT 0;

-- Other tasks in flight, by the version that they wait for; all zero or empty where they wait for none.
DROP TABLE job_task;
CREATE TABLE job_task (
    bucket_id INTEGER NOT NULL,
    key BLOB NOT NULL,
    version_id TEXT NOT NULL,
    job INTEGER NOT NULL,
    place INTEGER NOT NULL,
    destinations TEXT NOT NULL,
    PRIMARY KEY (bucket_id, key, version_id, job, place)
) STRICT, WITHOUT ROWID;

-- Results for the report, in blocks of places.
DROP TABLE job_result;
CREATE TABLE job_result (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    block INTEGER NOT NULL,
    content BLOB NOT NULL
) STRICT;

CREATE INDEX job_result_block ON job_result (job, failed, block, id);

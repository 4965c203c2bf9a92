-- What is recorded of replication for people who ask: see model/replication_record.py.

-- A bucket's replication configurations, as they followed each other. Bounded: the oldest go first.
CREATE TABLE replication_history (
    bucket_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    after_row INTEGER NOT NULL,  -- versions with a greater row were written under it, or under a later one.
    document BLOB,  -- NULL: it was deleted.
    PRIMARY KEY (bucket_id, number)
) STRICT;

-- Attempts to deliver that were not a plain first success. Bounded for each version and destination.
CREATE TABLE replication_attempt (
    row INTEGER NOT NULL,
    destination TEXT NOT NULL,
    number INTEGER NOT NULL,
    first_us INTEGER NOT NULL,
    last_us INTEGER NOT NULL,
    times INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT,
    detail TEXT NOT NULL,
    PRIMARY KEY (row, destination, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER replication_attempt_forget AFTER DELETE ON version WHEN old.destinations IS NOT NULL BEGIN
    DELETE FROM replication_attempt WHERE row = old.row;
END;

-- Destinations that stand FAILED, by cause. What `version` says is what counts; these follow it.
CREATE TABLE replication_failure (
    row INTEGER NOT NULL,
    destination TEXT NOT NULL,
    bucket_id INTEGER NOT NULL,
    code TEXT NOT NULL,
    failed_us INTEGER NOT NULL,
    key BLOB NOT NULL,
    version_id TEXT NOT NULL,
    PRIMARY KEY (row, destination)
) STRICT, WITHOUT ROWID;

CREATE INDEX replication_failure_order ON replication_failure (bucket_id, destination, code, failed_us);

CREATE TABLE replication_failure_count (
    bucket_id INTEGER NOT NULL,
    destination TEXT NOT NULL,
    code TEXT NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (bucket_id, destination, code)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER replication_failure_gone AFTER DELETE ON version WHEN old.failed_us IS NOT NULL BEGIN
    DELETE FROM replication_failure WHERE row = old.row;
END;

-- The states that fail now are inserted after the update, by the driver: they stand in a column that SQL cannot read.
CREATE TRIGGER replication_failure_changed AFTER UPDATE OF failed_us ON version WHEN old.failed_us IS NOT NULL BEGIN
    DELETE FROM replication_failure WHERE row = old.row;
END;

CREATE TRIGGER replication_failure_more AFTER INSERT ON replication_failure BEGIN
    INSERT INTO replication_failure_count VALUES (new.bucket_id, new.destination, new.code, 1)
    ON CONFLICT DO UPDATE SET failures = failures + 1;
END;

CREATE TRIGGER replication_failure_less AFTER DELETE ON replication_failure BEGIN
    UPDATE replication_failure_count SET failures = failures - 1
    WHERE bucket_id = old.bucket_id AND destination = old.destination AND code = old.code;
    DELETE FROM replication_failure_count
    WHERE bucket_id = old.bucket_id AND destination = old.destination AND code = old.code AND failures = 0;
END;

-- How deliveries to a destination go, for rates and for what holds them up.
CREATE TABLE replication_lane (
    bucket_id INTEGER NOT NULL,
    destination TEXT NOT NULL,
    since_us INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    operations_rate REAL NOT NULL,
    bytes_rate REAL NOT NULL,
    rests_until_us INTEGER NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (bucket_id, destination)
) STRICT, WITHOUT ROWID;

ALTER TABLE replication_task ADD COLUMN leased INTEGER NOT NULL DEFAULT 0;

-- The tasks of one version: what waits, and whether anything does. Ids of versions begin with their time, so that new
-- entries go to the end; many null versions have one id.
CREATE INDEX replication_task_version ON replication_task (version_id, key);

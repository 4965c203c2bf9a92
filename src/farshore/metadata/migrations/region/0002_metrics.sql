-- Replication metrics. A route is a rule of a source bucket and the destination that it leads to.

-- The rule that a task was made by. threshold_us: when a task under Replication Time Control ought to have arrived;
-- NULL without, and once it has been told that it did not (missed = 1).
ALTER TABLE replication_task ADD COLUMN rule_id TEXT NOT NULL DEFAULT '';
ALTER TABLE replication_task ADD COLUMN threshold_us INTEGER;
ALTER TABLE replication_task ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;

-- The oldest task of a route is its first entry.
CREATE INDEX replication_task_age ON replication_task (bucket_id, destination, rule_id, enqueued_us);

CREATE INDEX replication_task_threshold ON replication_task (threshold_us) WHERE threshold_us IS NOT NULL;

-- Which buckets have a configuration of a kind.
CREATE INDEX bucket_config_kind ON bucket_config (kind);

-- What waits, counted in the transaction of every change, by whatever makes it: so it is exact after any crash, and
-- costs the same however much waits. peak_*: the most since they were last begun anew.
CREATE TABLE replication_pending (
    bucket_id INTEGER NOT NULL,
    destination TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    operations INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    peak_operations INTEGER NOT NULL,
    peak_bytes INTEGER NOT NULL,
    PRIMARY KEY (bucket_id, destination, rule_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER replication_task_added AFTER INSERT ON replication_task BEGIN
    INSERT INTO replication_pending VALUES (NEW.bucket_id, NEW.destination, NEW.rule_id, 1, NEW.size, 1, NEW.size)
    ON CONFLICT DO UPDATE SET
        operations = operations + 1,
        bytes = bytes + NEW.size,
        peak_operations = max(peak_operations, operations + 1),
        peak_bytes = max(peak_bytes, bytes + NEW.size);
END;

CREATE TRIGGER replication_task_removed AFTER DELETE ON replication_task BEGIN
    UPDATE replication_pending SET operations = operations - 1, bytes = bytes - OLD.size
    WHERE bucket_id = OLD.bucket_id AND destination = OLD.destination AND rule_id = OLD.rule_id;
END;

INSERT INTO replication_pending
SELECT bucket_id, destination, rule_id, count(*), sum(size), count(*), sum(size)
FROM replication_task GROUP BY bucket_id, destination, rule_id;

-- What came of a route's operations. tally: msgpack. minute_*: since the minute under way began.
CREATE TABLE replication_account (
    bucket_id INTEGER NOT NULL,
    destination TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    tally BLOB NOT NULL,
    minute_completed INTEGER NOT NULL,
    minute_failed INTEGER NOT NULL,
    minute_latency_us INTEGER,
    PRIMARY KEY (bucket_id, destination, rule_id)
) STRICT, WITHOUT ROWID;

-- The minute under way, in seconds since the epoch: what is counted by minute belongs to it. One row at most.
CREATE TABLE metric_minute (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    at_s INTEGER NOT NULL
) STRICT;

CREATE TABLE metric_series (
    id INTEGER PRIMARY KEY,
    bucket_id INTEGER NOT NULL,
    destination TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    name TEXT NOT NULL,
    region TEXT NOT NULL,
    UNIQUE (bucket_id, destination, rule_id, name, region)
) STRICT;

-- Statistic sets, of a minute, then of five, then of an hour.
CREATE TABLE metric_point (
    series_id INTEGER NOT NULL,
    period_s INTEGER NOT NULL,
    at_s INTEGER NOT NULL,
    samples REAL NOT NULL,
    total REAL NOT NULL,
    minimum REAL NOT NULL,
    maximum REAL NOT NULL,
    PRIMARY KEY (series_id, period_s, at_s)
) STRICT, WITHOUT ROWID;

-- What waits beside live changes: existing versions of Batch Replication, and failures that were driven again. AWS's
-- metrics leave them out, who watches a backlog does not. Counted in the transaction of every change.
CREATE TABLE replication_again (
    bucket_id INTEGER NOT NULL,
    destination TEXT NOT NULL,
    operations INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (bucket_id, destination)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER replication_again_added AFTER INSERT ON replication_task WHEN NEW.batch = 1 BEGIN
    INSERT INTO replication_again VALUES (NEW.bucket_id, NEW.destination, 1, NEW.size)
    ON CONFLICT DO UPDATE SET operations = operations + 1, bytes = bytes + NEW.size;
END;

CREATE TRIGGER replication_again_removed AFTER DELETE ON replication_task WHEN OLD.batch = 1 BEGIN
    UPDATE replication_again SET operations = operations - 1, bytes = bytes - OLD.size
    WHERE bucket_id = OLD.bucket_id AND destination = OLD.destination;
    DELETE FROM replication_again
    WHERE bucket_id = OLD.bucket_id AND destination = OLD.destination AND operations = 0;
END;

INSERT INTO replication_again
SELECT bucket_id, destination, count(*), sum(size) FROM replication_task WHERE batch = 1
GROUP BY bucket_id, destination;

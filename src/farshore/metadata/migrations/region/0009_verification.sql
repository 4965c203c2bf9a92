-- The last verification of a bucket against each destination that came to its end.
CREATE TABLE replication_verification (
    bucket_id INTEGER NOT NULL,
    destination TEXT NOT NULL,
    record BLOB NOT NULL,  -- msgpack.
    PRIMARY KEY (bucket_id, destination)
) STRICT, WITHOUT ROWID;

-- Where a bucket's destinations were when its replication configuration was put: the directory forgets deleted names.
CREATE TABLE replication_last_home (
    bucket_id INTEGER NOT NULL,
    destination TEXT NOT NULL,
    region TEXT NOT NULL,
    PRIMARY KEY (bucket_id, destination)
) STRICT, WITHOUT ROWID;

-- Event notifications: the outbox. Ids ascend in the order of the changes that the events tell of.
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    destination TEXT NOT NULL,  -- ARN.
    enqueued_us INTEGER NOT NULL,
    due_us INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    event BLOB NOT NULL  -- msgpack.
) STRICT;

CREATE INDEX event_destination ON event (destination, id);

-- What waits for each destination, counted in the transaction of every change, and what has become of its events.
CREATE TABLE event_backlog (
    destination TEXT NOT NULL PRIMARY KEY,
    events INTEGER NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0,
    failed_attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TRIGGER event_added AFTER INSERT ON event BEGIN
    INSERT INTO event_backlog (destination, events) VALUES (NEW.destination, 1)
    ON CONFLICT DO UPDATE SET events = events + 1;
END;

CREATE TRIGGER event_removed AFTER DELETE ON event BEGIN
    UPDATE event_backlog SET events = events - 1 WHERE destination = OLD.destination;
END;

-- Event notifications: the outbox, one row for the events of a group of commands to one destination. The id of an event
-- is that of its group, shifted left by 12 bits, and its place within the group: ascending in the order of the changes.
DROP TABLE event;

-- enqueued_us: of its oldest event. Of the events, `left` wait. taken: so many from the beginning are done, and all that
-- follow wait, in their order; NULL once some wait between others that are done, or wait by themselves.
CREATE TABLE event_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    destination TEXT NOT NULL,  -- ARN.
    enqueued_us INTEGER NOT NULL,
    left INTEGER NOT NULL,
    taken INTEGER
) STRICT;

CREATE INDEX event_group_destination ON event_group (destination, id);

-- Apart, so that progress within a group writes little. msgpack.
CREATE TABLE event_content (
    id INTEGER PRIMARY KEY,
    events BLOB NOT NULL
) STRICT;

CREATE TRIGGER event_group_added AFTER INSERT ON event_group BEGIN
    INSERT INTO event_backlog (destination, events) VALUES (NEW.destination, NEW.left)
    ON CONFLICT DO UPDATE SET events = events + NEW.left;
END;

CREATE TRIGGER event_group_changed AFTER UPDATE OF left ON event_group BEGIN
    UPDATE event_backlog SET events = events + NEW.left - OLD.left WHERE destination = OLD.destination;
END;

CREATE TRIGGER event_group_removed AFTER DELETE ON event_group BEGIN
    UPDATE event_backlog SET events = events - OLD.left WHERE destination = OLD.destination;
    DELETE FROM event_content WHERE id = OLD.id;
END;

UPDATE event_backlog SET events = 0;

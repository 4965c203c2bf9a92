-- Events of a group are in its row, and what they have in common is there once. Those that wait in the former manner are
-- given up: it was never released.
DROP TRIGGER event_group_removed;
DELETE FROM event_group;
DROP TABLE event_content;
ALTER TABLE event_group ADD COLUMN events BLOB NOT NULL DEFAULT x'';  -- msgpack.

CREATE TRIGGER event_group_removed AFTER DELETE ON event_group BEGIN
    UPDATE event_backlog SET events = events - OLD.left WHERE destination = OLD.destination;
END;

UPDATE event_backlog SET events = 0;

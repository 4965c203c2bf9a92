-- The event outbox of a region. Parameters are numbered; the caller's method says what they are.

-- name: backlogs
SELECT destination, events, (SELECT enqueued_us FROM event WHERE destination = backlog.destination ORDER BY id LIMIT 1),
    delivered, dropped, failed_attempts, last_error
FROM event_backlog AS backlog ORDER BY destination

-- name: page
SELECT id, destination, enqueued_us, due_us, attempts, last_error, event FROM event
WHERE destination = ?1 AND id > ?2 ORDER BY id LIMIT ?3

-- name: add
INSERT INTO event (destination, enqueued_us, due_us, attempts, last_error, event) VALUES (?, ?, ?, ?, ?, ?)

-- name: remove
DELETE FROM event WHERE id IN carray(?1)

-- name: count_delivered
UPDATE event_backlog SET delivered = delivered + ?2, last_error = '' WHERE destination = ?1

-- name: reschedule
UPDATE event SET due_us = ?2, attempts = attempts + 1, last_error = ?3 WHERE id = ?1

-- name: count_failed
UPDATE event_backlog SET failed_attempts = failed_attempts + 1, last_error = ?2 WHERE destination = ?1

-- name: oldest
SELECT id, enqueued_us FROM event WHERE destination = ?1 ORDER BY id LIMIT ?2

-- name: waiting
SELECT events FROM event_backlog WHERE destination = ?1

-- name: count_dropped
UPDATE event_backlog SET dropped = dropped + ?2 WHERE destination = ?1

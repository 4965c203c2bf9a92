-- The event outbox of a region. Parameters are numbered; the caller's method says what they are.

-- name: backlogs
SELECT destination, events,
    (SELECT enqueued_us FROM event_group WHERE destination = backlog.destination ORDER BY id LIMIT 1),
    delivered, dropped, failed_attempts, last_error
FROM event_backlog AS backlog ORDER BY destination

-- name: groups
SELECT id, enqueued_us, taken, events FROM event_group
WHERE destination = ?1 AND id >= ?2 ORDER BY id

-- name: found_groups
SELECT id, left, taken FROM event_group WHERE id IN carray(?1)

-- name: group
SELECT taken, events FROM event_group WHERE id = ?1

-- name: add_group
INSERT INTO event_group (destination, enqueued_us, left, taken, events) VALUES (?1, ?2, ?3, 0, ?4)

-- name: advance
UPDATE event_group SET left = ?2, taken = ?3 WHERE id = ?1

-- name: replace
UPDATE event_group SET left = ?2, taken = NULL, events = ?3 WHERE id = ?1

-- name: remove_groups
DELETE FROM event_group WHERE id IN carray(?1)

-- name: count_delivered
UPDATE event_backlog SET delivered = delivered + ?2, last_error = '' WHERE destination = ?1

-- name: count_failed
UPDATE event_backlog SET failed_attempts = failed_attempts + ?2, last_error = ?3 WHERE destination = ?1

-- name: waiting
SELECT events, (SELECT enqueued_us FROM event_group WHERE destination = ?1 ORDER BY id LIMIT 1)
FROM event_backlog WHERE destination = ?1

-- name: count_dropped
UPDATE event_backlog SET dropped = dropped + ?2 WHERE destination = ?1

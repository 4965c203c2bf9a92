-- threshold_us stays when it has been told that a task missed it (missed = 1), and becomes NULL when it has been told
-- that the task is no longer tracked. The next that is to be told is the first entry.
DROP INDEX replication_task_threshold;
CREATE INDEX replication_task_threshold ON replication_task (threshold_us) WHERE threshold_us IS NOT NULL AND missed = 0;

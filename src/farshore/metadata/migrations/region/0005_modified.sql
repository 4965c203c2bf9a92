-- When tags and ACL of a version were last changed, for edits on both sides of a replication. NULL: never since it was made.
ALTER TABLE version ADD COLUMN modified BLOB;

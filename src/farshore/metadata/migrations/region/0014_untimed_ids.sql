-- A version is found by the time that its id tells. Of those whose ids do not tell theirs (`null`, and ids of other
-- systems) the newest of a key is found by its place, and the others here: writes of unversioned objects add nothing.
ALTER TABLE version ADD COLUMN untimed INTEGER NOT NULL DEFAULT 0;
UPDATE version SET untimed = 1 WHERE version_id = 'null';
CREATE INDEX version_untimed ON version (bucket_id, key, version_id) WHERE untimed = 1 AND latest = 0;

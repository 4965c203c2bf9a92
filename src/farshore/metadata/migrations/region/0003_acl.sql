-- Access control lists, where a bucket's ownership lets ACLs count. NULL: full control to the owner, and no more.
ALTER TABLE version ADD COLUMN acl BLOB;
ALTER TABLE upload ADD COLUMN acl BLOB;

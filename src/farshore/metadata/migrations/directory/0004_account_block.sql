-- Block Public Access of whole accounts. block: msgpack map of the switches.
CREATE TABLE account_block (
    account_id TEXT NOT NULL PRIMARY KEY,
    block BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Sign-ins to the console that their users ended, kept until they would have ended by themselves.
CREATE TABLE ended_sign_in (
    id TEXT PRIMARY KEY,
    expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

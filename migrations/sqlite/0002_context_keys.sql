-- What edges sign their verified contexts with: the public halves, for services in other processes. An edge makes its key
-- when it starts, registers it before it serves, and registers a new one before this one ends.
CREATE TABLE context_keys (
    id            TEXT NOT NULL PRIMARY KEY,
    public_key    BLOB NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT;

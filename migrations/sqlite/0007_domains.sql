-- What the last check of a domain said: JSON, apart from the domain, because it is large and changes often.
CREATE TABLE domain_reports (
    tenant_id TEXT NOT NULL,
    domain_id TEXT NOT NULL,
    report    TEXT NOT NULL,
    PRIMARY KEY (tenant_id, domain_id),
    FOREIGN KEY (tenant_id, domain_id) REFERENCES domains (tenant_id, id) ON DELETE CASCADE
) STRICT;

-- Every change of one of a domain's four axes.
CREATE TABLE domain_history (
    tenant_id TEXT NOT NULL,
    domain_id TEXT NOT NULL,
    id        TEXT NOT NULL,
    at_ms     INTEGER NOT NULL,
    axis      TEXT NOT NULL,
    was       TEXT NOT NULL,
    became    TEXT NOT NULL,
    -- An account, a key or the operator; NULL: the DNS, an issuer, or time.
    actor     TEXT,
    -- The finding or failure that led to it; NULL: none.
    code      TEXT,
    -- What was seen: JSON.
    evidence  TEXT,
    PRIMARY KEY (tenant_id, domain_id, id),
    FOREIGN KEY (tenant_id, domain_id) REFERENCES domains (tenant_id, id) ON DELETE CASCADE
) STRICT;

-- DOMAIN_HISTORY: a domain's, newest first.
CREATE INDEX domain_history_by_time ON domain_history (tenant_id, domain_id, at_ms, id);

-- How far the change log goes: one row. It is the lock of the log, so that its numbers appear in their order, without gaps.
CREATE TABLE change_log (
    name      TEXT NOT NULL PRIMARY KEY,
    -- The number of the last change.
    position  INTEGER NOT NULL,
    -- The highest number that was forgotten.
    forgotten INTEGER NOT NULL
) STRICT;

INSERT INTO change_log (name, position, forgotten) VALUES ('edges', 0, 0);

-- The change log: for each domain the number of its last change, also when it is gone. No reference, for that reason.
CREATE TABLE domain_changes (
    domain_id TEXT NOT NULL PRIMARY KEY,
    position  INTEGER NOT NULL UNIQUE,
    at_ms     INTEGER NOT NULL
) STRICT;

-- Processes that serve from the change log, and how far they got.
CREATE TABLE serving_nodes (
    name       TEXT NOT NULL PRIMARY KEY,
    kind       TEXT NOT NULL,
    position   INTEGER NOT NULL,
    seen_at_ms INTEGER NOT NULL
) STRICT;

-- Keys of TLS session tickets, shared by all edges.
CREATE TABLE ticket_keys (
    -- Which six hours since the epoch it is current in.
    period INTEGER NOT NULL PRIMARY KEY,
    -- Sealed by the key ring, bound to this row.
    key    BLOB NOT NULL
) STRICT, WITHOUT ROWID;

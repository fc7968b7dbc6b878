-- What the last check of a domain said: JSON, apart from the domain, because it is large and changes often.
CREATE TABLE domain_reports (
    tenant_id TEXT COLLATE "C" NOT NULL,
    domain_id TEXT COLLATE "C" NOT NULL,
    report    TEXT NOT NULL,
    PRIMARY KEY (tenant_id, domain_id),
    FOREIGN KEY (tenant_id, domain_id) REFERENCES domains (tenant_id, id) ON DELETE CASCADE
);

-- Every change of one of a domain's four axes.
CREATE TABLE domain_history (
    tenant_id TEXT COLLATE "C" NOT NULL,
    domain_id TEXT COLLATE "C" NOT NULL,
    id        TEXT COLLATE "C" NOT NULL,
    at_ms     BIGINT NOT NULL,
    axis      TEXT NOT NULL,
    was       TEXT NOT NULL,
    became    TEXT NOT NULL,
    -- An account, a key or the operator; NULL: the DNS, an issuer, or time.
    actor     TEXT COLLATE "C",
    -- The finding or failure that led to it; NULL: none.
    code      TEXT,
    -- What was seen: JSON.
    evidence  TEXT,
    PRIMARY KEY (tenant_id, domain_id, id),
    FOREIGN KEY (tenant_id, domain_id) REFERENCES domains (tenant_id, id) ON DELETE CASCADE
);

-- DOMAIN_HISTORY: a domain's, newest first.
CREATE INDEX domain_history_by_time ON domain_history (tenant_id, domain_id, at_ms, id);

-- How far the change log goes: one row. It is the lock of the log, so that its numbers appear in their order, without gaps.
CREATE TABLE change_log (
    name      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- The number of the last change.
    position  BIGINT NOT NULL,
    -- The highest number that was forgotten.
    forgotten BIGINT NOT NULL
);

INSERT INTO change_log (name, position, forgotten) VALUES ('edges', 0, 0);

-- The change log: for each domain the number of its last change, also when it is gone. No reference, for that reason.
CREATE TABLE domain_changes (
    domain_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    position  BIGINT NOT NULL UNIQUE,
    at_ms     BIGINT NOT NULL
);

-- Processes that serve from the change log, and how far they got.
CREATE TABLE serving_nodes (
    name       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind       TEXT NOT NULL,
    position   BIGINT NOT NULL,
    seen_at_ms BIGINT NOT NULL
);

-- Keys of TLS session tickets, shared by all edges.
CREATE TABLE ticket_keys (
    -- Which six hours since the epoch it is current in.
    period BIGINT NOT NULL PRIMARY KEY,
    -- Sealed by the key ring, bound to this row.
    key    BYTEA NOT NULL
);

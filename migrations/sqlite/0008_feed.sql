-- How far a feed of logged certificates was read: bytes.
CREATE TABLE feed_positions (
    feed     TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT;

-- What a feed showed of a domain: a certificate that is not ours, a name that looks like its own. Each is told once.
CREATE TABLE feed_sightings (
    tenant_id  TEXT NOT NULL,
    domain_id  TEXT NOT NULL,
    about      TEXT NOT NULL,
    seen_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, domain_id, about),
    FOREIGN KEY (tenant_id, domain_id) REFERENCES domains (tenant_id, id) ON DELETE CASCADE
) STRICT;

-- COUNT_SIGHTINGS: those of one day.
CREATE INDEX feed_sightings_by_time ON feed_sightings (tenant_id, domain_id, seen_at_ms);

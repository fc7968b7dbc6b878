-- How far a feed of logged certificates was read: bytes.
CREATE TABLE feed_positions (
    feed     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
);

-- What a feed showed of a domain: a certificate that is not ours, a name that looks like its own. Each is told once.
CREATE TABLE feed_sightings (
    tenant_id  TEXT COLLATE "C" NOT NULL,
    domain_id  TEXT COLLATE "C" NOT NULL,
    about      TEXT COLLATE "C" NOT NULL,
    seen_at_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, domain_id, about),
    FOREIGN KEY (tenant_id, domain_id) REFERENCES domains (tenant_id, id) ON DELETE CASCADE
);

-- COUNT_SIGHTINGS: those of one day.
CREATE INDEX feed_sightings_by_time ON feed_sightings (tenant_id, domain_id, seen_at_ms);

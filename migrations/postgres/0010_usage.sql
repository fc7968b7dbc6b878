-- What an organization used of a limit in a calendar month. Each limit is shared out to a few rows, so that none is hot
-- (docs/billing.md §3).
CREATE TABLE usage (
    tenant_id TEXT COLLATE "C" NOT NULL,
    meter     TEXT COLLATE "C" NOT NULL,
    -- Months after January 1970, UTC.
    period    BIGINT NOT NULL,
    shard     BIGINT NOT NULL,
    used      BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, meter, period, shard)
);

-- FORGET_USAGE: months that are over.
CREATE INDEX usage_by_period ON usage (period);

-- Meters that reached 80 % of their limit in a month.
CREATE TABLE usage_alerts (
    tenant_id TEXT COLLATE "C" NOT NULL,
    meter     TEXT COLLATE "C" NOT NULL,
    period    BIGINT NOT NULL,
    -- Of how many percent the owners were told: 0, 80 or 100.
    told      BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, meter, period)
);

-- HIGH_USAGE and FORGET_ALERTS.
CREATE INDEX usage_alerts_by_period ON usage_alerts (period);

-- What an organization used of a limit in a calendar month. Each limit is shared out to a few rows, so that none is hot
-- (docs/billing.md §3).
CREATE TABLE usage (
    tenant_id TEXT NOT NULL,
    meter     TEXT NOT NULL,
    -- Months after January 1970, UTC.
    period    INTEGER NOT NULL,
    shard     INTEGER NOT NULL,
    used      INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, meter, period, shard)
) STRICT;

-- FORGET_USAGE: months that are over.
CREATE INDEX usage_by_period ON usage (period);

-- Meters that reached 80 % of their limit in a month.
CREATE TABLE usage_alerts (
    tenant_id TEXT NOT NULL,
    meter     TEXT NOT NULL,
    period    INTEGER NOT NULL,
    -- Of how many percent the owners were told: 0, 80 or 100.
    told      INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, meter, period)
) STRICT;

-- HIGH_USAGE and FORGET_ALERTS.
CREATE INDEX usage_alerts_by_period ON usage_alerts (period);

-- A domain's certificate on its way, and afterwards the plan to renew it: one row a domain, worked on under a lease.
CREATE TABLE issuances (
    domain_id       TEXT NOT NULL PRIMARY KEY,
    tenant_id       TEXT NOT NULL,
    -- The whole of it, as JSON: its keys are sealed by the key ring.
    state           TEXT NOT NULL,
    -- Of the state, what is searched: when it is due, and among those that are due, who goes first.
    next_at_ms      BIGINT NOT NULL,
    urgency_ms      BIGINT NOT NULL,
    -- Somebody works on it until then. Whoever writes names the number of the lease, which rises with each one.
    leased_until_ms BIGINT NOT NULL,
    fence           BIGINT NOT NULL
);

-- ERASE_ISSUANCES: an organization's end.
CREATE INDEX issuances_by_tenant ON issuances (tenant_id);
-- CLAIM_ISSUANCE.
CREATE INDEX issuances_by_time ON issuances (next_at_ms);

-- What an issuer lets us spend: a bucket's theoretical arrival time. One that is missing is full.
CREATE TABLE issuer_buckets (
    issuer        TEXT NOT NULL,
    budget        TEXT NOT NULL,
    bucket_key    TEXT NOT NULL,
    arrival_at_ms BIGINT NOT NULL,
    PRIMARY KEY (issuer, budget, bucket_key)
);

-- Certificates that are shown, issued or brought along; and, until they are over, those that were shown before.
CREATE TABLE certificates (
    id              TEXT NOT NULL PRIMARY KEY,
    tenant_id       TEXT NOT NULL,
    domain_id       TEXT NOT NULL,
    name            TEXT NOT NULL,
    -- NULL: brought along.
    issuer          TEXT,
    -- DER, one after the other, the host's own first.
    chain           BYTEA NOT NULL,
    -- Sealed by the key ring, bound to this row. NULL: destroyed, because another took its place.
    private_key     BYTEA,
    -- What the certificate says, as JSON.
    facts           TEXT NOT NULL,
    not_after_ms    BIGINT NOT NULL
);

-- ERASE_CERTIFICATES: an organization's end.
CREATE INDEX certificates_by_tenant ON certificates (tenant_id);
-- RETIRE_CERTIFICATE, DELETE_CERTIFICATES: all that a domain had.
CREATE INDEX certificates_by_domain ON certificates (domain_id, not_after_ms);
-- FIND_CERTIFICATE: the one that is shown. There is one.
CREATE UNIQUE INDEX certificates_shown ON certificates (domain_id) WHERE private_key IS NOT NULL;

-- Our account at each issuer, as JSON: its keys are sealed by the key ring.
CREATE TABLE issuer_accounts (
    issuer TEXT NOT NULL PRIMARY KEY,
    state  TEXT NOT NULL
);

-- Organizations that are customers at Stripe, and what we last saw of them there.
CREATE TABLE billing_customers (
    tenant_id       TEXT NOT NULL PRIMARY KEY REFERENCES tenants (id),
    -- Stripe's id: cus_…
    customer        TEXT NOT NULL UNIQUE,
    -- Rises with everything that says that something may have changed at Stripe.
    wanted          INTEGER NOT NULL,
    -- What it was when what we last fetched was asked for.
    fetched         INTEGER NOT NULL,
    -- Rises with everyone who takes the row to ask: who is overtaken writes nothing.
    fence           INTEGER NOT NULL,
    leased_until_ms INTEGER NOT NULL,
    -- When it is taken next.
    due_at_ms       INTEGER NOT NULL,
    -- Times in a row that Stripe did not answer.
    failures        INTEGER NOT NULL,
    -- When Stripe last answered.
    asked_at_ms     INTEGER,
    -- What the organization was last told that it is.
    standing        TEXT NOT NULL,
    -- Of what it was last reminded.
    reminded        TEXT,
    -- For how many members is paid; NULL: not by members, or nothing to put right.
    seats           INTEGER,
    -- Subscriptions and invoices, sealed: JSON.
    copy            BLOB
) STRICT;

-- TAKE_DUE_CUSTOMER: the longest due first.
CREATE INDEX billing_customers_by_due ON billing_customers (due_at_ms);

-- What Stripe sent, as it came, sealed. Kept for 30 days; it decides nothing but whom to ask for.
CREATE TABLE billing_events (
    -- Stripe's id: evt_…
    id             TEXT NOT NULL PRIMARY KEY,
    -- Whom it names, if anybody.
    customer       TEXT,
    kind           TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL,
    body           BLOB NOT NULL
) STRICT;

-- FORGET_BILLING_EVENTS: the oldest first.
CREATE INDEX billing_events_by_time ON billing_events (received_at_ms);

-- Prices as Stripe has them, by the lookup keys of the configuration.
CREATE TABLE billing_prices (
    lookup_key TEXT NOT NULL,
    currency   TEXT NOT NULL,
    period     TEXT NOT NULL,
    -- In the currency's smallest unit.
    amount     INTEGER NOT NULL,
    PRIMARY KEY (lookup_key, currency)
) STRICT;

-- Differences between Stripe and us that only people can mend.
CREATE TABLE billing_drift (
    kind      TEXT NOT NULL,
    -- What it is about: a subscription, a price, a plan, a customer.
    subject   TEXT NOT NULL,
    -- Whose; NULL: nobody's that we know.
    tenant_id TEXT REFERENCES tenants (id),
    since_ms  INTEGER NOT NULL,
    PRIMARY KEY (kind, subject)
) STRICT;

-- REPLACE_DRIFT: an organization's.
CREATE INDEX billing_drift_by_tenant ON billing_drift (tenant_id);

-- Work that one process does for all: when it is done next.
CREATE TABLE billing_turns (
    name      TEXT NOT NULL PRIMARY KEY,
    due_at_ms INTEGER NOT NULL
) STRICT;

-- Customers of organizations that were erased: what they still pay for is ended, then the row goes.
CREATE TABLE billing_partings (
    customer  TEXT NOT NULL PRIMARY KEY,
    due_at_ms INTEGER NOT NULL
) STRICT;

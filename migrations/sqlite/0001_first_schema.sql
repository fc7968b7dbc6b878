-- Times are UTC milliseconds since the epoch, given by the server's clock. Ids are text as people see them.
-- Enumerations are text; their values stand in the model. STRICT makes SQLite refuse a
-- value of another type; its name for a 64-bit integer is INTEGER.

CREATE TABLE tenants (
    id                 TEXT NOT NULL PRIMARY KEY,
    slug               TEXT NOT NULL UNIQUE,
    name               TEXT NOT NULL,
    plan               TEXT NOT NULL,
    created_at_ms      INTEGER NOT NULL,
    -- From then on it is erased; NULL: it stays.
    deletion_due_at_ms INTEGER
) STRICT;

-- DUE_ERASURES: organizations to be erased.
CREATE INDEX tenants_by_deletion ON tenants (deletion_due_at_ms) WHERE deletion_due_at_ms IS NOT NULL;

-- One tenant's claim to one name. Several tenants may claim one; one of them holds it.
CREATE TABLE domains (
    tenant_id               TEXT NOT NULL REFERENCES tenants (id),
    id                      TEXT NOT NULL,
    -- `secrets.example.com` or `*.example.com`.
    host                    TEXT NOT NULL,
    created_at_ms           INTEGER NOT NULL,
    transport               TEXT NOT NULL,
    -- What proves it in a TXT record; empty if nothing has to.
    token                   TEXT NOT NULL,
    token_drawn_at_ms       INTEGER NOT NULL,
    -- 1: drawn for a contest.
    token_answers_contest   INTEGER NOT NULL,
    -- What its CNAME points to, below our own zone; empty if nothing does.
    label                   TEXT NOT NULL,
    ownership               TEXT NOT NULL,
    since_ms                INTEGER NOT NULL,
    held_since_ms           INTEGER,
    -- When and from where its proof was first seen while another held the name.
    sighting_at_ms          INTEGER,
    sighting_from           TEXT,
    contested_by            TEXT,
    turned_down_until_ms    INTEGER,
    pointing                TEXT NOT NULL,
    gate                    TEXT NOT NULL,
    -- Since when checks are counted, how many there were, the last that said something, the next.
    checks_since_ms         INTEGER NOT NULL,
    checks                  INTEGER NOT NULL,
    checked_at_ms           INTEGER,
    next_check_at_ms        INTEGER,
    -- When a handshake last brought the next check forward.
    hastened_at_ms          INTEGER,
    -- JSON, as the model writes it.
    settings                TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, host)
) STRICT;

-- Of all claims to a name one holds it, whatever the server does. Also LOCK_HOST.
CREATE UNIQUE INDEX domains_by_holder ON domains (host)
    WHERE ownership IN ('verified', 'contested', 'held', 'grace');
CREATE INDEX domains_by_host ON domains (host);
-- FIND_DOMAIN_ANYWHERE: for work that an id was given for.
CREATE UNIQUE INDEX domains_by_id ON domains (id);
-- No label is given out twice.
CREATE UNIQUE INDEX domains_by_label ON domains (label) WHERE label <> '';
-- TAKE_DUE_CHECK.
CREATE INDEX domains_by_check ON domains (next_check_at_ms) WHERE next_check_at_ms IS NOT NULL;

-- What visitors of a domain see: JSON, as the model writes it.
CREATE TABLE brands (
    tenant_id TEXT NOT NULL,
    domain_id TEXT NOT NULL,
    look      TEXT NOT NULL,
    PRIMARY KEY (tenant_id, domain_id),
    FOREIGN KEY (tenant_id, domain_id) REFERENCES domains (tenant_id, id) ON DELETE CASCADE
) STRICT;

-- Apart from the brand, so that a change of words does not rewrite an image.
CREATE TABLE brand_logos (
    tenant_id    TEXT NOT NULL,
    domain_id    TEXT NOT NULL,
    content_type TEXT NOT NULL,
    image        BLOB NOT NULL,
    PRIMARY KEY (tenant_id, domain_id),
    FOREIGN KEY (tenant_id, domain_id) REFERENCES brands (tenant_id, domain_id) ON DELETE CASCADE
) STRICT;

-- Afterwards the tombstone and the receipt. No reference to tenants: its check would lock one row of theirs for every
-- secret that is made.
CREATE TABLE secrets (
    tenant_id      TEXT NOT NULL,
    id             TEXT NOT NULL,
    rid            TEXT NOT NULL,
    -- Where it was made. No reference: it outlives its domain.
    domain_id      TEXT NOT NULL,
    -- An account, a key or the operator; NULL: a stranger.
    created_by     TEXT,
    state          TEXT NOT NULL,
    kind           TEXT NOT NULL,
    sealed         TEXT NOT NULL,
    -- The passphrase's Argon2id cost: all three or none.
    argon2_m_kib   INTEGER,
    argon2_t       INTEGER,
    argon2_p       INTEGER,
    peek_sha256    BLOB NOT NULL,
    ack_sha256     BLOB NOT NULL,
    receipt_sha256 BLOB NOT NULL,
    body_sha256    BLOB NOT NULL,
    views          INTEGER NOT NULL,
    views_left     INTEGER NOT NULL,
    open_claims    INTEGER NOT NULL,
    wrong_tries    INTEGER NOT NULL,
    next_try_at_ms INTEGER NOT NULL,
    policy_version INTEGER NOT NULL,
    content_bytes  INTEGER NOT NULL,
    key_day        INTEGER NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    expires_at_ms  INTEGER NOT NULL,
    ended_at_ms    INTEGER,
    kept_until_ms  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    -- Also finds a secret by its receipt.
    UNIQUE (tenant_id, rid)
) STRICT;

-- LIST_SECRETS: a tenant's secrets, newest first.
CREATE INDEX secrets_by_creation ON secrets (tenant_id, created_at_ms, id);
-- LIST_MADE_BY: those that one actor made. Most are made by strangers, and cost this index nothing.
CREATE INDEX secrets_by_maker ON secrets (tenant_id, created_by, created_at_ms, id) WHERE created_by IS NOT NULL;
-- COUNT_LIVE_SECRETS: those of a domain that can still be opened.
CREATE INDEX secrets_by_domain ON secrets (tenant_id, domain_id)
    WHERE state IN ('ready', 'locked', 'draining', 'bound');
-- DUE_EXPIRIES: what the reaper has to expire.
CREATE INDEX secrets_by_expiry ON secrets (expires_at_ms)
    WHERE state IN ('ready', 'locked', 'bound');
-- DUE_TOMBSTONES: what the reaper has to forget.
CREATE INDEX secrets_by_keeping ON secrets (kept_until_ms)
    WHERE state IN ('destroyed', 'burned', 'expired', 'restored');

-- What a secret keeps besides its row, one row per data key, sealed under it. The data key itself is sealed under the key
-- of secrets.key_day. Both rows are written once and end by one DELETE each, at different times if the secret is
-- device-bound: an UPDATE would leave the row's older version in the database's files. The secret's own row is rewritten
-- by every try.

-- Under the first data key: the wrapped content key, and the code that tells a right claim key from a wrong one. Gone
-- once nobody may claim any more.
CREATE TABLE secret_wraps (
    tenant_id   TEXT NOT NULL,
    secret_id   TEXT NOT NULL,
    data_key    BLOB NOT NULL,
    claim_mac   BLOB NOT NULL,
    wrapped_key BLOB NOT NULL,
    PRIMARY KEY (tenant_id, secret_id),
    FOREIGN KEY (tenant_id, secret_id) REFERENCES secrets (tenant_id, id) ON DELETE CASCADE
) STRICT;

-- Under the second data key: the ciphertext. Gone once nobody may open it any more.
CREATE TABLE secret_contents (
    tenant_id TEXT NOT NULL,
    secret_id TEXT NOT NULL,
    data_key  BLOB NOT NULL,
    header    BLOB NOT NULL,
    policy    BLOB NOT NULL,
    content   BLOB NOT NULL,
    PRIMARY KEY (tenant_id, secret_id),
    FOREIGN KEY (tenant_id, secret_id) REFERENCES secrets (tenant_id, id) ON DELETE CASCADE
) STRICT;

-- What the device that a secret is bound to has sealed to a passkey, if it did; under the second data key, too. Gone with
-- the ciphertext, or when the secret is handed to another device.
CREATE TABLE passkey_copies (
    tenant_id TEXT NOT NULL,
    secret_id TEXT NOT NULL,
    copy      BLOB NOT NULL,
    PRIMARY KEY (tenant_id, secret_id),
    FOREIGN KEY (tenant_id, secret_id) REFERENCES secret_contents (tenant_id, secret_id) ON DELETE CASCADE
) STRICT;

CREATE TABLE claims (
    tenant_id         TEXT NOT NULL,
    id                TEXT NOT NULL,
    secret_id         TEXT NOT NULL,
    thumbprint        BLOB NOT NULL,
    state             TEXT NOT NULL,
    device            TEXT NOT NULL,
    counter           INTEGER NOT NULL,
    created_at_ms     INTEGER NOT NULL,
    window_ends_at_ms INTEGER NOT NULL,
    ended_at_ms       INTEGER,
    -- Openings after the first: only of device-bound secrets.
    opens             INTEGER NOT NULL,
    last_open_at_ms   INTEGER,
    -- The thumbprint of the device that gave the secret to this one, if one did.
    handed_by         BLOB,
    PRIMARY KEY (tenant_id, id),
    -- One claim per secret and device, for ever: whoever loses the race for it learns so here.
    UNIQUE (tenant_id, secret_id, thumbprint),
    FOREIGN KEY (tenant_id, secret_id) REFERENCES secrets (tenant_id, id) ON DELETE CASCADE
) STRICT;

-- DUE_WINDOWS and EXTEND_WINDOWS: what the reaper has to lapse, or to spare after an outage.
CREATE INDEX claims_by_window ON claims (window_ends_at_ms) WHERE state = 'open';

-- A device that asks for a device-bound secret. Once it was given, also what it was given, until it says that it keeps
-- it: then the row ends by one DELETE, as both data keys do.
CREATE TABLE handovers (
    tenant_id   TEXT NOT NULL,
    secret_id   TEXT NOT NULL,
    thumbprint  BLOB NOT NULL,
    device      TEXT NOT NULL,
    receive     BLOB NOT NULL,
    nonce       BLOB NOT NULL,
    asked_at_ms INTEGER NOT NULL,
    ends_at_ms  INTEGER NOT NULL,
    -- Sealed under the secret's second data key; NULL until it was given.
    keys        BLOB,
    PRIMARY KEY (tenant_id, secret_id, thumbprint),
    FOREIGN KEY (tenant_id, secret_id) REFERENCES secrets (tenant_id, id) ON DELETE CASCADE
) STRICT;

-- FORGET_ASKS: asks that nobody answered.
CREATE INDEX handovers_by_end ON handovers (ends_at_ms) WHERE keys IS NULL;

CREATE TABLE audit_events (
    tenant_id TEXT NOT NULL,
    id        TEXT NOT NULL,
    at_ms     INTEGER NOT NULL,
    action    TEXT NOT NULL,
    -- An account, a key or the operator; NULL: a stranger, or the clock.
    actor     TEXT,
    subject   TEXT NOT NULL,
    network   TEXT,
    PRIMARY KEY (tenant_id, id)
) STRICT;

-- LIST_EVENTS and LIST_EVENTS_BACK: a tenant's events, in either order.
CREATE INDEX audit_events_by_time ON audit_events (tenant_id, at_ms, id);

-- FORGET_EVENTS: what is older than the audit trail is kept.
CREATE INDEX audit_events_by_age ON audit_events (at_ms);

-- What leaves after the commit: deleted when it is delivered or given up.
CREATE TABLE outbox (
    id              TEXT NOT NULL PRIMARY KEY,
    -- NULL: of an account, not of an organization.
    tenant_id       TEXT,
    topic           TEXT NOT NULL,
    -- Sealed by the key ring: it may hold links.
    payload         BLOB NOT NULL,
    -- Not before, and not after.
    due_at_ms       INTEGER NOT NULL,
    not_after_ms    INTEGER NOT NULL,
    -- A worker is delivering it until then.
    leased_until_ms INTEGER NOT NULL,
    -- How often it was taken. Also which taking it was: whoever took it earlier changes it no more.
    attempts        INTEGER NOT NULL
) STRICT;

-- ERASE_OUTBOX: what an organization still wanted to say.
CREATE INDEX outbox_by_tenant ON outbox (tenant_id);
-- ANY_DUE, TAKE_MESSAGES: what the worker has to deliver, oldest first.
CREATE INDEX outbox_by_time ON outbox (topic, due_at_ms, id);

-- Who gets no mail: the code of an address under a key that is not in the database.
CREATE TABLE suppressions (
    address_code BLOB NOT NULL,
    reason       TEXT NOT NULL,
    since_ms     INTEGER NOT NULL,
    -- NULL: until it is lifted.
    ends_at_ms   INTEGER,
    PRIMARY KEY (address_code, reason)
) STRICT;

-- The server's own: when a reaper was last seen alive.
CREATE TABLE heartbeats (
    name       TEXT NOT NULL PRIMARY KEY,
    beat_at_ms INTEGER NOT NULL
) STRICT;

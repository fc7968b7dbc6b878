-- People who sign in, what lets them in, and what they are in organizations. A bearer value (session, mailed link, recovery
-- code, key) is here as its SHA-256 alone: 256 random bits, or 190 of a key, need no salt.

CREATE TABLE accounts (
    id             TEXT NOT NULL PRIMARY KEY,
    -- In lower case: one person's address is one, however it was written.
    email_key      TEXT NOT NULL UNIQUE,
    -- As it is sent to.
    email          TEXT NOT NULL,
    name           TEXT NOT NULL,
    lang           TEXT NOT NULL,
    -- Argon2id, in PHC form; NULL: no password lets this account in.
    password       TEXT,
    -- The second factor, sealed, and the last time step that was taken: both or neither.
    totp_key       BLOB,
    totp_last_step INTEGER,
    created_at_ms  INTEGER NOT NULL
) STRICT;

CREATE TABLE passkeys (
    id              TEXT NOT NULL PRIMARY KEY,
    account_id      TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    credential_id   BLOB NOT NULL UNIQUE,
    -- Public key and counters: JSON, as the WebAuthn library writes them.
    credential      TEXT NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    last_used_at_ms INTEGER
) STRICT;

-- LIST_PASSKEYS, and LIST_MEMBERS: an account's passkeys, oldest first.
CREATE INDEX passkeys_by_account ON passkeys (account_id, created_at_ms, id);

CREATE TABLE recovery_codes (
    account_id  TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    code_sha256 BLOB NOT NULL,
    PRIMARY KEY (account_id, code_sha256)
) STRICT;

-- Browsers that have signed in: from another one, the person is told.
CREATE TABLE known_devices (
    account_id    TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    device_sha256 BLOB NOT NULL,
    seen_at_ms    INTEGER NOT NULL,
    PRIMARY KEY (account_id, device_sha256)
) STRICT;

-- FORGET_DEVICES: those not seen for long.
CREATE INDEX known_devices_by_age ON known_devices (seen_at_ms);

CREATE TABLE sessions (
    id                  TEXT NOT NULL PRIMARY KEY,
    token_sha256        BLOB NOT NULL UNIQUE,
    account_id          TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind                TEXT NOT NULL,
    device              TEXT NOT NULL,
    network             TEXT NOT NULL,
    created_at_ms       INTEGER NOT NULL,
    last_used_at_ms     INTEGER NOT NULL,
    -- Never after the next, so that this alone tells whether it has ended.
    idle_ends_at_ms     INTEGER NOT NULL,
    ends_at_ms          INTEGER NOT NULL,
    stepped_up_until_ms INTEGER NOT NULL
) STRICT;

-- LIST_SESSIONS, and LIST_MEMBERS: an account's sessions, used last first.
CREATE INDEX sessions_by_use ON sessions (account_id, last_used_at_ms, id);
-- FORGET_SESSIONS: those that have ended.
CREATE INDEX sessions_by_end ON sessions (idle_ends_at_ms);

-- Values that are taken once. No reference to accounts: some are of people who have none yet.
CREATE TABLE tokens (
    purpose       TEXT NOT NULL,
    token_sha256  BLOB NOT NULL,
    subject       TEXT NOT NULL,
    payload       BLOB NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (purpose, token_sha256)
) STRICT;

-- REVOKE_TOKENS and DELETE_TOKENS_OF: a subject's, of one purpose or of all.
CREATE INDEX tokens_by_subject ON tokens (subject, purpose);
-- FORGET_TOKENS: those that have ended.
CREATE INDEX tokens_by_end ON tokens (expires_at_ms);

-- Wrong tries, also of addresses that have no account: nobody can tell which.
CREATE TABLE sign_in_tries (
    -- A keyed hash of whose tries these are.
    whose      BLOB NOT NULL PRIMARY KEY,
    wrong      INTEGER NOT NULL,
    -- NULL: not held back.
    next_at_ms INTEGER,
    last_at_ms INTEGER NOT NULL
) STRICT;

-- FORGET_TRIES: those of long ago.
CREATE INDEX sign_in_tries_by_age ON sign_in_tries (last_at_ms);

CREATE TABLE account_events (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    id         TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    action     TEXT NOT NULL,
    network    TEXT,
    device     TEXT,
    PRIMARY KEY (account_id, id)
) STRICT;

-- LIST_ACCOUNT_EVENTS: an account's history, newest first.
CREATE INDEX account_events_by_time ON account_events (account_id, at_ms, id);
-- FORGET_ACCOUNT_EVENTS: what is older than histories are kept.
CREATE INDEX account_events_by_age ON account_events (at_ms);

CREATE TABLE memberships (
    tenant_id    TEXT NOT NULL REFERENCES tenants (id),
    account_id   TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role         TEXT NOT NULL,
    -- The one domain that the member is confined to; NULL: to none.
    domain_id    TEXT,
    joined_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, account_id),
    FOREIGN KEY (tenant_id, domain_id) REFERENCES domains (tenant_id, id)
) STRICT;

-- LIST_MEMBERS: an organization's members, by when they joined.
CREATE INDEX memberships_by_joining ON memberships (tenant_id, joined_at_ms, account_id);
-- BELONGINGS and LIST_MEMBERSHIPS: an account's organizations.
CREATE INDEX memberships_by_account ON memberships (account_id);

CREATE TABLE invitations (
    tenant_id     TEXT NOT NULL REFERENCES tenants (id),
    id            TEXT NOT NULL,
    email_key     TEXT NOT NULL,
    email         TEXT NOT NULL,
    role          TEXT NOT NULL,
    domain_id     TEXT,
    invited_by    TEXT NOT NULL,
    lang          TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    -- An address is invited once: a new invitation replaces the old one.
    UNIQUE (tenant_id, email_key),
    FOREIGN KEY (tenant_id, domain_id) REFERENCES domains (tenant_id, id)
) STRICT;

-- FORGET_INVITATIONS: those that have ended.
CREATE INDEX invitations_by_end ON invitations (expires_at_ms);

CREATE TABLE api_keys (
    tenant_id          TEXT NOT NULL REFERENCES tenants (id),
    id                 TEXT NOT NULL,
    name               TEXT NOT NULL,
    hint               TEXT NOT NULL,
    token_sha256       BLOB NOT NULL UNIQUE,
    -- Of the text before the last rotation, and until when it works.
    old_sha256         BLOB UNIQUE,
    overlap_ends_at_ms INTEGER,
    -- Texts with a space between them.
    scopes             TEXT NOT NULL,
    networks           TEXT NOT NULL,
    created_by         TEXT NOT NULL,
    created_at_ms      INTEGER NOT NULL,
    expires_at_ms      INTEGER NOT NULL,
    last_used_at_ms    INTEGER,
    PRIMARY KEY (tenant_id, id)
) STRICT;

-- What stays of an organization that was erased: that a host was somebody's, and until when.
CREATE TABLE domain_tombstones (
    host_sha256  BLOB NOT NULL PRIMARY KEY,
    erased_at_ms INTEGER NOT NULL
) STRICT;

-- What the operator has switched while servers run. What is not here is as each server's configuration has it.
CREATE TABLE switches (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- What the operator did, apart from organizations' trails. It is kept: there are few.
CREATE TABLE operator_events (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at_ms   BIGINT NOT NULL,
    action  TEXT NOT NULL,
    -- Names nobody: a policy, an account's id, the code of an address.
    subject TEXT NOT NULL
);

-- LIST_OPERATOR_EVENTS: newest first.
CREATE INDEX operator_events_by_time ON operator_events (at_ms, id);

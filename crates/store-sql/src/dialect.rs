//! Where the two engines differ. Everything else is one text; a fork needs a reason here.
//!
//! 1. [`locking`]: Postgres locks the row it reads; `SQLite` has one writer, which is the lock.
//! 2. [`skipping_locked`]: as above, for a worker's share of a queue.
//! 3. [`listed`]: a list as one value, so that one text serves lists of every length.
//! 4. [`CLOCK`]: neither engine has the other's function.
//! 5. [`SAFE`] and its statement: the settings that make a commit durable have other names.
//!
//! Two more are no statements: the checkpoint and the start of a transaction, in `engine`.

use crate::statements::Statement;

/// A SELECT that holds the rows it reads until the transaction ends. On `SQLite` every unit starts with `BEGIN
/// IMMEDIATE`: the whole file is held already.
macro_rules! locking {
    ($text:expr) => {
        $crate::statements::Statement { postgres: concat!($text, " FOR UPDATE"), sqlite: $text }
    };
}

/// A statement around a SELECT that takes rows nobody else is taking: `$before`, the SELECT, `$after`.
macro_rules! skipping_locked {
    ($select:expr, $after:expr) => {
        $crate::statements::Statement {
            postgres: concat!($select, " FOR UPDATE SKIP LOCKED", $after),
            sqlite: concat!($select, $after),
        }
    };
}

/// A statement with a list of texts that its $1 holds as a JSON array: `$before`, the list in brackets, `$after`.
macro_rules! listed {
    ($before:expr, $after:expr) => {
        $crate::statements::Statement {
            postgres: concat!(
                $before,
                "(SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))",
                $after
            ),
            sqlite: concat!($before, "(SELECT value FROM json_each($1))", $after),
        }
    };
}

pub(crate) use {listed, locking, skipping_locked};

/// What time it is by the database's clock. Not `now()`, which on Postgres is when the transaction began.
pub(crate) const CLOCK: Statement = Statement {
    postgres: "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) AS now_ms",
    sqlite: "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now_ms",
};

/// Answers name and value of each setting of [`SAFE`] as this connection has it.
pub(crate) const DURABILITY: Statement = Statement {
    postgres: "SELECT name, setting AS value FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')",
    sqlite: "SELECT 'synchronous' AS name, CAST(synchronous AS TEXT) AS value FROM pragma_synchronous \
             UNION ALL SELECT 'secure_delete', CAST(secure_delete AS TEXT) FROM pragma_secure_delete",
};

/// A setting, the values with which nothing acknowledged is lost and nothing destroyed comes back, and what to do
/// about any other.
pub(crate) struct SafeSetting {
    pub(crate) name: &'static str,
    pub(crate) values: &'static [&'static str],
    pub(crate) remedy: &'static str,
}

/// Every setting that [`DURABILITY`] reads.
pub(crate) const SAFE: &[SafeSetting] = &[
    SafeSetting {
        name: "fsync",
        values: &["on"],
        remedy: "set fsync = on in postgresql.conf and restart Postgres",
    },
    SafeSetting {
        name: "synchronous_commit",
        // All but `off` wait for the local disk.
        values: &["on", "local", "remote_write", "remote_apply"],
        remedy: "set synchronous_commit = on for this server, database and role",
    },
    SafeSetting {
        name: "synchronous",
        // FULL and EXTRA (sqlite.org/pragma.html#pragma_synchronous).
        values: &["2", "3"],
        remedy: "it must be FULL (2)",
    },
    SafeSetting { name: "secure_delete", values: &["1"], remedy: "it must be ON (1)" },
];

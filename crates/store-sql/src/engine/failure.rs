//! What a driver's error means for the caller.

use sqlx::{Error, error::DatabaseError};
use wax_store::StoreError;

/// What the database said, without its DETAIL line: Postgres puts the values of the row there.
#[derive(Debug, thiserror::Error)]
#[error("{message} ({code})")]
struct Refusal {
    code: String,
    message: String,
}

/// A unit of work broke a rule of the house.
#[derive(Debug, thiserror::Error)]
pub(super) enum BrokenUnit {
    #[error("a unit of work went on after a failed statement")]
    WentOn,
    #[error("a unit of work panicked")]
    Panicked,
}

impl From<BrokenUnit> for StoreError {
    fn from(broken: BrokenUnit) -> Self {
        Self::Backend(broken.into())
    }
}

/// The code as the engine gives it: an SQLSTATE, or an extended result code of `SQLite` in decimal.
pub(super) fn code(error: &dyn DatabaseError) -> String {
    error.code().map(Into::into).unwrap_or_default()
}

/// Nothing was written by this statement, nor will be by its transaction.
pub(crate) fn refused(error: Error) -> StoreError {
    match error {
        Error::Database(error) => {
            let code = code(&*error);
            let passing = is_passing(&code);
            let refusal = Box::new(Refusal { code, message: error.message().to_owned() });
            if passing { StoreError::Unavailable(refusal) } else { StoreError::Backend(refusal) }
        }
        Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed => unavailable(error),
        other => StoreError::Backend(other.into()),
    }
}

/// The database is out of reach.
pub(super) fn unavailable(
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::Unavailable(error.into())
}

/// A condition that passes by itself or with an operator's help, and says nothing about the statement.
fn is_passing(code: &str) -> bool {
    if let (5, Some(class)) = (code.len(), code.get(..2)) {
        // Connection, rolled back by a race, out of resources, lock not to be had, cancelled or shutting down, disk.
        return matches!(class, "08" | "40" | "53" | "55" | "57" | "58");
    }
    // BUSY, LOCKED, IOERR, FULL, CANTOPEN (sqlite.org/rescode.html).
    matches!(sqlite_primary(code), Some(5 | 6 | 10 | 13 | 14))
}

/// The primary result code is the lowest byte of the extended one.
pub(super) fn sqlite_primary(code: &str) -> Option<i32> {
    code.parse::<i32>().ok().map(|extended| extended & 0xff)
}

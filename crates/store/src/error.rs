//! What can go wrong between a service and its database.

use std::error::Error;

use wax_kernel::ErrorKind;

/// A store's failure. Expected outcomes (not found, lost a race) are values, not errors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A row holds something this version cannot read.
    #[error("{table}.{column} holds an unreadable value")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
    },
    /// The database refused a statement that should have worked. Nothing was written.
    #[error("the database refused a statement")]
    Backend(#[source] Box<dyn Error + Send + Sync>),
    /// The database cannot be reached or is busy. Nothing was written.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The database would lose acknowledged work in a power cut, or bring back what was destroyed.
    #[error("{setting} is {value}: {remedy}")]
    NotDurable {
        /// The database's own name for the setting.
        setting: &'static str,
        /// What it is set to.
        value: String,
        /// What its operator should do.
        remedy: &'static str,
    },
    /// The connection broke while committing: it was written, or not. Look before trying again.
    #[error("the outcome of a commit is unknown")]
    Unknown(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// Whose fault it is.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Corrupt { .. } | Self::Backend(_) => ErrorKind::Bug,
            Self::Unavailable(_) | Self::NotDurable { .. } | Self::Unknown(_) => {
                ErrorKind::Upstream
            }
        }
    }
}

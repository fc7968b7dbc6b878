//! Whose fault an error is.

/// The cause of an error, as a small fixed set: the metric label and the log level follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Our code broke a promise. Logged as an error.
    Bug,
    /// The caller sent something that can never work.
    Caller,
    /// The caller proved too little.
    Denied,
    /// A size, rate or plan limit was reached.
    Limit,
    /// The thing is not there, or not for this caller.
    Missing,
    /// A database, file system or other machine did not do its part. Logged as a warning.
    Upstream,
}

impl ErrorKind {
    /// The metric label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Bug => "bug",
            Self::Caller => "caller",
            Self::Denied => "denied",
            Self::Limit => "limit",
            Self::Missing => "missing",
            Self::Upstream => "upstream",
        }
    }
}

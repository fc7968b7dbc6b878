//! What is wrong with the configuration, for the person who wrote it.

use std::{fmt, path::PathBuf};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A configuration file.
    File(PathBuf),
    /// An environment variable of this name.
    Env(String),
    /// An option of the command line.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "in {}", path.display()),
            Self::Env(name) => write!(f, "from the environment variable {name}"),
            Self::Flag(name) => write!(f, "from {name}"),
        }
    }
}

/// The configuration cannot be used. Never holds the database URL, which may contain a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read, or is not TOML.
    #[error("the configuration file {} cannot be read: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why, with the line where there is one.
        reason: String,
    },
    /// A file that a key names cannot be read.
    #[error("{key} names {}, which cannot be read: {reason}", path.display())]
    Named {
        /// `section.key`
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// No such key exists.
    #[error("{key} ({source_of_key}) is not a key of the configuration; {todo}")]
    Unknown {
        /// `section.key`
        key: String,
        /// Where it stands.
        source_of_key: Source,
        /// The nearest key, or where the list of them is.
        todo: String,
    },
    /// The key exists, the value does not fit it.
    #[error("{key} ({source_of_value}) {reason}; see its comment in `waxseald config`")]
    Value {
        /// `section.key`
        key: String,
        /// Where the value stands.
        source_of_value: Source,
        /// What is wrong with it.
        reason: String,
    },
    /// Two keys contradict each other.
    #[error("{key} {reason}; {todo}")]
    Rule {
        /// `section.key`
        key: String,
        /// The contradiction.
        reason: &'static str,
        /// What to change.
        todo: &'static str,
    },
}

impl ConfigError {
    pub(crate) fn rule(key: &str, reason: &'static str, todo: &'static str) -> Self {
        Self::Rule { key: key.to_owned(), reason, todo }
    }
}

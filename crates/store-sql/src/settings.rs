use std::path::PathBuf;

use wax_kernel::Redacted;

/// Which database, and where.
#[derive(Debug, Clone)]
pub enum Settings {
    /// A file, made if it is missing, with mode 0600. Its directory must exist.
    SqliteFile(PathBuf),
    /// Nothing on disk; gone when the store is dropped.
    SqliteMemory,
    /// A server, version 15 or later.
    Postgres {
        /// `postgres://user:password@host/name`.
        url: Redacted<String>,
        /// Connections this process may hold. 16 are enough for one machine.
        connections: u32,
    },
}

//! What needs to see inside.

mod cancelled;
mod leaks;
mod schema;
mod statements;
mod unsafe_sqlite;

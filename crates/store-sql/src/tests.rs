//! What needs to see inside.

mod cancelled;
mod catalogue;
mod certificates;
mod failed;
mod hints;
mod leaks;
mod schema;
mod statements;
mod unreadable;
mod unsafe_sqlite;

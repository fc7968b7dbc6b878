//! What needs to see inside.

mod schema;
mod statements;

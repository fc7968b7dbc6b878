//! Letters, and the mail servers that take them.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod letter;
mod smtp;

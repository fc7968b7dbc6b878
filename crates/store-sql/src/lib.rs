#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod audit;
mod claims;
mod context_keys;
mod copies;
mod dialect;
mod domains;
mod durability;
mod engine;
mod handovers;
mod hints;
mod migrate;
mod outbox;
mod platform;
mod reaper;
mod scoped;
mod secrets;
mod settings;
mod statements;
mod store;
mod tenants;
#[cfg(test)]
mod tests;

#[doc(hidden)] // for tests that keep a migrated database to copy
pub use migrate::schema_text;
pub use settings::Settings;
pub use store::SqlStore;

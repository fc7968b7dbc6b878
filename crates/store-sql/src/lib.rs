#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod account_events;
mod account_reads;
mod accounts;
mod api_keys;
mod audit;
mod billing;
mod billing_drift;
mod billing_platform;
mod brands;
mod burials;
mod certificates;
mod change_log;
mod claims;
mod context_keys;
mod copies;
mod devices;
mod dialect;
mod domain_checks;
mod domain_history;
mod domain_platform;
mod domains;
mod durability;
mod engine;
mod erasure;
mod feed;
mod forgetting;
mod handovers;
mod hints;
mod invitations;
mod labels;
mod members;
mod migrate;
mod operator;
mod orders;
mod organizations;
mod outbox;
mod passkeys;
mod platform;
mod reaper;
mod recovery_codes;
mod routes;
mod scoped;
mod secrets;
mod sessions;
mod settings;
mod statements;
mod store;
mod suppressions;
mod tenants;
#[cfg(test)]
mod tests;
mod ticket_keys;
mod tokens;
mod tries;
mod unscoped;
mod usage;
mod usage_places;

#[doc(hidden)] // for tests that keep a migrated database to copy
pub use migrate::schema_text;
pub use settings::Settings;
pub use store::SqlStore;

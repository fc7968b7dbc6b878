//! The service's promises, through its routes, on an in-memory store.

mod audit;
mod bad_input;
mod bound;
mod channel;
mod claim;
mod clock;
mod destruction;
mod handover;
mod hostile;
mod life;
mod passkey;
mod plans;
mod receipt;
mod rules;
mod sealed;
mod sender;
mod tries;
mod unknown;

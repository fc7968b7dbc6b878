//! The service's promises, through its routes, on an in-memory store.

mod audit;
mod bad_input;
mod bound;
mod claim;
mod destruction;
mod life;
mod receipt;
mod tries;
mod unknown;

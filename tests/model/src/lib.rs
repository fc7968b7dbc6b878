#![doc = include_str!("../README.md")]

mod database;
mod properties;
mod scenario;
mod world;

pub use properties::{holds_everywhere, way_to_break};
pub use scenario::{Broken, Scenario};

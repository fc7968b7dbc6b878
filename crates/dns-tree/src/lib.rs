#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod fault;
mod listen;
mod sign;
mod tree;
mod zone;

pub use fault::{Asked, Fault, Reply, Transport};
pub use listen::Listening;
pub use sign::Signing;
pub use tree::Tree;

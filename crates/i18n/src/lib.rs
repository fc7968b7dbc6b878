#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod catalogue;
mod lang;
mod message;

pub use catalogue::{is_known, text};
pub use lang::{Lang, UnknownLang};
pub use message::{Message, Value};

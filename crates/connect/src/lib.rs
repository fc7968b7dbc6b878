#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod apply;
mod asking;
mod https;
mod key;
mod provider;
mod template;

pub use apply::{Apply, Offer};
pub use asking::{Connect, Fault, Heard, Wire};
pub use https::{Addresses, BadRoots, Https};
pub use key::{BadKey, SigningKey};
pub use reqwest::Url;
pub use template::{Operator, RecordType, Template, TemplateKind, TemplateRecord};

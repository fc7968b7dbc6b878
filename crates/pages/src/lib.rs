#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod brand;
mod console;
mod files;
mod guard;
mod language;
mod manifest;
mod notices;
mod pages;
mod reference;
mod served;
mod written;

pub use brand::{BrandFiles, Look};
pub use console::Console;
pub use guard::{CONSOLE_POLICY, CONTENT_SECURITY_POLICY};
pub use language::reader_language;
pub use manifest::release_manifest;
pub use notices::{Notices, NoticesHost, RESUME_NOTICES, STOP_NOTICES};
pub use pages::{Page, Pages, PagesError, RELEASE_PATH};
pub use reference::{Reference, ReferenceError};
pub use served::{Cache, Served};

#![doc = include_str!("../README.md")]

mod app;
mod breaking;
mod broken;
mod commit_proxy;
pub mod database;
mod early;
mod fault;
mod front;
mod mistaken;
mod people;
mod platform_app;
mod smtp;

pub use app::{Answer, START, TestApp, request};
pub use breaking::{Breaking, Commit};
pub use broken::SelectThenDelete;
pub use commit_proxy::CommitProxy;
pub use fault::{Fault, broken};
pub use front::Front;
pub use people::{Recipient, Sender, Terms};
pub use platform_app::{House, Person, PlatformApp};
pub use smtp::{Catcher, CatcherTls, Caught, MAIL_HOST, Trouble};

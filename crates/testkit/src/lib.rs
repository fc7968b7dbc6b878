#![doc = include_str!("../README.md")]

mod app;
mod breaking;
mod broken;
mod ca;
mod commit_proxy;
pub mod database;
mod dns_provider;
mod early;
mod fault;
mod front;
mod mistaken;
mod names;
mod overtaken;
mod pebble;
mod people;
mod plans;
mod platform_app;
mod smtp;
mod stripe;
mod till;
mod tree_wire;
mod watched;

pub use app::{Answer, START, TestApp, change_domain, request};
pub use breaking::{Breaking, Commit};
pub use broken::SelectThenDelete;
pub use ca::{Fault as CaFault, Issuing as CaIssuing, ScriptedCa, Served as CaServed};
pub use commit_proxy::CommitProxy;
pub use dns_provider::{DnsProvider, Refused};
pub use fault::{Fault, broken};
pub use front::Front;
pub use names::{EDGE, Names, NamesParts, SUFFIX, ZONE, serial_of};
pub use overtaken::Overtaken;
pub use pebble::{Habits as PebbleHabits, Pebble};
pub use people::{Recipient, Sender, Terms};
pub use plans::plans;
pub use platform_app::{House, Person, PlatformApp};
pub use smtp::{Catcher, CatcherTls, Caught, MAIL_HOST, Trouble};
pub use stripe::{
    AfterRetries, Asked as StripeAsked, Event as StripeEvent, Fault as StripeFault, ScriptedStripe,
    signature as stripe_signature,
};
pub use till::{Till, WEBHOOK_SECRET};
pub use tree_wire::TreeWire;
pub use watched::{Step, Watched};

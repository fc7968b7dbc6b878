#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod log;
mod metrics;
mod panic;
mod request;
mod tasks;

pub use log::{LogError, LogFormat, init, subscriber};
pub use metrics::{Counter, Gauge, Histogram, Metrics};
pub use panic::report_panics;
pub use request::{Access, PathHash, RequestSpan};
pub use tasks::{Shutdown, Tasks};

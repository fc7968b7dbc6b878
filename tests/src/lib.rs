#![doc = include_str!("../README.md")]

pub mod chaos;
pub mod conviction;
pub mod fleet;
pub mod history;
pub mod judge;
pub mod plan;
pub mod postgres;
pub mod proxy;
mod reader;
mod run;
pub mod screen;
pub mod siege;
pub mod systems;
pub mod victim;

pub use run::Strikes;

/// Tasks of this package end with the process: nothing drains them.
#[expect(clippy::disallowed_methods, reason = "no server is drained here")]
fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(task));
}

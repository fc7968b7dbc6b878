#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod memory;

use std::fmt;

use async_trait::async_trait;

pub use memory::MemoryHints;

/// Spreads the word that something may have changed.
#[async_trait]
pub trait Hints: fmt::Debug + Send + Sync {
    /// Says that the thing called `topic` may have changed.
    async fn publish(&self, topic: &str);

    /// Listens for one topic, from now on.
    fn subscribe(&self, topic: &str) -> Box<dyn Listener>;
}

/// Listens for one topic.
#[async_trait]
pub trait Listener: Send {
    /// Waits until the thing may have changed. May also return when it has not. Safe to cancel.
    async fn changed(&mut self);
}

#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use tokio::sync::broadcast::{self, error::RecvError};

/// How many hints a slow listener may be behind before it is told "anything may have changed".
const BACKLOG: usize = 1_024;

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

/// Hints within one process.
#[derive(Debug, Clone)]
pub struct MemoryHints {
    sender: broadcast::Sender<Arc<str>>,
}

impl Default for MemoryHints {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG) }
    }
}

#[async_trait]
impl Hints for MemoryHints {
    async fn publish(&self, topic: &str) {
        // An error says that nobody listens, which is fine.
        let _ = self.sender.send(topic.into());
    }

    fn subscribe(&self, topic: &str) -> Box<dyn Listener> {
        Box::new(MemoryListener { topic: topic.into(), receiver: self.sender.subscribe() })
    }
}

struct MemoryListener {
    topic: Arc<str>,
    receiver: broadcast::Receiver<Arc<str>>,
}

#[async_trait]
impl Listener for MemoryListener {
    async fn changed(&mut self) {
        loop {
            match self.receiver.recv().await {
                Ok(topic) if topic != self.topic => {}
                Ok(_) | Err(RecvError::Lagged(_)) => return,
                // Nothing will ever change again.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_listener_hears_its_own_topic_only() {
        let hints = MemoryHints::default();
        let mut listener = hints.subscribe("a");
        hints.publish("b").await;
        assert!(listener.changed().now_or_never().is_none());
        hints.publish("a").await;
        assert!(listener.changed().now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_listener_that_fell_behind_looks_rather_than_misses() {
        let hints = MemoryHints::default();
        let mut listener = hints.subscribe("a");
        for _ in 0..=BACKLOG {
            hints.publish("b").await;
        }
        assert!(listener.changed().now_or_never().is_some());
    }
}

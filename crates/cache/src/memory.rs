//! Hints within one process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::{Hints, Listener};

type Topics = HashMap<Arc<str>, watch::Sender<()>>;

/// Hints within one process. Clones are the same ones.
///
/// A topic costs memory while somebody listens for it, and a hint wakes those alone who listen for its topic.
#[derive(Debug, Clone, Default)]
pub struct MemoryHints(Arc<Mutex<Topics>>);

impl MemoryHints {
    /// Wakes everybody who listens for this topic.
    pub fn wake(&self, topic: &str) {
        if let Some(topic) = self.topics().get(topic) {
            topic.send_replace(());
        }
    }

    /// Wakes everybody: hints may have been lost, so anything may have changed.
    pub fn wake_all(&self) {
        for topic in self.topics().values() {
            topic.send_replace(());
        }
    }

    fn topics(&self) -> MutexGuard<'_, Topics> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Hints for MemoryHints {
    async fn publish(&self, topic: &str) {
        self.wake(topic);
    }

    fn subscribe(&self, topic: &str) -> Box<dyn Listener> {
        let topic: Arc<str> = topic.into();
        let mut topics = self.topics();
        let sender = topics.entry(Arc::clone(&topic)).or_default();
        let receiver = Some(sender.subscribe());
        drop(topics);
        Box::new(MemoryListener { topic, receiver, hints: self.clone() })
    }
}

struct MemoryListener {
    topic: Arc<str>,
    /// `None` only while it is dropped.
    receiver: Option<watch::Receiver<()>>,
    hints: MemoryHints,
}

#[async_trait]
impl Listener for MemoryListener {
    async fn changed(&mut self) {
        if let Some(receiver) = &mut self.receiver {
            // The sender stays in the map for as long as anybody listens.
            let _ = receiver.changed().await;
        }
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        let mut topics = self.hints.topics();
        self.receiver = None;
        if topics.get(&self.topic).is_some_and(|topic| topic.receiver_count() == 0) {
            topics.remove(&self.topic);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn has_heard(listener: &mut Box<dyn Listener>) -> bool {
        listener.changed().now_or_never().is_some()
    }

    #[tokio::test]
    async fn a_listener_hears_its_own_topic_only() {
        let hints = MemoryHints::default();
        let mut listener = hints.subscribe("a");
        hints.publish("b").await;
        assert!(!has_heard(&mut listener));
        hints.publish("a").await;
        assert!(has_heard(&mut listener));
        assert!(!has_heard(&mut listener), "once for each time it looked");
    }

    #[tokio::test]
    async fn everybody_who_listens_for_a_topic_hears_it() {
        let hints = MemoryHints::default();
        let mut listeners = [hints.subscribe("a"), hints.clone().subscribe("a")];
        hints.publish("a").await;
        assert!(listeners.iter_mut().all(has_heard));
    }

    #[tokio::test]
    async fn a_listener_that_falls_behind_looks_rather_than_misses() {
        let hints = MemoryHints::default();
        let mut listener = hints.subscribe("a");
        for _ in 0..10_000 {
            hints.publish("a").await;
        }
        assert!(has_heard(&mut listener));
    }

    #[tokio::test]
    async fn when_hints_may_have_been_lost_everybody_looks() {
        let hints = MemoryHints::default();
        let mut listeners = [hints.subscribe("a"), hints.subscribe("b")];
        hints.wake_all();
        assert!(listeners.iter_mut().all(has_heard));
    }

    #[tokio::test]
    async fn a_topic_that_nobody_listens_for_takes_no_memory() {
        let hints = MemoryHints::default();
        let (first, mut second) = (hints.subscribe("a"), hints.subscribe("a"));
        hints.publish("b").await;
        drop(first);
        hints.publish("a").await;
        assert!(has_heard(&mut second), "the other still listens");
        drop(second);
        assert!(hints.topics().is_empty());
    }
}

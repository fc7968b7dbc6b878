//! Tasks that are named, told to stop, and waited for.

use std::{future::Future, time::Duration};

use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument as _;

/// A group of tasks that stops together. Clones are the same group.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    abort: CancellationToken,
}

/// How a group ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Every task came to its own end.
    Clean,
    /// The time was up; this many tasks were dropped where they stood.
    Aborted(usize),
}

impl Tasks {
    /// An empty group.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a task. What it logs belongs to the span it was started in, such as a request's. It runs to its end even if nobody waits for the handle; only an abort of the group drops it, and
    /// then the handle gives `None`.
    #[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
    pub fn spawn<T>(
        &self,
        name: &'static str,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<Option<T>>
    where
        T: Send + 'static,
    {
        let abort = self.abort.clone();
        let watched = async move { abort.run_until_cancelled(task).await };
        let span = tracing::debug_span!("task", name).or_current();
        tokio::spawn(self.tracker.track_future(watched.instrument(span)))
    }

    /// Resolves, and stays resolved, from the moment the group is told to stop. Long loops select on it.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// How many tasks are running.
    pub fn running(&self) -> usize {
        self.tracker.len()
    }

    /// Tells every task to stop, waits up to `grace` for them, then drops those left.
    pub async fn shut_down(&self, grace: Duration) -> Shutdown {
        self.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(grace, self.tracker.wait()).await.is_ok() {
            return Shutdown::Clean;
        }
        let left = self.tracker.len();
        self.abort.cancel();
        self.tracker.wait().await;
        Shutdown::Aborted(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_heeds_the_stop_ends_cleanly() {
        let tasks = Tasks::new();
        let stopping = tasks.stopping();
        let handle = tasks.spawn("heeds", async move {
            stopping.cancelled().await;
            "done"
        });
        assert_eq!(tasks.shut_down(Duration::from_secs(25)).await, Shutdown::Clean);
        assert_eq!(handle.await.unwrap(), Some("done"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_hangs_is_dropped_when_the_grace_is_over() {
        let tasks = Tasks::new();
        let handle = tasks.spawn("hangs", std::future::pending::<()>());
        assert_eq!(tasks.shut_down(Duration::from_secs(25)).await, Shutdown::Aborted(1));
        assert_eq!(handle.await.unwrap(), None);
        assert_eq!(tasks.running(), 0);
    }

    #[tokio::test]
    async fn a_task_that_panics_does_not_hold_up_the_shutdown() {
        let tasks = Tasks::new();
        let handle = tasks.spawn("panics", async { panic!("on purpose") });
        let handle: JoinHandle<Option<()>> = handle;
        assert!(handle.await.is_err());
        assert_eq!(tasks.shut_down(Duration::from_secs(1)).await, Shutdown::Clean);
    }
}

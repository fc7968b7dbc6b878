//! Work that repeats.

use std::{error::Error, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

/// Why a job did not finish. It is logged by the worker, and the job runs again.
pub type JobError = Box<dyn Error + Send + Sync>;

type Run = dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>> + Send + Sync;

/// A piece of work that a service wants repeated. Safe to run at any moment, on any number of machines at once.
#[derive(Clone)]
pub struct Job {
    /// What logs and metrics call it: `secrets.reap`.
    pub name: &'static str,
    /// How long after its end it starts again.
    pub every: Duration,
    /// The longest pause after failures, each of which doubles it; at least `every`. Five minutes, unless somebody waits.
    pub longest_pause: Duration,
    run: Arc<Run>,
}

impl Job {
    /// Describes a job.
    pub fn new<F, R>(name: &'static str, every: Duration, run: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        let longest_pause = every.max(Duration::from_mins(5));
        Self { name, every, longest_pause, run: Arc::new(move || Box::pin(run())) }
    }

    /// The same, which never pauses longer than this after failures.
    #[must_use]
    pub fn pausing_at_most(self, longest_pause: Duration) -> Self {
        Self { longest_pause, ..self }
    }

    /// Does it once.
    pub async fn run(&self) -> Result<(), JobError> {
        (self.run)().await
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("name", &self.name)
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}

#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod mail;

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wax_kernel::Job;
use wax_telemetry::Tasks;

pub use mail::{MailParts, mail_job};

/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Starts every job. Each runs at once for the first time.
pub fn start(jobs: Vec<Job>, tasks: &Tasks) {
    for job in jobs {
        tasks.spawn(job.name, repeat(job, tasks.stopping()));
    }
}

/// Stops between two runs, where nothing is half done.
async fn repeat(job: Job, stopping: CancellationToken) {
    let mut failures = 0;
    while !stopping.is_cancelled() {
        match job.run().await {
            Ok(()) => failures = 0,
            Err(error) => {
                failures += 1;
                let error = chain(&*error);
                tracing::warn!(job = job.name, failures, error, "a job failed and will run again");
            }
        }
        let pause = tokio::time::sleep(pause(job.every, failures));
        stopping.run_until_cancelled(pause).await;
    }
}

/// `every`, doubled by each failure in a row, at most [`LONGEST_PAUSE`] (or `every`, if that is longer).
fn pause(every: Duration, failures: u32) -> Duration {
    every.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_PAUSE.max(every))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;

    #[test]
    fn failures_lengthen_the_pause_up_to_five_minutes() {
        let every = Duration::from_secs(10);
        assert_eq!(pause(every, 0), every);
        assert_eq!(pause(every, 2), Duration::from_secs(40));
        assert_eq!(pause(every, 40), LONGEST_PAUSE);
        assert_eq!(pause(Duration::from_secs(3_600), 3), Duration::from_secs(3_600));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_job_runs_again_and_a_stopped_worker_ends() {
        let tasks = Tasks::new();
        let runs = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&runs);
        let job = Job::new("test", Duration::from_secs(1), move || {
            let run = seen.fetch_add(1, Ordering::SeqCst);
            async move { if run == 0 { Err("the first run fails".into()) } else { Ok(()) } }
        });
        start(vec![job], &tasks);
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        assert_eq!(runs.load(Ordering::SeqCst), 3, "at 0 s, 2 s and 3 s");
        assert_eq!(tasks.shut_down(Duration::from_secs(1)).await, wax_telemetry::Shutdown::Clean);
    }
}

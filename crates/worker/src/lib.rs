#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod mail;

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wax_kernel::Job;
use wax_telemetry::Tasks;

pub use mail::{MailParts, mail_job};

/// Starts every job. Each runs at once for the first time.
pub fn start(jobs: Vec<Job>, tasks: &Tasks) {
    for job in jobs {
        tasks.spawn(job.name, repeat(job, tasks.stopping()));
    }
}

/// Stops between two runs, where nothing is half done.
async fn repeat(job: Job, stopping: CancellationToken) {
    let mut failures = 0_u32;
    while !stopping.is_cancelled() {
        match job.run().await {
            Ok(()) => failures = 0,
            Err(error) => {
                failures += 1;
                // What fails every second is told after 1, 2, 4, 8 … failures.
                if failures.is_power_of_two() {
                    let error = chain(&*error);
                    tracing::warn!(
                        job = job.name,
                        failures,
                        error,
                        "a job failed and will run again"
                    );
                }
            }
        }
        let pause = tokio::time::sleep(pause(&job, failures));
        stopping.run_until_cancelled(pause).await;
    }
}

/// `every`, doubled by each failure in a row.
fn pause(job: &Job, failures: u32) -> Duration {
    let doubled = job.every.saturating_mul(2_u32.saturating_pow(failures));
    doubled.min(job.longest_pause.max(job.every))
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
    fn failures_lengthen_the_pause_up_to_five_minutes_or_as_the_job_says() {
        let job = |every_s| Job::new("test", Duration::from_secs(every_s), || async { Ok(()) });
        let patient = job(10);
        for (failures, expected_s) in [(0, 10), (2, 40), (40, 300)] {
            assert_eq!(pause(&patient, failures), Duration::from_secs(expected_s));
        }
        assert_eq!(pause(&job(3_600), 3), Duration::from_hours(1));
        let urgent = job(1).pausing_at_most(Duration::from_secs(2));
        assert_eq!(pause(&urgent, 40), Duration::from_secs(2));
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

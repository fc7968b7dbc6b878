//! Many callers at once.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use tokio::task::JoinSet;

/// Runs `work` for every number below `tasks × each`, in `tasks` tasks that take their numbers one after the other.
/// Answers how many were done in a second.
pub(crate) async fn rate<W, F>(tasks: usize, each: usize, work: W) -> Result<f64>
where
    W: Fn(usize) -> F + Send + Sync + 'static,
    F: Future<Output = Result<()>> + Send + 'static,
{
    let work = Arc::new(work);
    let mut callers = JoinSet::new();
    let start = Instant::now();
    for task in 0..tasks {
        let work = Arc::clone(&work);
        callers.spawn(async move {
            for number in task * each..(task + 1) * each {
                work(number).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    Ok(count(tasks * each) / start.elapsed().as_secs_f64())
}

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "nothing here is counted beyond 2^52")]
pub(crate) const fn count(number: usize) -> f64 {
    number as f64
}

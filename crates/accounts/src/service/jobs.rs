//! What time does to accounts.

use std::time::Duration;

use wax_kernel::{Job, JobError};

use super::{Accounts, deletion::erasure_job};

/// Rows of one table that one transaction deletes.
const BATCH: u32 = 500;
const EVERY: Duration = Duration::from_secs(60);

/// The repeated work. `events_kept`: how long an account's history is kept.
pub fn jobs(accounts: &Accounts, events_kept: Duration) -> Vec<Job> {
    let erasure = erasure_job(accounts);
    let accounts = accounts.clone();
    let forgetting = Job::new("accounts.forget", EVERY, move || {
        let accounts = accounts.clone();
        async move { accounts.forget(events_kept).await }
    });
    vec![forgetting, erasure]
}

impl Accounts {
    /// Deletes what has ended: nothing finds it any more, but it names people.
    async fn forget(&self, events_kept: Duration) -> Result<(), JobError> {
        let (platform, now) = (self.store().platform(), self.now());
        while platform.forget_ended(now, BATCH).await? > 0 {}
        let before = now.minus(events_kept);
        while platform.forget_account_events(before, BATCH).await? > 0 {}
        Ok(())
    }
}

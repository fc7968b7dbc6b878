//! What time does to domains.

use std::time::Duration;

use futures_util::future::join_all;
use wax_acme::Engine;
use wax_kernel::{Job, JobError};

use super::{Domains, checking::UNDER_WAY};

/// How often it is asked what is due.
const EVERY: Duration = Duration::from_secs(1);
/// Looks that one process has on their way: each waits for the network, hardly for us.
const LOOKS: usize = 16;
/// Orders that one process works on at once.
const ORDERS: usize = 8;

/// The repeated work. Any number of processes may have it: what one takes, no other has.
pub fn jobs(domains: &Domains) -> Vec<Job> {
    let of = || domains.clone();
    let (checking, ordering, giving, forgetting, following) = (of(), of(), of(), of(), of());
    vec![
        Job::new("domains.order", EVERY, move || {
            let domains = ordering.clone();
            async move { domains.work_on_orders().await }
        }),
        Job::new("domains.check", EVERY, move || {
            let domains = checking.clone();
            async move { domains.check_due().await }
        }),
        Job::new("domains.give", EVERY * 5, move || {
            let domains = giving.clone();
            async move { domains.give_hosts().await }
        }),
        Job::new("domains.follow", EVERY * 5, move || {
            let domains = following.clone();
            async move { Ok(domains.follow_feed().await?) }
        }),
        Job::new("domains.forget", EVERY * 3_600, move || {
            let domains = forgetting.clone();
            async move { domains.forget().await }
        }),
    ]
}

impl Domains {
    /// Looks at everything that is due, several at once.
    async fn check_due(&self) -> Result<(), JobError> {
        all((0..LOOKS).map(|_| self.check_one_after_the_other())).await
    }

    async fn check_one_after_the_other(&self) -> Result<(), JobError> {
        loop {
            let now = self.now();
            let due = self.platform().take_due_check(now, now.plus(UNDER_WAY)).await?;
            let Some(domain) = due else { return Ok(()) };
            // One that cannot be read keeps nobody else waiting; it comes again.
            if let Err(error) = self.look(&domain.host).await {
                tracing::warn!(domain = %domain.id(), %error, "a domain could not be looked at");
            }
        }
    }

    /// Works on every order that is due, several at once.
    async fn work_on_orders(&self) -> Result<(), JobError> {
        let Some(engine) = self.engine() else { return Ok(()) };
        all((0..ORDERS).map(|_| self.order_one_after_the_other(&engine))).await
    }

    async fn order_one_after_the_other(&self, engine: &Engine) -> Result<(), JobError> {
        loop {
            let worked = engine.work().await?;
            self.look_at_ended().await?;
            if !worked {
                return Ok(());
            }
        }
    }

    async fn forget(&self) -> Result<(), JobError> {
        Ok(self.platform().forget_changes(self.now()).await?)
    }
}

/// Every lane to its end, and then the first that failed: none is torn from its work by another.
async fn all(
    lanes: impl Iterator<Item = impl Future<Output = Result<(), JobError>>>,
) -> Result<(), JobError> {
    join_all(lanes).await.into_iter().collect()
}

//! What time does to payments.

use std::time::Duration;

use wax_kernel::{Job, JobError};

use super::Billing;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// The repeated work, where something is sold. Any number of processes may have it: what one takes, no other has.
pub fn jobs(billing: &Billing) -> Vec<Job> {
    if !billing.sells() {
        return Vec::new();
    }
    let of = || billing.clone();
    let (attending, seats, prices) = (of(), of(), of());
    let (sweeping, counting, parting, forgetting) = (of(), of(), of(), of());
    let telling = of();
    vec![
        Job::new("billing.attend", SECOND, move || {
            let billing = attending.clone();
            async move { billing.attend_due().await }
        }),
        Job::new("billing.seats", MINUTE, move || {
            let billing = seats.clone();
            async move { billing.mark_seats().await }
        }),
        Job::new("billing.prices", MINUTE, move || {
            let billing = prices.clone();
            async move { billing.keep_prices().await }
        }),
        Job::new("billing.sweep", MINUTE * 10, move || {
            let billing = sweeping.clone();
            async move { billing.sweep().await }
        }),
        Job::new("billing.drift", MINUTE, move || {
            let billing = counting.clone();
            async move { Ok(billing.count_drift().await?) }
        }),
        Job::new("billing.usage", MINUTE, move || {
            let billing = telling.clone();
            async move { billing.tell_usage().await }
        }),
        Job::new("billing.part", MINUTE, move || {
            let billing = parting.clone();
            async move { billing.part().await }
        }),
        Job::new("billing.forget", MINUTE * 60, move || {
            let billing = forgetting.clone();
            async move { Ok(billing.forget_events().await?) }
        }),
    ]
}

impl Billing {
    async fn mark_seats(&self) -> Result<(), JobError> {
        self.platform().mark_seats(self.now()).await?;
        Ok(())
    }
}

//! An account's own history.

use wax_kernel::{AccountId, EventId, Timestamp};
use wax_model::AccountEvent;

use super::{Accounts, Refusal};

impl Accounts {
    /// What happened to an account, newest first.
    pub(crate) async fn events(
        &self,
        account: AccountId,
        before: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<AccountEvent>, Refusal> {
        Ok(self.reads().events(account, before, limit).await?)
    }
}

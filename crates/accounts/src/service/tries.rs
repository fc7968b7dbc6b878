//! Wrong tries, of addresses and of accounts, whether they exist or not.

use wax_kernel::{AccountId, EmailAddress};
use wax_store::{SignInTries, Tried};

use super::{Accounts, Refusal};

/// From this wrong password on, a password lets nobody in until the tries are forgotten.
pub(super) const PASSWORDS_END: u32 = 10;

impl Accounts {
    /// Under what the passwords of an address are counted.
    pub(super) fn password_tries(&self, email: &EmailAddress) -> [u8; 32] {
        self.mark("password tries", email.key())
    }

    /// Under what the second factors of an account are counted.
    pub(super) fn factor_tries(&self, account: AccountId) -> [u8; 32] {
        self.mark("second factor tries", &account.to_string())
    }

    /// Counts a try before it is made.
    ///
    /// # Errors
    /// [`Refusal::HeldBack`], whether it would be right or wrong.
    pub(super) async fn count(&self, whose: [u8; 32]) -> Result<SignInTries, Refusal> {
        let now = self.now();
        let work = self.store().write_platform(move |unit| {
            Box::pin(async move { unit.tokens().count_try(whose, now).await })
        });
        match work.await? {
            Tried::Counted(tries) => Ok(tries),
            Tried::HeldBack(tries) => {
                Err(Refusal::HeldBack(now.until(tries.next_at.unwrap_or(now))))
            }
        }
    }
}

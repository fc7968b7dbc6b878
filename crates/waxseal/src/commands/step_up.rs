//! Proving oneself again for dangerous acts (docs/accounts.md §1): for 10 minutes, on this machine.

use wax_client_sdk::{Account, Code, Error, Platform, Proof};
use wax_kernel::Redacted;

use super::Context;
use crate::{failure::Failure, refusal::step_up_needed};

impl Context<'_> {
    /// Does something dangerous; if the person has to be proven first, asks them and does it then.
    pub(super) async fn proven<T>(
        &self,
        platform: &Platform,
        act: impl AsyncFn() -> Result<T, Error>,
    ) -> Result<T, Failure> {
        self.proven_else(platform, act, |error| self.refused(error)).await
    }

    /// The same, with words of its own for what is refused.
    pub(super) async fn proven_else<T>(
        &self,
        platform: &Platform,
        act: impl AsyncFn() -> Result<T, Error>,
        refused: impl Fn(&Error) -> Failure,
    ) -> Result<T, Failure> {
        let mut done = act().await;
        if done.as_ref().is_err_and(|error| error.code() == Some(Code::StepUp)) {
            self.step_up(platform).await?;
            done = act().await;
        }
        done.map_err(|error| refused(&error))
    }

    /// A code of their app if they have one, else their password. Whoever has neither signs in again: that is proof, too.
    async fn step_up(&self, platform: &Platform) -> Result<(), Failure> {
        if !self.input().is_conversation() {
            return Err(step_up_needed(self.words));
        }
        let account = platform.account().await.map_err(|error| self.refused(&error))?;
        let proof = self.proof(&account)?;
        platform.step_up(&proof).await.map(drop).map_err(|error| self.refused(&error))
    }

    fn proof(&self, account: &Account) -> Result<Proof, Failure> {
        let hint = |key: &str| self.output.tell(&self.words.plain(key));
        if account.totp {
            hint("step-up.hint");
            let code = self.input().secret("step-up.totp")?;
            let digits: String = code.chars().filter(char::is_ascii_digit).collect();
            return Ok(Proof::Totp(Redacted::new(digits)));
        }
        if account.has_password {
            hint("step-up.hint");
            let password = self.input().secret("step-up.password")?;
            return Ok(Proof::Password(Redacted::new(password.to_string())));
        }
        Err(step_up_needed(self.words))
    }
}

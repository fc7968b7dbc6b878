//! The second factor of a sign-in.

use wax_httpkit::auth::BearerHash;
use wax_kernel::Redacted;
use wax_model::{Account, AccountAction, TokenPurpose};

use super::{Accounts, BearerText, Caller, Refusal, sessions::NewSession, sign_in::Step};

/// A second factor as somebody shows it.
#[derive(Debug)]
pub(crate) enum Factor {
    /// Six digits of an app.
    Totp(Redacted<String>),
    /// One of the codes on paper.
    RecoveryCode(Redacted<String>),
}

enum Outcome {
    Right,
    Wrong,
    Gone,
}

impl Accounts {
    /// Ends a sign-in whose first factor was right: a session's token, and how many recovery codes are left.
    ///
    /// # Errors
    /// [`Refusal::SignIn`] if no sign-in waits; [`Refusal::SecondFactor`] if the factor is wrong, or was used.
    pub(crate) async fn finish_sign_in(
        &self,
        caller: &Caller,
        step: Option<BearerHash>,
        factor: Factor,
    ) -> Result<(BearerText, u32), Refusal> {
        let hash = step.ok_or(Refusal::SignIn)?;
        let token = self.reads().token(hash, TokenPurpose::SecondFactor, self.now()).await?;
        let step: Step = self.opened(&hash, &token.ok_or(Refusal::SignIn)?)?;
        let tries = self.factor_tries(step.account);
        self.count(tries).await?;
        let account = self.reads().account(step.account).await?.ok_or(Refusal::SignIn)?;
        let session = self.new_session(&account, caller, step.by).await?;
        let text = session.text.clone();
        match self.try_factor(caller, hash, account, session, factor).await? {
            Outcome::Right => {
                let left = self.reads().recovery_codes_left(step.account).await?;
                Ok((text, left))
            }
            Outcome::Wrong => Err(Refusal::SecondFactor),
            Outcome::Gone => Err(Refusal::SignIn),
        }
    }

    /// The factor, the sign-in and the session in one transaction: of two who show one code at once, one gets in.
    async fn try_factor(
        &self,
        caller: &Caller,
        hash: BearerHash,
        account: Account,
        session: NewSession,
        factor: Factor,
    ) -> Result<Outcome, Refusal> {
        let (now, id, tries) = (self.now(), account.id, self.factor_tries(account.id));
        let shown = self.shown(&account, factor)?;
        let refused = self.event(id, AccountAction::SignInRefused, caller);
        let used = self.event(id, AccountAction::RecoveryCodeUsed, caller);
        let work = self.store().write_platform(move |unit| {
            let (session, refused, used) = (session.clone(), refused.clone(), used.clone());
            Box::pin(async move {
                let Some(account) = unit.accounts().lock(id).await? else {
                    return Ok(Outcome::Gone);
                };
                if !shown.take(unit, account).await? {
                    unit.accounts().record(&refused).await?;
                    return Ok(Outcome::Wrong);
                }
                if unit.tokens().take(hash, TokenPurpose::SecondFactor, now).await?.is_none() {
                    return Ok(Outcome::Gone);
                }
                if shown.is_recovery_code() {
                    unit.accounts().record(&used).await?;
                }
                unit.tokens().clear_tries(tries).await?;
                session.write(unit, now).await?;
                Ok(Outcome::Right)
            })
        });
        Ok(work.await?)
    }
}

//! Proving oneself again, for dangerous acts.

use wax_kernel::{Redacted, Timestamp};
use wax_model::{Account, AccountAction, Session};

use super::{
    Accounts, Caller, Refusal, passwords::Password, second_factor::Factor, sessions::STEPPED_UP,
    tries::PASSWORDS_END,
};

/// How somebody proves that it is still them.
#[derive(Debug)]
pub(crate) enum Proof {
    /// The account's password.
    Password(Redacted<String>),
    /// A code of its second factor.
    Totp(Redacted<String>),
}

impl Accounts {
    /// Steps a session up. Answers until when.
    ///
    /// # Errors
    /// [`Refusal::SignIn`] or [`Refusal::SecondFactor`] if the proof is wrong; wrong ones count as at signing in.
    pub(crate) async fn step_up(
        &self,
        caller: &Caller,
        session: &Session,
        proof: Proof,
    ) -> Result<Timestamp, Refusal> {
        let account = self.reads().account(session.account).await?.ok_or(Refusal::SignIn)?;
        let until = self.now().plus(STEPPED_UP);
        match proof {
            Proof::Password(password) => self.by_password(&account, &password).await,
            Proof::Totp(code) => self.by_totp(caller, account, code).await,
        }?;
        let id = session.id;
        let work = self.store().write_platform(move |unit| {
            Box::pin(async move { unit.sessions().step_up(id, until).await })
        });
        work.await?;
        Ok(until)
    }

    async fn by_password(
        &self,
        account: &Account,
        password: &Redacted<String>,
    ) -> Result<(), Refusal> {
        let place = self.0.hasher.place()?;
        let tries = self.count(self.password_tries(&account.email)).await?;
        let password = Password::tried(password).into_text();
        let right = place.verify(password, account.password.clone()).await?;
        if !right || tries.wrong > PASSWORDS_END {
            return Err(Refusal::SignIn);
        }
        self.forget_tries(&account.email).await
    }

    async fn by_totp(
        &self,
        caller: &Caller,
        account: Account,
        code: Redacted<String>,
    ) -> Result<(), Refusal> {
        let (id, tries) = (account.id, self.factor_tries(account.id));
        self.count(tries).await?;
        let shown = self.shown(&account, Factor::Totp(code))?;
        let refused = self.event(id, AccountAction::SignInRefused, caller);
        let work = self.store().write_platform(move |unit| {
            let refused = refused.clone();
            Box::pin(async move {
                let Some(account) = unit.accounts().lock(id).await? else { return Ok(false) };
                let right = shown.take(unit, account).await?;
                if right {
                    unit.tokens().clear_tries(tries).await?;
                } else {
                    unit.accounts().record(&refused).await?;
                }
                Ok(right)
            })
        });
        if work.await? { Ok(()) } else { Err(Refusal::SecondFactor) }
    }
}

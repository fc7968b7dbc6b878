//! Signing in: what a first factor leads to, and the password.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wax_kernel::{AccountId, EmailAddress, Redacted, Timestamp};
use wax_model::{Account, AccountAction, MailKind, TokenPurpose};
use wax_store::{NewToken, PlatformUnit, StoreError};

use super::{
    Accounts, BearerText, Caller, Refusal, hasher::Place, passwords::Password,
    sessions::NewSession, tries::PASSWORDS_END,
};

/// How long a second factor is waited for.
pub(crate) const STEP: Duration = Duration::from_secs(600);

/// A second factor that an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// A code of an authenticator app.
    Totp,
    /// A code on paper.
    RecoveryCode,
    /// A passkey: it signs in by itself, and so instead of the rest.
    Passkey,
}

/// What a right first factor leads to.
#[derive(Debug)]
pub(crate) enum SignIn {
    /// A session with this token.
    Done(BearerText),
    /// A second factor is needed; this value says that the first was right.
    SecondFactor(BearerText, Vec<Method>),
}

/// What a sign-in has come to, sealed in its token until the second factor.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Step {
    pub(super) account: AccountId,
    pub(super) by: AccountAction,
}

/// What a right first factor writes.
#[derive(Clone)]
pub(super) enum Opening {
    Session(Box<NewSession>),
    Step(BearerText, NewToken, Vec<Method>),
}

impl Opening {
    pub(super) async fn write(
        &self,
        unit: &mut dyn PlatformUnit,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match self {
            Self::Session(session) => session.write(unit, now).await,
            Self::Step(_, token, _) => unit.tokens().insert(token, now).await.map(drop),
        }
    }

    pub(super) fn into_sign_in(self) -> SignIn {
        match self {
            Self::Session(session) => SignIn::Done(session.text),
            Self::Step(text, _, methods) => SignIn::SecondFactor(text, methods),
        }
    }
}

impl Accounts {
    /// What a right first factor of this account leads to.
    pub(super) async fn opening(
        &self,
        account: &Account,
        caller: &Caller,
        by: AccountAction,
    ) -> Result<Opening, Refusal> {
        if account.totp.is_none() {
            return Ok(Opening::Session(Box::new(self.new_session(account, caller, by).await?)));
        }
        let mut methods = vec![Method::Totp];
        if self.reads().recovery_codes_left(account.id).await? > 0 {
            methods.push(Method::RecoveryCode);
        }
        if !self.reads().passkeys(account.id).await?.is_empty() {
            methods.push(Method::Passkey);
        }
        let step = Step { account: account.id, by };
        let (purpose, subject) = (TokenPurpose::SecondFactor, account.id.to_string());
        let (text, token) = self.new_token(purpose, subject, STEP, &step);
        Ok(Opening::Step(text, token, methods))
    }

    /// Signs in with address and password.
    ///
    /// # Errors
    /// [`Refusal::SignIn`] whatever was wrong, and whether anybody has the address; [`Refusal::HeldBack`] and
    /// [`Refusal::Busy`] before anything is compared.
    pub(crate) async fn sign_in(
        &self,
        caller: &Caller,
        email: &EmailAddress,
        password: &Redacted<String>,
    ) -> Result<SignIn, Refusal> {
        let place = self.0.hasher.place()?;
        let tries = self.count(self.password_tries(email)).await?;
        let account = self.reads().account_by_address(email).await?;
        let hash = account.as_ref().and_then(|account| account.password.clone());
        let right = place.verify(Password::tried(password).into_text(), hash).await?;
        let account = match account {
            Some(account) if right && tries.wrong <= PASSWORDS_END => account,
            account => {
                self.tell_wrong(caller, email, account, tries.wrong).await?;
                return Err(Refusal::SignIn);
            }
        };
        let account = self.renewed(account, password, &place).await?;
        drop(place);
        self.open_by_password(caller, account).await
    }

    /// The account with a hash of today's cost. One that cannot be made now is made another time.
    async fn renewed(
        &self,
        mut account: Account,
        password: &Redacted<String>,
        place: &Place,
    ) -> Result<Account, Refusal> {
        let Some(old) = account.password.clone().filter(|hash| self.0.hasher.is_outdated(hash))
        else {
            return Ok(account);
        };
        let new = place.hash(Password::tried(password).into_text(), self.rng()).await?;
        let (id, hash) = (account.id, new.clone());
        let work = self.store().write_platform(move |unit| {
            let (old, new) = (old.clone(), hash.clone());
            Box::pin(async move {
                let Some(mut account) = unit.accounts().lock(id).await? else { return Ok(false) };
                // Somebody may have set another password meanwhile.
                if account.password.as_ref() != Some(&old) {
                    return Ok(false);
                }
                account.password = Some(new);
                unit.accounts().update(&account).await
            })
        });
        if work.await? {
            account.password = Some(new);
        }
        Ok(account)
    }

    async fn open_by_password(&self, caller: &Caller, account: Account) -> Result<SignIn, Refusal> {
        let opening = self.opening(&account, caller, AccountAction::SignedInByPassword).await?;
        let (written, now) = (opening.clone(), self.now());
        let tries = self.password_tries(&account.email);
        let work = self.store().write_platform(move |unit| {
            let (opening, account) = (written.clone(), account.clone());
            Box::pin(async move {
                // Since the password was compared, it may have been changed and every session ended.
                let locked = unit.accounts().lock(account.id).await?;
                if locked.is_none_or(|locked| locked.password != account.password) {
                    return Ok(false);
                }
                unit.tokens().clear_tries(tries).await?;
                opening.write(unit, now).await?;
                Ok(true)
            })
        });
        if work.await? { Ok(opening.into_sign_in()) } else { Err(Refusal::SignIn) }
    }

    /// Writes down a wrong password; where nobody has the address, something as large.
    async fn tell_wrong(
        &self,
        caller: &Caller,
        email: &EmailAddress,
        account: Option<Account>,
        wrong: u32,
    ) -> Result<(), Refusal> {
        let (now, ended) = (self.now(), wrong == PASSWORDS_END);
        let Some(account) = account else {
            let nobodys = self.mark("nobody's history", email.key());
            let work = self.store().write_platform(move |unit| {
                Box::pin(async move {
                    unit.tokens().count_try(nobodys, now).await?;
                    // As many statements as for somebody, who gets a mail now.
                    if ended {
                        unit.tokens().count_try(nobodys, now).await?;
                    }
                    Ok(())
                })
            });
            return Ok(work.await?);
        };
        let action = if ended { AccountAction::HeldBack } else { AccountAction::SignInRefused };
        let event = self.event(account.id, action, caller);
        let kind = MailKind::ManyWrongTries { at: now };
        let mail = ended.then(|| self.letter_to(&account, caller, kind));
        let work = self.store().write_platform(move |unit| {
            let (event, mail) = (event.clone(), mail.clone());
            Box::pin(async move {
                unit.accounts().record(&event).await?;
                match &mail {
                    Some(mail) => unit.outbox().send(mail).await,
                    None => Ok(()),
                }
            })
        });
        Ok(work.await?)
    }
}

//! Setting or giving up the password, by who is signed in.

use wax_kernel::Redacted;
use wax_model::{AccountAction, MailKind, Session, TokenPurpose};

use super::{Accounts, Caller, Refusal};

impl Accounts {
    /// Sets the password, or gives it up; every other session ends.
    ///
    /// # Errors
    /// [`Refusal::LastWayIn`] when it is given up without a passkey.
    pub(crate) async fn set_password(
        &self,
        caller: &Caller,
        session: &Session,
        password: Option<Redacted<String>>,
    ) -> Result<(), Refusal> {
        let (id, this) = (session.account, session.id);
        let account = self.reads().account(id).await?.ok_or(Refusal::NotAvailable)?;
        let hash = match &password {
            Some(password) => {
                let known = vec![account.email.as_str().to_owned(), account.name.clone()];
                Some(self.hash_new(password, known).await?)
            }
            None => None,
        };
        let (device, network) = (caller.device_name.clone(), caller.network.clone());
        let kind = MailKind::PasswordChanged { device, network, at: self.now() };
        let mail = self.letter_to(&account, caller, kind);
        let event = self.event(id, AccountAction::PasswordChanged, caller);
        let work = self.store().write_platform(move |unit| {
            let (hash, mail, event) = (hash.clone(), mail.clone(), event.clone());
            Box::pin(async move {
                let Some(mut account) = unit.accounts().lock(id).await? else { return Ok(true) };
                // Under the lock: the last passkey may be on its way out.
                if hash.is_none() && unit.accounts().passkeys(id).await?.is_empty() {
                    return Ok(false);
                }
                account.password = hash;
                unit.accounts().update(&account).await?;
                unit.sessions().end_all(id, Some(this)).await?;
                for purpose in [
                    TokenPurpose::PasswordReset,
                    TokenPurpose::SecondFactor,
                    TokenPurpose::DeviceLogin,
                ] {
                    unit.tokens().revoke(purpose, &id.to_string()).await?;
                }
                unit.accounts().record(&event).await?;
                unit.outbox().send(&mail).await?;
                Ok(true)
            })
        });
        if work.await? { Ok(()) } else { Err(Refusal::LastWayIn) }
    }
}

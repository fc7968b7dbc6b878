//! A forgotten password.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wax_kernel::{AccountId, EmailAddress, Redacted};
use wax_model::{AccountAction, AccountEvent, MailKind, OutboxMessage, TokenPurpose};
use wax_store::TokenHash;

use super::{Accounts, Caller, Language, Refusal, letters::page, tokens::MailedToken};

const MINUTES: u32 = 30;
const LIFE: Duration = Duration::from_secs(MINUTES as u64 * 60);

/// Whose password a link sets, sealed in its token.
#[derive(Clone, Serialize, Deserialize)]
struct ResetOf {
    account: AccountId,
}

/// What setting a password writes.
#[derive(Clone)]
struct NewPassword {
    account: AccountId,
    hash: String,
    tries: [u8; 32],
    event: AccountEvent,
    mail: OutboxMessage,
}

impl Accounts {
    /// Mails a link that sets a new password; to an address that nobody has, that nobody has it.
    pub(crate) async fn mail_reset(
        &self,
        caller: &Caller,
        email: &EmailAddress,
        language: Language,
    ) -> Result<(), Refusal> {
        let purpose = TokenPurpose::PasswordReset;
        let account = self.reads().account_by_address(email).await?;
        let once = self.once("password-reset", email, account.is_some());
        let Some(account) = account else {
            let token =
                self.decoy(purpose, LIFE, &ResetOf { account: AccountId::random(self.rng()) });
            let until = Some(token.expires_at);
            let kind = MailKind::NoAccount;
            let mail = self.letter(email, language.tag(), &caller.origin, kind, until);
            return self.send(MailedToken { once, token, mail }).await;
        };
        let reset = ResetOf { account: account.id };
        let (text, token) = self.new_token(purpose, account.id.to_string(), LIFE, &reset);
        let link = page(&caller.origin, "/password/reset", &text);
        let kind = MailKind::ResetPassword { link, minutes: MINUTES };
        let until = Some(token.expires_at);
        let mail = self.letter(&account.email, &account.lang, &caller.origin, kind, until);
        self.send(MailedToken { once, token, mail }).await
    }

    /// Sets the password of the account that the token names, and ends every session: whoever else was in is out. Signs
    /// nobody in.
    pub(crate) async fn finish_reset(
        &self,
        caller: &Caller,
        token: &str,
        password: &Redacted<String>,
    ) -> Result<(), Refusal> {
        let (hash, reset) = self.standing::<ResetOf>(token, TokenPurpose::PasswordReset).await?;
        let account = self.reads().account(reset.account).await?.ok_or(Refusal::NotAvailable)?;
        let known = vec![account.email.as_str().to_owned(), account.name.clone()];
        let (device, network) = (caller.device_name.clone(), caller.network.clone());
        let kind = MailKind::PasswordChanged { device, network, at: self.now() };
        let new = NewPassword {
            account: account.id,
            hash: self.hash_new(password, known).await?,
            tries: self.password_tries(&account.email),
            event: self.event(account.id, AccountAction::PasswordChanged, caller),
            mail: self.letter_to(&account, caller, kind),
        };
        if self.write_reset(hash, new).await? { Ok(()) } else { Err(Refusal::NotAvailable) }
    }

    async fn write_reset(&self, token: TokenHash, new: NewPassword) -> Result<bool, Refusal> {
        let now = self.now();
        let work = self.store().write_platform(move |unit| {
            let new = new.clone();
            Box::pin(async move {
                let account = unit.accounts().lock(new.account).await?;
                let taken = unit.tokens().take(token, TokenPurpose::PasswordReset, now).await?;
                let (Some(mut account), Some(_)) = (account, taken) else { return Ok(false) };
                account.password = Some(new.hash);
                unit.accounts().update(&account).await?;
                unit.sessions().end_all(new.account, None).await?;
                // Whoever could read mail before may have asked for links of another kind.
                for purpose in [
                    TokenPurpose::SignInLink,
                    TokenPurpose::SecondFactor,
                    TokenPurpose::DeviceLogin,
                ] {
                    unit.tokens().revoke(purpose, &new.account.to_string()).await?;
                }
                unit.tokens().clear_tries(new.tries).await?;
                unit.accounts().record(&new.event).await?;
                unit.outbox().send(&new.mail).await?;
                Ok(true)
            })
        });
        Ok(work.await?)
    }
}

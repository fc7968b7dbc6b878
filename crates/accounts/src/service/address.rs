//! Another address for an account.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wax_kernel::{AccountId, EmailAddress};
use wax_model::{AccountAction, MailKind, TokenPurpose};

use super::{Accounts, Caller, Refusal, letters::page, tokens::MailedToken};

const HOURS: u32 = 24;

/// Whose new address a link proves, sealed in its token.
#[derive(Clone, Serialize, Deserialize)]
struct NewAddress {
    account: AccountId,
    email: EmailAddress,
}

enum Outcome {
    Changed,
    Gone,
    Taken,
}

impl Accounts {
    /// Mails a link to the new address; to one that has an account, that it has.
    pub(crate) async fn mail_new_address(
        &self,
        caller: &Caller,
        id: AccountId,
        email: &EmailAddress,
    ) -> Result<(), Refusal> {
        let account = self.reads().account(id).await?.ok_or(Refusal::NotAvailable)?;
        let other = self.reads().account_by_address(email).await?.filter(|other| other.id != id);
        let payload = NewAddress { account: id, email: email.clone() };
        let life = Duration::from_secs(u64::from(HOURS) * 3_600);
        let (text, token) =
            self.new_token(TokenPurpose::NewAddress, id.to_string(), life, &payload);
        let kind = match other {
            Some(_) => MailKind::AlreadyRegistered,
            None => MailKind::VerifyAddress {
                link: page(&caller.origin, "/address", &text),
                hours: HOURS,
            },
        };
        let until = Some(token.expires_at);
        let mail = self.letter(email, &account.lang, &caller.origin, kind, until);
        let once = self.once("new-address", email, true);
        self.send(MailedToken { once, token, mail }).await
    }

    /// Changes the address to the one that the token proves, and tells the old one. Only the account that asked.
    pub(crate) async fn finish_new_address(
        &self,
        caller: &Caller,
        id: AccountId,
        token: &str,
    ) -> Result<(), Refusal> {
        let purpose = TokenPurpose::NewAddress;
        let (hash, new) = self.standing::<NewAddress>(token, purpose).await?;
        if new.account != id {
            return Err(Refusal::NotAvailable);
        }
        let account = self.reads().account(id).await?.ok_or(Refusal::NotAvailable)?;
        let kind = MailKind::AddressChanged {
            contact: caller.origin.authority(),
            network: caller.network.clone(),
            at: self.now(),
        };
        let mail = self.letter_to(&account, caller, kind);
        let (event, now) = (self.event(id, AccountAction::AddressChanged, caller), self.now());
        let work = self.store().write_platform(move |unit| {
            let (new, mail, event) = (new.email.clone(), mail.clone(), event.clone());
            Box::pin(async move {
                let locked = unit.accounts().lock(id).await?;
                let taken = unit.tokens().take(hash, purpose, now).await?;
                let (Some(mut locked), Some(_)) = (locked, taken) else {
                    return Ok(Outcome::Gone);
                };
                locked.email = new;
                if !unit.accounts().update(&locked).await? {
                    return Ok(Outcome::Taken);
                }
                // Links that went to the old address open nothing any more.
                for purpose in [TokenPurpose::PasswordReset, TokenPurpose::SignInLink] {
                    unit.tokens().revoke(purpose, &id.to_string()).await?;
                }
                unit.accounts().record(&event).await?;
                unit.outbox().send(&mail).await?;
                Ok(Outcome::Changed)
            })
        });
        match work.await? {
            Outcome::Changed => Ok(()),
            Outcome::Gone => Err(Refusal::NotAvailable),
            Outcome::Taken => Err(Refusal::HasAccount),
        }
    }
}

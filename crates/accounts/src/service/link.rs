//! A mailed link that signs in, and the operator's, which does so in any browser.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wax_kernel::{AccountId, EmailAddress};
use wax_model::{AccountAction, MailKind, TokenPurpose};
use wax_store::TokenHash;

use super::{
    Accounts, Caller, Language, Refusal, SignIn, letters::page, sign_in::Opening,
    tokens::MailedToken,
};

const MINUTES: u32 = 15;
const LIFE: Duration = Duration::from_secs(MINUTES as u64 * 60);

/// Whom a link signs in, and where, sealed in its token.
#[derive(Clone, Serialize, Deserialize)]
struct LinkFor {
    account: AccountId,
    device: Option<TokenHash>,
}

impl Accounts {
    /// Mails a link that signs in this browser; to an address that nobody has, that nobody has it.
    pub(crate) async fn mail_link(
        &self,
        caller: &Caller,
        email: &EmailAddress,
        language: Language,
    ) -> Result<(), Refusal> {
        let purpose = TokenPurpose::SignInLink;
        let account = self.reads().account_by_address(email).await?;
        let once = self.once("sign-in-link", email, account.is_some());
        let Some(account) = account else {
            let link = LinkFor { account: AccountId::random(self.rng()), device: caller.device };
            let token = self.decoy(purpose, LIFE, &link);
            let until = Some(token.expires_at);
            let kind = MailKind::NoAccount;
            let mail = self.letter(email, language.tag(), &caller.origin, kind, until);
            return self.send(MailedToken { once, token, mail }).await;
        };
        let link = LinkFor { account: account.id, device: caller.device };
        let (text, token) = self.new_token(purpose, account.id.to_string(), LIFE, &link);
        let kind = MailKind::SignInLink {
            link: page(&caller.origin, "/sign-in/link", &text),
            device: caller.device_name.clone(),
            network: caller.network.clone(),
            minutes: MINUTES,
        };
        let until = Some(token.expires_at);
        let mail = self.letter(&account.email, &account.lang, &caller.origin, kind, until);
        self.send(MailedToken { once, token, mail }).await
    }

    /// Signs in by a link.
    ///
    /// # Errors
    /// [`Refusal::OtherDevice`] in another browser than the one that asked for it: the token stays. Otherwise somebody who
    /// talks a person into pressing a button would be signed in as that person.
    pub(crate) async fn finish_link(
        &self,
        caller: &Caller,
        token: &str,
    ) -> Result<SignIn, Refusal> {
        let found = self.standing::<LinkFor>(token, TokenPurpose::SignInLink).await;
        let (hash, link) = match found {
            Err(Refusal::NotAvailable) => return self.finish_operators(caller, token).await,
            found => found?,
        };
        if link.device.is_none() || link.device != caller.device {
            return Err(Refusal::OtherDevice);
        }
        let account = self.reads().account(link.account).await?.ok_or(Refusal::NotAvailable)?;
        let opening = self.opening(&account, caller, AccountAction::SignedInByLink).await?;
        if self.take_and_open(hash, account.id, opening.clone()).await? {
            self.forget_tries(&account.email).await?;
            Ok(opening.into_sign_in())
        } else {
            Err(Refusal::NotAvailable)
        }
    }

    async fn take_and_open(
        &self,
        hash: TokenHash,
        account: AccountId,
        opening: Opening,
    ) -> Result<bool, Refusal> {
        let now = self.now();
        let work = self.store().write_platform(move |unit| {
            let opening = opening.clone();
            Box::pin(async move {
                let stands = unit.accounts().lock(account).await?.is_some();
                let taken = unit.tokens().take(hash, TokenPurpose::SignInLink, now).await?;
                let opens = stands && taken.is_some();
                if opens {
                    opening.write(unit, now).await?;
                }
                Ok(opens)
            })
        });
        Ok(work.await?)
    }

    /// Forgets wrong passwords of somebody who has got in by another way.
    pub(super) async fn forget_tries(&self, email: &EmailAddress) -> Result<(), Refusal> {
        let tries = self.password_tries(email);
        let work = self.store().write_platform(move |unit| {
            Box::pin(async move { unit.tokens().clear_tries(tries).await })
        });
        Ok(work.await?)
    }
}

//! What only the operator of the server does: letting in the first person, and a person who has lost every way in.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wax_crypto::Origin;
use wax_kernel::{AccountId, EmailAddress};
use wax_model::{Account, AccountAction, AccountEvent, Link, OperatorAction, TokenPurpose};
use wax_store::{PlatformUnit, StoreError, TokenHash};

use super::{
    Accounts, Caller, Name, Refusal, SignIn, founding::Founding, letters::page,
    sessions::NewSession,
};

const LIFE: Duration = Duration::from_hours(1);

/// What the operator's link is for.
#[derive(Debug, Clone)]
pub enum OperatorLink {
    /// Makes an account, if the address has none, and an organization of this name or short name that it owns.
    Owner {
        /// What others read; if there is none, the address's part before the `@`.
        name: Option<String>,
        /// The organization: an existing one by id or short name, or a new one's name.
        organization: Option<String>,
    },
    /// Signs in an account that exists, ends its other sessions and turns its second factor off.
    Recover,
}

/// Whom a link lets in, sealed in its token.
#[derive(Clone, Serialize, Deserialize)]
struct LetIn {
    email: EmailAddress,
    name: String,
    organization: Option<String>,
    resets: bool,
}

/// What following the link writes.
#[derive(Clone)]
struct Entrance {
    account: Account,
    is_new: bool,
    resets: bool,
    organization: Option<(String, Founding)>,
    created: AccountEvent,
    session: NewSession,
}

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum NoLink {
    /// The name breaks a rule.
    #[error("a name has 1 to 80 characters")]
    Name,
    /// Nobody has the address.
    #[error("no account has this address")]
    Unknown,
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Accounts {
    /// A link that lets somebody in once, within the hour, in any browser. Whoever has it is that person: it is printed for
    /// the operator and goes into no mail.
    ///
    /// # Errors
    /// [`NoLink`].
    pub async fn operator_link(
        &self,
        origin: &Origin,
        email: &EmailAddress,
        link: OperatorLink,
    ) -> Result<Link, NoLink> {
        let local = email.as_str().split('@').next().unwrap_or_default();
        let account = self.reads().account_by_address(email).await?;
        let whose = account.as_ref().map_or_else(|| "new".to_owned(), |known| known.id.to_string());
        let (name, organization, resets) = match link {
            OperatorLink::Owner { name, organization } => {
                (name.unwrap_or_else(|| local.to_owned()), organization, false)
            }
            OperatorLink::Recover => (account.ok_or(NoLink::Unknown)?.name, None, true),
        };
        for text in [Some(&name), organization.as_ref()].into_iter().flatten() {
            Name::parse("name", text).map_err(|_| NoLink::Name)?;
        }
        let let_in = LetIn { email: email.clone(), name, organization, resets };
        let subject = self.subject("recovery", email);
        let (text, token) = self.new_token(TokenPurpose::Recovery, subject, LIFE, &let_in);
        let what = if resets { "recover" } else { "owner" };
        let event = self.operator_event(OperatorAction::LinkMade, format!("{what} {whose}"));
        let now = self.now();
        let work = self.store().write_platform(move |unit| {
            let (token, event) = (token.clone(), event.clone());
            Box::pin(async move {
                unit.tokens().revoke(token.purpose, &token.subject).await?;
                unit.tokens().insert(&token, now).await?;
                unit.operator().record(&event).await
            })
        });
        work.await?;
        Ok(page(origin, "/sign-in/link", &text))
    }

    /// Follows an operator's link.
    pub(super) async fn finish_operators(
        &self,
        caller: &Caller,
        token: &str,
    ) -> Result<SignIn, Refusal> {
        let (hash, let_in) = self.standing::<LetIn>(token, TokenPurpose::Recovery).await?;
        let entrance = self.entrance(caller, let_in).await?;
        let (text, email) = (entrance.session.text.clone(), entrance.account.email.clone());
        if !self.write_entrance(hash, entrance).await? {
            return Err(Refusal::NotAvailable);
        }
        self.forget_tries(&email).await?;
        Ok(SignIn::Done(text))
    }

    async fn entrance(&self, caller: &Caller, let_in: LetIn) -> Result<Entrance, Refusal> {
        let LetIn { email, name, organization, resets } = let_in;
        let found = self.reads().account_by_address(&email).await?;
        let is_new = found.is_none();
        let account = found.unwrap_or_else(|| Account {
            id: AccountId::random(self.rng()),
            email,
            name,
            lang: "en".to_owned(),
            password: None,
            totp: None,
            created_at: self.now(),
        });
        let organization = match organization {
            Some(text) => {
                let name = Name::parse("organization", &text)?;
                Some((text, self.founding(&name, account.id, &caller.network)))
            }
            None => None,
        };
        let session = self.new_session(&account, caller, AccountAction::SignedInByRecovery).await?;
        let session = if is_new { session.unannounced() } else { session };
        let created = self.event(account.id, AccountAction::Created, caller);
        Ok(Entrance { account, is_new, resets, organization, created, session })
    }

    async fn write_entrance(&self, hash: TokenHash, entrance: Entrance) -> Result<bool, Refusal> {
        let now = self.now();
        let work = self.store().write_platform(move |unit| {
            let entrance = entrance.clone();
            Box::pin(async move {
                if unit.tokens().take(hash, TokenPurpose::Recovery, now).await?.is_none() {
                    return Ok(false);
                }
                if !entrance.stands(unit).await? {
                    return Ok(false);
                }
                if let Some((name, founding)) = &entrance.organization {
                    founding.write_or_join(unit, name).await?;
                }
                entrance.session.write(unit, now).await?;
                Ok(true)
            })
        });
        Ok(work.await?)
    }
}

impl Entrance {
    /// Makes the account, or opens the one that is there.
    async fn stands(&self, unit: &mut dyn PlatformUnit) -> Result<bool, StoreError> {
        if self.is_new {
            let made = unit.accounts().insert(&self.account).await?;
            if made {
                unit.accounts().record(&self.created).await?;
            }
            return Ok(made);
        }
        let Some(mut account) = unit.accounts().lock(self.account.id).await? else {
            return Ok(false);
        };
        if self.resets {
            account.totp = None;
            unit.accounts().update(&account).await?;
            unit.accounts().replace_recovery_codes(account.id, &[]).await?;
            unit.sessions().end_all(account.id, None).await?;
            unit.tokens().revoke(TokenPurpose::DeviceLogin, &account.id.to_string()).await?;
        }
        Ok(true)
    }
}

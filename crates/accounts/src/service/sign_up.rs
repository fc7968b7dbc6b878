//! A new account: nothing is written of a person before the address is proven.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wax_kernel::{AccountId, EmailAddress, Redacted};
use wax_model::{Account, AccountAction, MailKind, SignUpPolicy, TokenPurpose};
use wax_store::{NewToken, TokenHash};

use super::{
    Accounts, BearerText, Caller, Language, Name, Refusal, founding::Founding, letters::page,
    sessions::NewSession, tokens::MailedToken,
};

const HOURS: u32 = 24;

/// What somebody says who signs up.
#[derive(Debug)]
pub(crate) struct SignUp {
    pub(crate) email: EmailAddress,
    pub(crate) name: Name,
    pub(crate) password: Option<Redacted<String>>,
    pub(crate) language: Language,
    pub(crate) organization: Option<Name>,
}

/// What waits for the address to be proven, sealed in its token.
#[derive(Clone, Serialize, Deserialize)]
struct Pending {
    email: EmailAddress,
    name: String,
    lang: String,
    password: Option<String>,
    organization: Option<String>,
    device: Option<TokenHash>,
}

/// What proving an address writes.
#[derive(Clone)]
struct Verified {
    account: Account,
    founding: Option<Founding>,
    session: Option<NewSession>,
}

enum Outcome {
    Made,
    Gone,
    Taken,
}

impl Accounts {
    /// Mails a link that makes the account; to an address that has one, that it has.
    pub(crate) async fn sign_up(&self, caller: &Caller, command: SignUp) -> Result<(), Refusal> {
        if self.sign_up_policy().await? != SignUpPolicy::Open {
            return Err(Refusal::SignUpClosed);
        }
        let SignUp { email, name, password, language, organization } = command;
        let password = match &password {
            Some(password) => {
                let known = vec![email.as_str().to_owned(), name.as_str().to_owned()];
                Some(self.hash_new(password, known).await?)
            }
            None => None,
        };
        let known = self.reads().account_by_address(&email).await?;
        let subject = self.subject("sign-up", &email);
        let pending = Pending {
            email,
            name: name.into_string(),
            lang: language.tag().to_owned(),
            password,
            organization: organization.map(Name::into_string),
            device: caller.device,
        };
        let life = Duration::from_secs(u64::from(HOURS) * 3_600);
        // Also for an address that has an account: the link is told to nobody, and what is written is the same.
        let (text, token) = self.new_token(TokenPurpose::SignUp, subject, life, &pending);
        let mail = match &known {
            None => MailKind::VerifyAddress {
                link: page(&caller.origin, "/verify", &text),
                hours: HOURS,
            },
            Some(_) => MailKind::AlreadyRegistered,
        };
        let lang = known.as_ref().map_or(&pending.lang, |account| &account.lang);
        let mail = self.letter(&pending.email, lang, &caller.origin, mail, Some(token.expires_at));
        let once = self.once("sign-up", &pending.email, true);
        self.send(MailedToken { once, token, mail }).await
    }

    /// Writes a token and its mail.
    pub(super) async fn send(&self, mailed: MailedToken) -> Result<(), Refusal> {
        let (mailed, now) = (std::sync::Arc::new(mailed), self.now());
        let work = self.store().write_platform(move |unit| {
            let mailed = std::sync::Arc::clone(&mailed);
            Box::pin(async move { mailed.write(unit, now).await })
        });
        Ok(work.await?)
    }

    /// Makes the account whose address is proven by this token. Answers the session's token, if it is the browser that
    /// signed up: somebody else who has the link must not get in, nor get somebody else into their account.
    pub(crate) async fn verify(
        &self,
        caller: &Caller,
        token: &str,
    ) -> Result<Option<BearerText>, Refusal> {
        let (hash, pending) = self.standing::<Pending>(token, TokenPurpose::SignUp).await?;
        let verified = self.verified(caller, pending).await?;
        let text = verified.session.as_ref().map(|session| session.text.clone());
        match self.write_verified(hash, verified, caller).await? {
            Outcome::Made => Ok(text),
            Outcome::Gone => Err(Refusal::NotAvailable),
            Outcome::Taken => Err(Refusal::HasAccount),
        }
    }

    async fn verified(&self, caller: &Caller, pending: Pending) -> Result<Verified, Refusal> {
        // Elsewhere, nobody knows whether who chose the password is who reads the mail.
        let is_here = pending.device.is_some() && pending.device == caller.device;
        let account = Account {
            id: AccountId::random(self.rng()),
            email: pending.email,
            name: pending.name,
            lang: pending.lang,
            password: pending.password.filter(|_| is_here),
            totp: None,
            created_at: self.now(),
        };
        let organization =
            pending.organization.map(|name| Name::parse("name", &name)).transpose()?;
        let founding = organization.map(|name| self.founding(&name, account.id, &caller.network));
        let session = if is_here {
            let by = AccountAction::SignedInByLink;
            Some(self.new_session(&account, caller, by).await?.unannounced())
        } else {
            None
        };
        Ok(Verified { account, founding, session })
    }

    async fn write_verified(
        &self,
        hash: TokenHash,
        verified: Verified,
        caller: &Caller,
    ) -> Result<Outcome, Refusal> {
        let now = self.now();
        let created = self.event(verified.account.id, AccountAction::Created, caller);
        let work = self.store().write_platform(move |unit| {
            let (verified, created) = (verified.clone(), created.clone());
            Box::pin(async move {
                if unit.tokens().take(hash, TokenPurpose::SignUp, now).await?.is_none() {
                    return Ok(Outcome::Gone);
                }
                if !unit.accounts().insert(&verified.account).await? {
                    return Ok(Outcome::Taken);
                }
                unit.accounts().record(&created).await?;
                if let Some(founding) = &verified.founding {
                    founding.write(unit).await?;
                }
                if let Some(session) = &verified.session {
                    session.write(unit, now).await?;
                }
                Ok(Outcome::Made)
            })
        });
        Ok(work.await?)
    }

    /// Names an address where a token's subject can be read.
    pub(super) fn subject(&self, kind: &str, email: &EmailAddress) -> String {
        wax_kernel::base64url_encode(self.mark(kind, email.key()))
    }

    /// A token that nobody will ever show, of the same size as one that somebody will.
    pub(super) fn decoy(
        &self,
        purpose: TokenPurpose,
        life: Duration,
        payload: &impl Serialize,
    ) -> NewToken {
        let nobody = AccountId::random(self.rng());
        self.new_token(purpose, nobody.to_string(), life, payload).1
    }
}

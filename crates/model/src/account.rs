//! People who sign in, and what they are in organizations.

use std::fmt;

use serde::{Deserialize, Serialize};
use wax_kernel::{
    AccountId, ApiKeyId, DomainId, EmailAddress, InvitationId, PasskeyId, SessionId, TenantId,
    Timestamp,
};

use crate::{Role, Scope, text_enum::text_enum};

/// A person. Its Debug shows the id alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Random.
    pub id: AccountId,
    /// Proven before the row was made.
    pub email: EmailAddress,
    /// What others in an organization read, 1 to 80 characters.
    pub name: String,
    /// Of mails, and of pages where the browser does not say: `en`, `ja`.
    pub lang: String,
    /// Argon2id in PHC form (RFC 9106, PHC string format), if they have one.
    pub password: Option<String>,
    /// The second factor, if they have one.
    pub totp: Option<Totp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A time-based one-time password (RFC 6238): SHA-1, 6 digits, 30 s, as authenticator apps know it.
#[derive(Clone, PartialEq, Eq)]
pub struct Totp {
    /// The shared key, sealed by the key ring.
    pub sealed_key: Vec<u8>,
    /// The last time step that was taken: each is taken once.
    pub last_step: i64,
}

text_enum! {
    /// What holds a session.
    SessionKind {
        /// A cookie.
        Browser = "browser",
        /// A command line.
        Cli = "cli",
    }
}

/// A signed-in browser or command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Names it in lists. Opens nothing.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// What holds it.
    pub kind: SessionKind,
    /// "Firefox on Windows", or the name a command line gave. At most 80 characters.
    pub device: String,
    /// The network it was last used from. Never a full address.
    pub network: String,
    /// When.
    pub created_at: Timestamp,
    /// To the minute.
    pub last_used_at: Timestamp,
    /// Ends without further use.
    pub idle_ends_at: Timestamp,
    /// Ends in any case.
    pub ends_at: Timestamp,
    /// Until when dangerous acts need no further proof.
    pub stepped_up_until: Timestamp,
}

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPasskey {
    /// Names it in lists.
    pub id: PasskeyId,
    /// Whose.
    pub account: AccountId,
    /// What the person calls it, 1 to 80 characters.
    pub name: String,
    /// The authenticator's name for it (`WebAuthn` credential id).
    pub credential_id: Vec<u8>,
    /// The public key and counters, as the `WebAuthn` library writes them (JSON).
    pub credential: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
}

/// What an account is in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub account: AccountId,
    /// As what.
    pub role: Role,
    /// The one domain they are confined to, if they are.
    pub domain: Option<DomainId>,
    /// Since when.
    pub joined_at: Timestamp,
}

/// An invitation that nobody has taken yet. The token that takes it is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Names it in lists.
    pub id: InvitationId,
    /// To whom.
    pub email: EmailAddress,
    /// As what.
    pub role: Role,
    /// Confined to this domain, if to any.
    pub domain: Option<DomainId>,
    /// By whom.
    pub invited_by: Actor,
    /// The language of its mail.
    pub lang: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// An organization's credential for programs. The key's text is told once and not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Names it in lists and in the audit trail.
    pub id: ApiKeyId,
    /// What people call it, 1 to 80 characters.
    pub name: String,
    /// The first characters of its text, `wxk_` and 4 more, by which people recognise it.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// From where, as CIDR; empty: from anywhere.
    pub networks: Vec<String>,
    /// By whom.
    pub created_by: AccountId,
    /// When.
    pub created_at: Timestamp,
    /// From then on it opens nothing.
    pub expires_at: Timestamp,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
    /// Until when the text before the last rotation still works.
    pub overlap_ends_at: Option<Timestamp>,
}

/// A session that stands, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The session.
    pub session: Session,
    /// The account's name.
    pub name: String,
    /// The account's language.
    pub lang: String,
}

/// A key that stands, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyBearer {
    /// The organization's id.
    pub tenant: TenantId,
    /// The key.
    pub key: ApiKey,
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Actor {
    /// A member.
    Account(AccountId),
    /// A program with a key.
    Key(ApiKeyId),
    /// Whoever runs the server.
    Operator,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => fmt::Display::fmt(id, f),
            Self::Key(id) => fmt::Display::fmt(id, f),
            Self::Operator => f.write_str("operator"),
        }
    }
}

/// The text names nobody who can act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("names neither an account nor a key")]
pub struct ActorError;

impl Actor {
    /// Reads what [`fmt::Display`] prints.
    pub fn parse(text: &str) -> Result<Self, ActorError> {
        if text == "operator" {
            return Ok(Self::Operator);
        }
        AccountId::parse(text)
            .map(Self::Account)
            .or_else(|_| ApiKeyId::parse(text).map(Self::Key))
            .map_err(|_| ActorError)
    }
}

impl TryFrom<String> for Actor {
    type Error = ActorError;

    fn try_from(text: String) -> Result<Self, ActorError> {
        Self::parse(&text)
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.to_string()
    }
}

/// An organization as one of its members sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belonging {
    /// Which.
    pub tenant: TenantId,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// When it will be erased, if that was decided.
    pub deletion_due_at: Option<Timestamp>,
    /// As what.
    pub membership: Membership,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Totp([redacted])")
    }
}

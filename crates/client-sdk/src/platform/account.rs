//! The person who is signed in.

use serde::{Deserialize, Serialize};
use wax_kernel::{AccountId, DomainId, EmailAddress, Redacted, SessionId, TenantId, Timestamp};
use wax_model::Role;

use super::Platform;
use crate::Error;

/// A person, as they see themselves.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Account {
    /// Names the account.
    pub id: AccountId,
    /// What people call them.
    pub name: String,
    /// How they sign in.
    pub email: EmailAddress,
    /// Whether a password proves them.
    pub has_password: bool,
    /// Whether codes of an app do.
    pub totp: bool,
    /// Until when dangerous acts need no further proof.
    #[serde(rename = "stepped_up_until", skip_serializing_if = "Option::is_none")]
    pub stepped_up_until: Option<Timestamp>,
    /// Where they are a member.
    pub organizations: Vec<Belonging>,
}

/// An organization that a person is in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Belonging {
    /// Names the organization.
    pub id: TenantId,
    /// How it stands in addresses.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// As what they are a member.
    pub role: Role,
    /// The one domain they are confined to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<DomainId>,
    /// When it will be erased.
    #[serde(rename = "deletion_due_at_ms", skip_serializing_if = "Option::is_none")]
    pub deletion_due_at: Option<Timestamp>,
}

/// A browser or a command line that is signed in.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct SignedInSession {
    /// Names it. Opens nothing.
    pub id: SessionId,
    /// Whether it is the one that asks.
    pub current: bool,
    /// `browser` or `cli`.
    pub kind: String,
    /// What people recognise it by.
    pub device: String,
    /// When it began.
    #[serde(rename = "created_at_ms")]
    pub created_at: Timestamp,
}

/// How somebody proves that it is still them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The account's password.
    Password(Redacted<String>),
    /// Six digits of their app.
    Totp(Redacted<String>),
}

#[derive(Deserialize)]
struct SteppedUp {
    stepped_up_until: Timestamp,
}

#[derive(Deserialize)]
struct Sessions {
    items: Vec<SignedInSession>,
}

impl Platform {
    /// Who is signed in.
    pub async fn account(&self) -> Result<Account, Error> {
        self.get("/v1/account").await
    }

    /// Proves the person again; says until when dangerous acts are possible. Sent once: wrong ones count.
    pub async fn step_up(&self, proof: &Proof) -> Result<Timestamp, Error> {
        let answer: SteppedUp = self.post("/v1/account/step-up", proof).await?;
        Ok(answer.stepped_up_until)
    }

    /// Where the person is signed in.
    pub async fn sessions(&self) -> Result<Vec<SignedInSession>, Error> {
        let Sessions { items } = self.get("/v1/account/sessions").await?;
        Ok(items)
    }

    /// Ends the session that asks.
    pub async fn sign_out(&self) -> Result<(), Error> {
        let current = self.sessions().await?.into_iter().find(|session| session.current);
        let current = current.ok_or(Error::Answer("no session is the one that asks"))?;
        self.delete(&format!("/v1/account/sessions/{}", current.id)).await
    }
}

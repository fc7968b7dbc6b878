//! Values that are taken once, with what is remembered beside them.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use wax_crypto::at_rest::{EnvelopeError, Slot};
use wax_httpkit::auth::{BearerHash, bearer_hash, is_bearer};
use wax_kernel::{EmailAddress, Timestamp};
use wax_model::{OutboxMessage, TokenPurpose};
use wax_store::{NewToken, PlatformUnit, StoreError, Token, TokenHash};
use zeroize::Zeroizing;

use super::{Accounts, BearerText, Refusal};

/// Least time between two mails of one kind to one address.
const BETWEEN_MAILS: Duration = Duration::from_secs(60);
/// The same, where nobody has the address.
const BETWEEN_MAILS_TO_NOBODY: Duration = Duration::from_hours(24);

/// The marks that a mail of one kind went to one address.
#[derive(Debug)]
pub(super) struct Once {
    /// For a minute, whoever has the address.
    minute: NewToken,
    /// For a day. It keeps mails from where nobody has the address, and nothing else.
    day: NewToken,
    somebodys: bool,
}

/// A token, and a mail that brings it: written together, unless the address has just had one.
#[derive(Debug)]
pub(super) struct MailedToken {
    pub(super) once: Once,
    pub(super) token: NewToken,
    pub(super) mail: OutboxMessage,
}

impl MailedToken {
    /// Newer tokens of one purpose and subject end the older ones.
    pub(super) async fn write(
        &self,
        unit: &mut dyn PlatformUnit,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Once { minute, day, somebodys } = &self.once;
        if !unit.tokens().insert(minute, now).await? {
            return Ok(());
        }
        let is_first = unit.tokens().insert(day, now).await?;
        unit.tokens().revoke(self.token.purpose, &self.token.subject).await?;
        unit.tokens().insert(&self.token, now).await?;
        if *somebodys || is_first {
            return unit.outbox().send(&self.mail).await;
        }
        // As many statements as with a mail: otherwise the time would tell.
        unit.tokens().insert(day, now).await.map(drop)
    }
}

impl Accounts {
    /// A new value, and its row.
    pub(super) fn new_token(
        &self,
        purpose: TokenPurpose,
        subject: String,
        life: Duration,
        payload: &impl Serialize,
    ) -> (BearerText, NewToken) {
        let text = BearerText::random(self.rng());
        let token = self.token_of(text.hash(), purpose, subject, life, payload);
        (text, token)
    }

    /// The row of a value that exists.
    pub(super) fn token_of(
        &self,
        hash: TokenHash,
        purpose: TokenPurpose,
        subject: String,
        life: Duration,
        payload: &impl Serialize,
    ) -> NewToken {
        let expires_at = self.now().plus(life);
        NewToken { hash, purpose, subject, payload: self.sealed(&hash, payload), expires_at }
    }

    /// What is remembered with a token, sealed into its row.
    pub(super) fn sealed(&self, hash: &TokenHash, payload: &impl Serialize) -> Vec<u8> {
        let json = serde_json::to_vec(payload).expect("what is remembered has only text keys");
        self.0.keys.ring().seal(slot(hash), &Zeroizing::new(json), self.rng())
    }

    /// What was remembered.
    pub(super) fn opened<T: DeserializeOwned>(
        &self,
        hash: &TokenHash,
        token: &Token,
    ) -> Result<T, Refusal> {
        let json = self.0.keys.ring().open(slot(hash), &token.payload)?;
        serde_json::from_slice(&json).map_err(|_| Refusal::Envelope(EnvelopeError))
    }

    /// The token with this text that stands, without taking it.
    ///
    /// # Errors
    /// [`Refusal::NotAvailable`] if there is none.
    pub(super) async fn standing<T: DeserializeOwned>(
        &self,
        text: &str,
        purpose: TokenPurpose,
    ) -> Result<(BearerHash, T), Refusal> {
        if !is_bearer(text) {
            return Err(Refusal::NotAvailable);
        }
        let hash = bearer_hash(text);
        let token = self.reads().token(hash, purpose, self.now()).await?;
        let payload = self.opened(&hash, &token.ok_or(Refusal::NotAvailable)?)?;
        Ok((hash, payload))
    }

    /// The marks that a mail of this kind goes to this address.
    pub(super) fn once(&self, kind: &str, to: &EmailAddress, somebodys: bool) -> Once {
        let mark = |what: &str, life| {
            let hash = self.mark(&format!("{what} {kind}"), to.key());
            self.token_of(hash, TokenPurpose::Idempotency, kind.to_owned(), life, &())
        };
        let (minute, day) =
            (mark("mailed", BETWEEN_MAILS), mark("mailed today", BETWEEN_MAILS_TO_NOBODY));
        Once { minute, day, somebodys }
    }

    /// Stands for an address, or anything else that is not to be read in the database.
    pub(super) fn mark(&self, purpose: &str, of: &str) -> [u8; 32] {
        *self.0.addresses.mac(purpose, of).as_bytes()
    }
}

fn slot(hash: &TokenHash) -> Slot<'_> {
    Slot { table: "tokens", column: "payload", row: hash }
}

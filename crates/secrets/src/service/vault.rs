//! What the server keeps of a secret, sealed once more at rest (docs/adr/0005).
//!
//! Two data keys per secret: the first over the wrapped content key, the second over header, policy and content. Both are
//! sealed under the key of the day on which the secret expires, which never enters the database. Deleting a data key
//! therefore destroys what it covers, also in every backup of the database.

use std::sync::Arc;

use wax_crypto::{
    ClaimKey,
    at_rest::{ClaimMac, DataKey, Day, DayKey, EnvelopeError, KeyStore, KeyStoreError, Slot},
};
use wax_kernel::{Rng, SecretId, TenantId};
use wax_store::{SealedContent, SealedKeys};

use super::Refusal;

/// What a claim delivers, as the client sealed it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) header: Vec<u8>,
    pub(crate) policy: Vec<u8>,
    pub(crate) wrapped_key: Vec<u8>,
    pub(crate) content: Vec<u8>,
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Delivery([redacted])")
    }
}

/// A delivery sealed at rest, ready for the store.
pub(crate) struct Sealed {
    pub(crate) keys: SealedKeys,
    pub(crate) content: SealedContent,
    pub(crate) claim_mac: ClaimMac,
}

/// The opened data keys of one secret.
pub(crate) struct OpenKeys {
    row: [u8; 32],
    id: SecretId,
    wrap: DataKey,
    content: DataKey,
}

/// Seals and opens the columns of secrets.
#[derive(Debug)]
pub(crate) struct Vault {
    keys: Arc<dyn KeyStore>,
    rng: Arc<dyn Rng>,
}

impl Vault {
    pub(crate) fn new(keys: Arc<dyn KeyStore>, rng: Arc<dyn Rng>) -> Self {
        Self { keys, rng }
    }

    /// Draws the data keys of a new secret and seals everything under them. Makes the day's key if it is the first.
    pub(crate) fn seal(
        &self,
        tenant: TenantId,
        id: SecretId,
        day: Day,
        delivery: &Delivery,
        claim: &ClaimKey,
    ) -> Result<Sealed, KeyStoreError> {
        let day_key = self.keys.day_key(day)?;
        let rng = &*self.rng;
        let (wrap, content) = (DataKey::random(rng), DataKey::random(rng));
        let row = row(tenant, id);
        let keys = SealedKeys {
            wrap: Some(day_key.seal(WRAP_KEY.of(&row), &wrap, rng)),
            content: Some(day_key.seal(CONTENT_KEY.of(&row), &content, rng)),
        };
        let sealed = SealedContent {
            wrapped_key: wrap.seal(WRAPPED.of(&row), &delivery.wrapped_key, rng),
            header: content.seal(HEADER.of(&row), &delivery.header, rng),
            policy: content.seal(POLICY.of(&row), &delivery.policy, rng),
            content: content.seal(CONTENT.of(&row), &delivery.content, rng),
        };
        Ok(Sealed { claim_mac: wrap.claim_mac(&id, claim), keys, content: sealed })
    }

    /// Opens the data keys. `None`: they were deleted, with the secret or with its day.
    pub(crate) fn open_keys(
        &self,
        tenant: TenantId,
        id: SecretId,
        day: Day,
        keys: &SealedKeys,
    ) -> Result<Option<OpenKeys>, Refusal> {
        let (Some(wrap), Some(content)) = (&keys.wrap, &keys.content) else { return Ok(None) };
        let Some(day_key) = self.keys.existing_day_key(day)? else { return Ok(None) };
        let row = row(tenant, id);
        let open = |column: Column, sealed: &[u8]| -> Result<DataKey, EnvelopeError> {
            DayKey::open(&day_key, column.of(&row), sealed)
        };
        Ok(Some(OpenKeys {
            wrap: open(WRAP_KEY, wrap)?,
            content: open(CONTENT_KEY, content)?,
            row,
            id,
        }))
    }
}

impl OpenKeys {
    /// The code that the database compares instead of the claim key.
    pub(crate) fn claim_mac(&self, claim: &ClaimKey) -> ClaimMac {
        self.wrap.claim_mac(&self.id, claim)
    }

    /// Opens what a claim delivers.
    pub(crate) fn open(&self, sealed: &SealedContent) -> Result<Delivery, EnvelopeError> {
        Ok(Delivery {
            wrapped_key: self.wrap.open(WRAPPED.of(&self.row), &sealed.wrapped_key)?,
            header: self.content.open(HEADER.of(&self.row), &sealed.header)?,
            policy: self.content.open(POLICY.of(&self.row), &sealed.policy)?,
            content: self.content.open(CONTENT.of(&self.row), &sealed.content)?,
        })
    }
}

/// A column that holds something sealed: table and name are part of what is sealed.
#[derive(Clone, Copy)]
struct Column(&'static str, &'static str);

const WRAP_KEY: Column = Column("secret_keys", "wrap_key");
const CONTENT_KEY: Column = Column("secret_keys", "content_key");
const WRAPPED: Column = Column("secret_contents", "wrapped_key");
const HEADER: Column = Column("secret_contents", "header");
const POLICY: Column = Column("secret_contents", "policy");
const CONTENT: Column = Column("secret_contents", "content");

impl Column {
    const fn of(self, row: &[u8; 32]) -> Slot<'_> {
        Slot { table: self.0, column: self.1, row }
    }
}

/// Ids are unique within a tenant only.
fn row(tenant: TenantId, id: SecretId) -> [u8; 32] {
    let mut row = [0; 32];
    row[..16].copy_from_slice(tenant.as_bytes());
    row[16..].copy_from_slice(id.as_bytes());
    row
}

//! What the server keeps of a secret, sealed once more at rest (docs/adr/0005).
//!
//! Two data keys per secret: the first over what only a claim needs (the wrapped content key), the second over what every
//! opening needs (header, policy and content). Both are sealed under the key of the day on which the secret expires, which
//! never enters the database. Deleting a data key therefore destroys what it covers, also in every backup of the database.

use std::sync::Arc;

use wax_crypto::{
    ClaimKey, Thumbprint,
    at_rest::{ClaimMac, DataKey, Day, DayKey, KeyStore, KeyStoreError, Slot},
};
use wax_kernel::{Rng, SecretId, TenantId};
use wax_model::Secret;
use wax_store::{SealedContent, SealedCopy, SealedWrap};

use super::Refusal;

/// What every opening gives, as the client sealed it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) header: Vec<u8>,
    pub(crate) policy: Vec<u8>,
    pub(crate) content: Vec<u8>,
}

/// What a claim delivers, as the client sealed it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) wrapped_key: Vec<u8>,
    pub(crate) content: Content,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Content([redacted])")
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Delivery([redacted])")
    }
}

/// A delivery sealed at rest, ready for the store.
pub(crate) struct Sealed {
    pub(crate) claim_mac: ClaimMac,
    pub(crate) wrap: SealedWrap,
    pub(crate) content: SealedContent,
}

/// Where a secret's rows stand, and under which day's key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) tenant: TenantId,
    pub(crate) id: SecretId,
    pub(crate) day: Day,
}

/// What only a claim needs, opened.
pub(crate) struct OpenWrap {
    id: SecretId,
    data_key: DataKey,
    wrapped_key: Vec<u8>,
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
        place: Place,
        delivery: &Delivery,
        claim: &ClaimKey,
    ) -> Result<Sealed, KeyStoreError> {
        let day_key = self.keys.day_key(place.day)?;
        let rng = &*self.rng;
        let (wrap, content) = (DataKey::random(rng), DataKey::random(rng));
        let row = place.row();
        let client = &delivery.content;
        Ok(Sealed {
            claim_mac: wrap.claim_mac(&place.id, claim),
            wrap: SealedWrap {
                data_key: day_key.seal(WRAP_KEY.of(&row), &wrap, rng),
                wrapped_key: wrap.seal(WRAPPED.of(&row), &delivery.wrapped_key, rng),
            },
            content: SealedContent {
                data_key: day_key.seal(CONTENT_KEY.of(&row), &content, rng),
                header: content.seal(HEADER.of(&row), &client.header, rng),
                policy: content.seal(POLICY.of(&row), &client.policy, rng),
                content: content.seal(CONTENT.of(&row), &client.content, rng),
            },
        })
    }

    /// Opens what only a claim needs. `None`: its day's key was destroyed.
    pub(crate) fn open_wrap(
        &self,
        place: Place,
        sealed: &SealedWrap,
    ) -> Result<Option<OpenWrap>, Refusal> {
        let Some(data_key) = self.data_key(place, WRAP_KEY, &sealed.data_key)? else {
            return Ok(None);
        };
        let wrapped_key = data_key.open(WRAPPED.of(&place.row()), &sealed.wrapped_key)?;
        Ok(Some(OpenWrap { id: place.id, data_key, wrapped_key }))
    }

    /// Opens what every opening gives. `None`: its day's key was destroyed.
    pub(crate) fn open_content(
        &self,
        place: Place,
        sealed: &SealedContent,
    ) -> Result<Option<Content>, Refusal> {
        let Some(data_key) = self.data_key(place, CONTENT_KEY, &sealed.data_key)? else {
            return Ok(None);
        };
        let row = place.row();
        Ok(Some(Content {
            header: data_key.open(HEADER.of(&row), &sealed.header)?,
            policy: data_key.open(POLICY.of(&row), &sealed.policy)?,
            content: data_key.open(CONTENT.of(&row), &sealed.content)?,
        }))
    }

    /// Seals what is handed to a device, under the second data key. `None`: its day's key was destroyed.
    pub(crate) fn seal_handed(
        &self,
        place: Place,
        sealed: &SealedContent,
        to: &Thumbprint,
        keys: &[u8],
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let data_key = self.data_key(place, CONTENT_KEY, &sealed.data_key)?;
        Ok(data_key.map(|key| key.seal(HANDED.of(&place.row_of(to)), keys, &*self.rng)))
    }

    /// Opens what was handed to a device. `None`: its day's key was destroyed.
    pub(crate) fn open_handed(
        &self,
        place: Place,
        sealed: &SealedContent,
        to: &Thumbprint,
        keys: &[u8],
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(data_key) = self.data_key(place, CONTENT_KEY, &sealed.data_key)? else {
            return Ok(None);
        };
        Ok(Some(data_key.open(HANDED.of(&place.row_of(to)), keys)?))
    }

    /// Seals a passkey copy, under the second data key. `None`: its day's key was destroyed.
    pub(crate) fn seal_copy(
        &self,
        place: Place,
        sealed: &SealedContent,
        copy: &[u8],
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let data_key = self.data_key(place, CONTENT_KEY, &sealed.data_key)?;
        Ok(data_key.map(|key| key.seal(COPY.of(&place.row()), copy, &*self.rng)))
    }

    /// Opens a passkey copy. `None`: its day's key was destroyed.
    pub(crate) fn open_copy(
        &self,
        place: Place,
        sealed: &SealedCopy,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(data_key) = self.data_key(place, CONTENT_KEY, &sealed.data_key)? else {
            return Ok(None);
        };
        Ok(Some(data_key.open(COPY.of(&place.row()), &sealed.copy)?))
    }

    fn data_key(
        &self,
        place: Place,
        column: Column,
        sealed: &[u8],
    ) -> Result<Option<DataKey>, Refusal> {
        let Some(day_key) = self.keys.existing_day_key(place.day)? else { return Ok(None) };
        Ok(Some(DayKey::open(&day_key, column.of(&place.row()), sealed)?))
    }
}

impl OpenWrap {
    /// The code that the database compares instead of the claim key.
    pub(crate) fn claim_mac(&self, claim: &ClaimKey) -> ClaimMac {
        self.data_key.claim_mac(&self.id, claim)
    }

    /// The wrapped content key, as the client sealed it.
    pub(crate) fn wrapped_key(&self) -> &[u8] {
        &self.wrapped_key
    }
}

impl Place {
    /// Of a secret of this tenant.
    pub(crate) const fn of(tenant: TenantId, secret: &Secret) -> Self {
        Self { tenant, id: secret.id, day: Day::from_number(secret.key_day) }
    }

    /// Ids are unique within a tenant only.
    fn row(&self) -> [u8; 32] {
        let mut row = [0; 32];
        row[..16].copy_from_slice(self.tenant.as_bytes());
        row[16..].copy_from_slice(self.id.as_bytes());
        row
    }

    /// A secret may have a row for each device.
    fn row_of(&self, device: &Thumbprint) -> [u8; 64] {
        let mut row = [0; 64];
        row[..32].copy_from_slice(&self.row());
        row[32..].copy_from_slice(device.as_bytes());
        row
    }
}

/// A column that holds something sealed: table and name are part of what is sealed.
#[derive(Clone, Copy)]
struct Column(&'static str, &'static str);

const WRAP_KEY: Column = Column("secret_wraps", "data_key");
const CONTENT_KEY: Column = Column("secret_contents", "data_key");
const WRAPPED: Column = Column("secret_wraps", "wrapped_key");
const HEADER: Column = Column("secret_contents", "header");
const POLICY: Column = Column("secret_contents", "policy");
const CONTENT: Column = Column("secret_contents", "content");
const HANDED: Column = Column("handovers", "keys");
const COPY: Column = Column("passkey_copies", "copy");

impl Column {
    const fn of(self, row: &[u8]) -> Slot<'_> {
        Slot { table: self.0, column: self.1, row }
    }
}

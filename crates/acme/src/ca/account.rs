//! Our account at an issuer. Its key is stored before the issuer hears of it, so that no crash leaves an account behind
//! that nobody can use: an issuer answers a known key with the account it belongs to (RFC 8555 §7.3).

use std::fmt;

use bytes::Bytes;
use http::{Request, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    http::{Heard, Wire},
    jws::{AccountKey, Signer},
};
use crate::{
    AccountThumbprint, Failure, Issuer, IssuerId, OrderStore, Reason, SealedKey, StoreFault, Vault,
};

/// An account at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAccount {
    /// At which issuer.
    pub issuer: IssuerId,
    /// Its key.
    pub key: SealedKey,
    /// Its thumbprint: what edges compute answers with.
    pub thumbprint: AccountThumbprint,
    /// Its URL, once the issuer has said it.
    pub url: Option<String>,
    /// The key that is to replace it, while that is being asked for.
    pub next: Option<SealedKey>,
}

/// An account that can be used.
pub struct Account {
    pub(super) url: String,
    pub(super) pkcs8: Zeroizing<Vec<u8>>,
    pub(super) thumbprint: AccountThumbprint,
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum AccountFault {
    /// The issuer did not make one.
    #[error(transparent)]
    Issuer(#[from] Failure),
    /// It could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// A nonce is refused now and then, and a busy issuer refuses several in a row.
const NONCES: usize = 10;

/// What makes an account, its store and its keys.
struct Registrar<'a> {
    issuer: &'a Issuer,
    wire: &'a Wire,
    store: &'a dyn OrderStore,
    vault: &'a Vault,
    directory: Directory,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Directory {
    new_nonce: String,
    new_account: String,
    key_change: Option<String>,
}

impl Account {
    /// The account at `issuer`: the stored one, or a new one. Finishes what was begun and not ended, a change of keys too.
    pub async fn open(
        issuer: &Issuer,
        wire: &Wire,
        store: &dyn OrderStore,
        vault: &Vault,
    ) -> Result<Self, AccountFault> {
        let registrar = Registrar::new(issuer, wire, store, vault).await?;
        let stored = registrar.stored().await?;
        let stored = registrar.registered(stored).await?;
        let stored = if stored.next.is_some() { registrar.changed(stored).await? } else { stored };
        registrar.opened(&stored)
    }

    /// Gives the account a new key. What was being ordered with the old one goes on: an issuer checks a proof
    /// against the key that the account has when it looks, and a failed proof is ordered again.
    pub async fn change_key(
        issuer: &Issuer,
        wire: &Wire,
        store: &dyn OrderStore,
        vault: &Vault,
    ) -> Result<Self, AccountFault> {
        let registrar = Registrar::new(issuer, wire, store, vault).await?;
        let stored = registrar.registered(registrar.stored().await?).await?;
        let stored =
            if stored.next.is_some() { stored } else { registrar.with_next_key(stored).await? };
        let stored = registrar.changed(stored).await?;
        registrar.opened(&stored)
    }

    /// Its thumbprint.
    pub const fn thumbprint(&self) -> &AccountThumbprint {
        &self.thumbprint
    }
}

impl<'a> Registrar<'a> {
    async fn new(
        issuer: &'a Issuer,
        wire: &'a Wire,
        store: &'a dyn OrderStore,
        vault: &'a Vault,
    ) -> Result<Self, AccountFault> {
        let directory = serde_json::from_slice(&wire.directory().await?)
            .map_err(|_| Failure::saying(Reason::IssuerBroken, "the directory is none"))?;
        Ok(Self { issuer, wire, store, vault, directory })
    }

    /// What is stored; a new key if there is nothing.
    async fn stored(&self) -> Result<StoredAccount, AccountFault> {
        if let Some(stored) = self.store.account(&self.issuer.id).await? {
            return Ok(stored);
        }
        let key = AccountKey::generate().map_err(|_| Failure::of(Reason::KeyLost))?;
        let new = StoredAccount {
            issuer: self.issuer.id.clone(),
            key: self.vault.seal_account(&self.issuer.id, key.pkcs8()),
            thumbprint: key.thumbprint(),
            url: None,
            next: None,
        };
        self.put(None, new).await
    }

    /// Writes, or takes what somebody else has written meanwhile.
    async fn put(
        &self,
        known: Option<&StoredAccount>,
        account: StoredAccount,
    ) -> Result<StoredAccount, AccountFault> {
        if self.store.put_account(known, &account).await? {
            return Ok(account);
        }
        let other = self.store.account(&self.issuer.id).await?;
        Ok(other.ok_or(StoreFault::Lost)?)
    }

    /// Asks for the account of a key. Asked again, the issuer names the same one.
    async fn registered(&self, stored: StoredAccount) -> Result<StoredAccount, AccountFault> {
        if stored.url.is_some() {
            return Ok(stored);
        }
        let key = self.key(&stored.key)?;
        let mut payload = json!({ "termsOfServiceAgreed": true });
        if !self.issuer.contacts.is_empty() {
            payload["contact"] = json!(self.issuer.contacts);
        }
        if let Some(external) = &self.issuer.external_account {
            let binding =
                key.bound_to(&external.id, external.key.expose(), &self.directory.new_account);
            payload["externalAccountBinding"] = binding;
        }
        let heard = self.post(&key, Signer::Key, &self.directory.new_account, &payload).await?;
        let url = heard.header("location").map(str::to_owned);
        let url =
            url.ok_or_else(|| Failure::saying(Reason::IssuerBroken, "an account without a URL"))?;
        self.put(Some(&stored), StoredAccount { url: Some(url), ..stored.clone() }).await
    }

    async fn with_next_key(&self, stored: StoredAccount) -> Result<StoredAccount, AccountFault> {
        let next = AccountKey::generate().map_err(|_| Failure::of(Reason::KeyLost))?;
        let next = Some(self.vault.seal_account(&self.issuer.id, next.pkcs8()));
        self.put(Some(&stored), StoredAccount { next, ..stored.clone() }).await
    }

    /// Changes the key, unless the issuer knows the new one already: then only we have forgotten.
    async fn changed(&self, stored: StoredAccount) -> Result<StoredAccount, AccountFault> {
        let Some(sealed) = &stored.next else { return Ok(stored) };
        let (old, new) = (self.key(&stored.key)?, self.key(sealed)?);
        if !self.knows(&new).await? {
            let url = stored.url.as_deref().unwrap_or_default();
            let change = self.directory.key_change.as_deref();
            let change =
                change.ok_or_else(|| Failure::saying(Reason::Refused, "keys cannot be changed"))?;
            let payload = new.claim_account(url, &old, change);
            self.post(&old, Signer::Account(url), change, &payload).await?;
        }
        let account = StoredAccount {
            key: sealed.clone(),
            thumbprint: new.thumbprint(),
            next: None,
            ..stored.clone()
        };
        self.put(Some(&stored), account).await
    }

    async fn knows(&self, key: &AccountKey) -> Result<bool, Failure> {
        let url = &self.directory.new_account;
        let payload = json!({ "onlyReturnExisting": true });
        match self.post(key, Signer::Key, url, &payload).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.reason == Reason::AccountRefused => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    fn opened(&self, stored: &StoredAccount) -> Result<Account, AccountFault> {
        Ok(Account {
            url: stored.url.clone().unwrap_or_default(),
            pkcs8: Zeroizing::new(self.key(&stored.key)?.pkcs8().to_vec()),
            thumbprint: stored.thumbprint.clone(),
        })
    }

    fn key(&self, sealed: &SealedKey) -> Result<AccountKey, Failure> {
        let lost = || Failure::of(Reason::KeyLost);
        let pkcs8 = self.vault.open_account(&self.issuer.id, sealed).map_err(|_| lost())?;
        AccountKey::from_pkcs8(pkcs8).map_err(|_| lost())
    }

    async fn post(
        &self,
        key: &AccountKey,
        signer: Signer<'_>,
        url: &str,
        payload: &Value,
    ) -> Result<Heard, Failure> {
        let mut nonce = None;
        for _ in 0..NONCES {
            let fresh = match nonce.take() {
                Some(nonce) => nonce,
                None => self.nonce().await?,
            };
            let body = key.sign(signer, Some(&fresh), url, payload).to_string();
            let request = Request::post(url)
                .header(header::CONTENT_TYPE, "application/jose+json")
                .body(Bytes::from(body));
            let heard = self.wire.ask(request.map_err(|_| bad_url())?).await?;
            if heard.status.is_success() {
                return Ok(heard);
            }
            if !heard.is_bad_nonce() {
                return Err(heard.failure());
            }
            nonce = heard.header("replay-nonce").map(str::to_owned);
        }
        Err(Failure::of(Reason::NonceRefused))
    }

    async fn nonce(&self) -> Result<String, Failure> {
        let request = Request::head(&self.directory.new_nonce).body(Bytes::new());
        let heard = self.wire.ask(request.map_err(|_| bad_url())?).await?;
        let nonce = heard.header("replay-nonce").map(str::to_owned);
        nonce.ok_or_else(|| heard.failure())
    }
}

fn bad_url() -> Failure {
    Failure::saying(Reason::IssuerBroken, "the directory holds no URL")
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("thumbprint", &self.thumbprint).finish_non_exhaustive()
    }
}

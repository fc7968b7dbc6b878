//! Accounts and what lets them in. Not a tenant's: an account may be in several organizations, or in none.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use wax_kernel::{AccountId, EmailAddress, EventId, PasskeyId, SessionId, TenantId, Timestamp};
use wax_model::{
    Account, AccountEvent, Bearer, Belonging, KeyBearer, Membership, Session, SignUpPolicy,
    StoredPasskey, Tenant, TenantScope, TokenPurpose,
};

use crate::{
    BillingRepository, DomainRepository, OperatorRepository, OutboxRepository, StoreError,
    UnitOfWork,
};

/// SHA-256 of a bearer value: what the database holds instead of it.
pub type TokenHash = [u8; 32];

/// How long tries are remembered after the last wrong one.
pub const TRIES_KEPT: Duration = Duration::from_hours(24);
/// How long a device is known after it was last seen: as long as browsers keep its cookie (RFC 6265bis §4.1.2.1).
pub const DEVICE_KNOWN: Duration = Duration::from_hours(400 * 24);

/// A value that is mailed, or kept in a short-lived cookie, and taken once.
#[derive(Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Of the value.
    pub hash: TokenHash,
    /// What it is for; it is found under no other.
    pub purpose: TokenPurpose,
    /// What its end depends on: all of one purpose and subject can be revoked together. An account's or invitation's id,
    /// or a keyed hash of an address.
    pub subject: String,
    /// What is remembered with it, sealed by the service where it is sensitive.
    pub payload: Vec<u8>,
    /// From then on it is not found.
    pub expires_at: Timestamp,
}

/// A token that was found.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// See [`NewToken::subject`].
    pub subject: String,
    /// See [`NewToken::payload`].
    pub payload: Vec<u8>,
    /// See [`NewToken::expires_at`].
    pub expires_at: Timestamp,
}

macro_rules! redacted_debug {
    ($($name:ident),+) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    )+ };
}
redacted_debug!(NewToken, Token);

/// Wrong tries to sign in to one address (or second factors of one account), whether it has an account or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignInTries {
    /// Wrong ones, counted.
    pub wrong: u32,
    /// Not before; `None`: at once.
    pub next_at: Option<Timestamp>,
}

/// What [`TokenRepository::count_try`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// The try was counted, and may go on. If it is right, the tries are to be cleared.
    Counted(SignInTries),
    /// Tries are held back: nothing was counted, and this one must be refused, right or wrong.
    HeldBack(SignInTries),
}

/// One transaction over accounts, and over those organizations whose proof the caller has.
///
/// Lock order: organizations by id, then accounts by id, then everything else. A unit that loses a deadlock all the same
/// runs again.
///
/// [`StoreError::Unknown`] says that the unit was committed or not, and the caller looks: whether a token still stands
/// tells whether the unit that took it was committed; an account, session, key or invitation has an id that the caller
/// drew. Of tries nothing need be known: one counted twice holds back a little earlier.
#[async_trait]
pub trait PlatformUnit: Send {
    /// Accounts and what lets them in.
    fn accounts(&mut self) -> &mut dyn AccountRepository;
    /// Sessions.
    fn sessions(&mut self) -> &mut dyn SessionRepository;
    /// Values taken once, and tries.
    fn tokens(&mut self) -> &mut dyn TokenRepository;
    /// Messages to be delivered after the commit, of no organization.
    fn outbox(&mut self) -> &mut dyn OutboxRepository;
    /// Domains, whosesoever.
    fn domains(&mut self) -> &mut dyn DomainRepository;
    /// What we know of payments.
    fn billing(&mut self) -> &mut dyn BillingRepository;
    /// What the operator changes.
    fn operator(&mut self) -> &mut dyn OperatorRepository;
    /// The same transaction, within one organization.
    fn within(&mut self, scope: TenantScope) -> Box<dyn UnitOfWork + '_>;
    /// Writes a new organization. `false`: its slug is taken.
    async fn insert_tenant(&mut self, tenant: &Tenant) -> Result<bool, StoreError>;
    /// The organization with this id or slug.
    async fn find_tenant(&mut self, name: &str) -> Result<Option<Tenant>, StoreError>;
}

/// Looking without a transaction.
#[async_trait]
pub trait AccountReads: Send + Sync {
    /// The session with this token that has not ended, and whose it is.
    async fn session(&self, hash: TokenHash, now: Timestamp) -> Result<Option<Bearer>, StoreError>;
    /// The key with this text, or with this text before its last rotation while the overlap lasts; not if it expired.
    async fn api_key(
        &self,
        hash: TokenHash,
        now: Timestamp,
    ) -> Result<Option<KeyBearer>, StoreError>;
    /// What an account is in the organization with this id or slug.
    async fn membership(
        &self,
        account: AccountId,
        organization: &str,
    ) -> Result<Option<Belonging>, StoreError>;
    /// The account.
    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError>;
    /// The account with this address.
    async fn account_by_address(&self, email: &EmailAddress)
    -> Result<Option<Account>, StoreError>;
    /// Where it is a member, by name.
    async fn belongings(&self, account: AccountId) -> Result<Vec<Belonging>, StoreError>;
    /// Its passkeys, oldest first.
    async fn passkeys(&self, account: AccountId) -> Result<Vec<StoredPasskey>, StoreError>;
    /// The passkey with this credential id.
    async fn passkey(&self, credential_id: &[u8]) -> Result<Option<StoredPasskey>, StoreError>;
    /// How many recovery codes it has left.
    async fn recovery_codes_left(&self, account: AccountId) -> Result<u32, StoreError>;
    /// Its sessions that have not ended, used last first.
    async fn sessions(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError>;
    /// Its history, newest first; `before` is a cursor.
    async fn events(
        &self,
        account: AccountId,
        before: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<AccountEvent>, StoreError>;
    /// A token, without taking it.
    async fn token(
        &self,
        hash: TokenHash,
        purpose: TokenPurpose,
        now: Timestamp,
    ) -> Result<Option<Token>, StoreError>;
    /// Who may sign up, if the operator has switched it.
    async fn sign_up(&self) -> Result<Option<SignUpPolicy>, StoreError>;
    /// Tries under this key that are not forgotten yet.
    async fn tries(&self, key: [u8; 32], now: Timestamp) -> Result<SignInTries, StoreError>;
}

/// Changing accounts. Rules that read before they write take [`Self::lock`] first.
#[async_trait]
pub trait AccountRepository: Send {
    /// Writes a new account. `false`: the address has one.
    async fn insert(&mut self, account: &Account) -> Result<bool, StoreError>;
    /// Takes the row's lock and reads it.
    async fn lock(&mut self, id: AccountId) -> Result<Option<Account>, StoreError>;
    /// Writes what may change: address, name, language, password, second factor. `false`: the address has another
    /// account, nothing was written.
    async fn update(&mut self, account: &Account) -> Result<bool, StoreError>;
    /// Deletes it with everything that hangs on it: sessions, passkeys, codes, devices, memberships, history, and tokens
    /// whose subject it is. Its id stays where it says who did something.
    async fn delete(&mut self, id: AccountId) -> Result<(), StoreError>;
    /// What it is in organizations.
    async fn memberships(
        &mut self,
        id: AccountId,
    ) -> Result<Vec<(TenantId, Membership)>, StoreError>;
    /// Replaces all recovery codes by these hashes; none: deletes them.
    async fn replace_recovery_codes(
        &mut self,
        id: AccountId,
        hashes: &[TokenHash],
    ) -> Result<(), StoreError>;
    /// Takes a code: `true` once.
    async fn take_recovery_code(
        &mut self,
        id: AccountId,
        hash: TokenHash,
    ) -> Result<bool, StoreError>;
    /// Its passkeys, oldest first, as this transaction has left them.
    async fn passkeys(&mut self, id: AccountId) -> Result<Vec<StoredPasskey>, StoreError>;
    /// Writes a passkey. `false`: the credential is known.
    async fn insert_passkey(&mut self, passkey: &StoredPasskey) -> Result<bool, StoreError>;
    /// Writes what a use changes: credential and last use; and the name.
    async fn update_passkey(&mut self, passkey: &StoredPasskey) -> Result<bool, StoreError>;
    /// Deletes it.
    async fn delete_passkey(
        &mut self,
        account: AccountId,
        id: PasskeyId,
    ) -> Result<bool, StoreError>;
    /// Remembers that this device (hash of its cookie) has signed in. `true`: for the first time in [`DEVICE_KNOWN`].
    async fn see_device(
        &mut self,
        account: AccountId,
        device: TokenHash,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Writes an event of its history.
    async fn record(&mut self, event: &AccountEvent) -> Result<(), StoreError>;
}

/// Changing sessions.
#[async_trait]
pub trait SessionRepository: Send {
    /// Writes a new one. Its idle end is never after its end.
    async fn insert(&mut self, session: &Session, hash: TokenHash) -> Result<(), StoreError>;
    /// Moves last use, network and idle end, the last no further than its end; nothing, once it has ended.
    async fn touch(
        &mut self,
        id: SessionId,
        network: &str,
        now: Timestamp,
        idle_ends_at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Sets until when it is stepped up, unless it has ended.
    async fn step_up(&mut self, id: SessionId, until: Timestamp) -> Result<(), StoreError>;
    /// Ends it. `false`: it was not this account's, or had ended.
    async fn end(&mut self, account: AccountId, id: SessionId) -> Result<bool, StoreError>;
    /// Ends all of an account but one.
    async fn end_all(
        &mut self,
        account: AccountId,
        but: Option<SessionId>,
    ) -> Result<u64, StoreError>;
}

/// Changing tokens and tries.
#[async_trait]
pub trait TokenRepository: Send {
    /// Writes a new one. `false`: the value stands already under this purpose (a request that was repeated), nothing was
    /// written. One that ended at or before `now` gives way.
    async fn insert(&mut self, token: &NewToken, now: Timestamp) -> Result<bool, StoreError>;
    /// Takes it: found once, by one caller, before its end.
    async fn take(
        &mut self,
        hash: TokenHash,
        purpose: TokenPurpose,
        now: Timestamp,
    ) -> Result<Option<Token>, StoreError>;
    /// Writes another payload, while it stands.
    async fn update(
        &mut self,
        hash: TokenHash,
        purpose: TokenPurpose,
        payload: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Writes another payload and another end, while it stands.
    async fn keep(
        &mut self,
        hash: TokenHash,
        purpose: TokenPurpose,
        payload: &[u8],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Deletes all of this purpose and subject.
    async fn revoke(&mut self, purpose: TokenPurpose, subject: &str) -> Result<u64, StoreError>;
    /// Counts a try as wrong and holds back the next by [`wax_model::wait_after`], unless tries are held back; one
    /// statement. Before the try is verified, in a unit of its own: of many at once, none gets past the count. Begins
    /// anew [`TRIES_KEPT`] after the last.
    async fn count_try(&mut self, key: [u8; 32], now: Timestamp) -> Result<Tried, StoreError>;
    /// Forgets tries.
    async fn clear_tries(&mut self, key: [u8; 32]) -> Result<(), StoreError>;
}

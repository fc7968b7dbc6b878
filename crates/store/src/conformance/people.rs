//! Accounts and organizations to test with.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use wax_kernel::{
    AccountId, ApiKeyId, DomainId, EmailAddress, HostPattern, InvitationId, PasskeyId, SessionId,
    Timestamp,
};
use wax_model::{
    Account, AccountAction, AccountEvent, Actor, ApiKey, Brand, Domain, Invitation, Membership,
    PlanId, Role, Scope, Session, SessionKind, StoredPasskey, Tenant, TokenPurpose, Totp,
    domain::Transport,
};

use super::fixtures::*;
use crate::{NewDomain, NewToken, PlatformUnit, Store, StoreError, TokenHash};

/// How long a session of [`session`] lasts without use.
pub const IDLE: Duration = Duration::from_hours(12);
/// How long it lasts in any case.
pub const LONGEST: Duration = Duration::from_hours(30 * 24);
/// A millisecond.
pub const MS: Duration = Duration::from_millis(1);

/// The `n`th hash of a bearer value.
pub fn hash(n: u64) -> TokenHash {
    bytes(24, n)
}

/// The `n`th account's id.
pub fn account_id(n: u64) -> AccountId {
    AccountId::from_bytes(bytes(23, n))
}

/// An address.
pub fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

/// The `n`th person, with nothing but a password.
pub fn account(n: u64) -> Account {
    Account {
        id: account_id(n),
        email: address(&format!("Person.{n}@Example.com")),
        name: format!("蜜蝋 {n}"),
        lang: "ja".into(),
        password: Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA".into()),
        totp: None,
        created_at: START,
    }
}

/// With a second factor.
pub fn guarded(n: u64) -> Account {
    let totp = Totp { sealed_key: bytes::<60>(25, n).to_vec(), last_step: i64::MAX };
    Account { totp: Some(totp), ..account(n) }
}

/// Runs a unit over accounts that is expected to be committed.
pub async fn over_accounts<T, F>(store: &Arc<dyn Store>, work: F) -> T
where
    T: Send + 'static,
    F: for<'u> Fn(&'u mut dyn PlatformUnit) -> BoxFuture<'u, Result<T, StoreError>>
        + Send
        + Sync
        + 'static,
{
    store.write_platform(work).await.unwrap()
}

/// Writes an account. `false`: its address has one.
pub async fn sign_up(store: &Arc<dyn Store>, account: &Account) -> bool {
    let account = account.clone();
    over_accounts(store, move |unit| {
        let account = account.clone();
        Box::pin(async move { unit.accounts().insert(&account).await })
    })
    .await
}

/// The `n`th account, written.
pub async fn signed_up(store: &Arc<dyn Store>, n: u64) -> Account {
    let account = account(n);
    assert!(sign_up(store, &account).await);
    account
}

/// The `n`th session, of this account, begun now.
pub fn session(n: u64, account: AccountId, now: Timestamp) -> Session {
    Session {
        id: SessionId::from_bytes(bytes(26, n)),
        account,
        kind: SessionKind::Browser,
        device: "Firefox — Linux".into(),
        network: "2001:db8:1::/48".into(),
        created_at: now,
        last_used_at: now,
        idle_ends_at: now.plus(IDLE),
        ends_at: now.plus(LONGEST),
        stepped_up_until: now,
    }
}

/// Begins the `n`th session, whose token's hash is the `n`th.
pub async fn sign_in(store: &Arc<dyn Store>, n: u64, account: u64, now: Timestamp) -> Session {
    let session = session(n, account_id(account), now);
    let new = session.clone();
    over_accounts(store, move |unit| {
        let new = new.clone();
        Box::pin(async move { unit.sessions().insert(&new, hash(n)).await })
    })
    .await;
    session
}

/// The `n`th token, of an hour.
pub fn new_token(n: u64, purpose: TokenPurpose, subject: &str) -> NewToken {
    NewToken {
        hash: hash(n),
        purpose,
        subject: subject.into(),
        payload: bytes::<40>(27, n).to_vec(),
        expires_at: after(3_600),
    }
}

/// Writes a token.
pub async fn insert_token(store: &Arc<dyn Store>, token: &NewToken, now: Timestamp) -> bool {
    let token = token.clone();
    over_accounts(store, move |unit| {
        let token = token.clone();
        Box::pin(async move { unit.tokens().insert(&token, now).await })
    })
    .await
}

/// The `n`th passkey, of this account.
pub fn passkey(n: u64, account: AccountId) -> StoredPasskey {
    StoredPasskey {
        id: PasskeyId::from_bytes(bytes(28, n)),
        account,
        name: format!("鍵 {n}"),
        credential_id: bytes::<64>(29, n).to_vec(),
        credential: r#"{"counter":1,"key":"…"}"#.into(),
        created_at: after(n),
        last_used_at: None,
    }
}

/// Writes a passkey. `false`: its credential is known.
pub async fn add_passkey(store: &Arc<dyn Store>, passkey: &StoredPasskey) -> bool {
    let passkey = passkey.clone();
    over_accounts(store, move |unit| {
        let passkey = passkey.clone();
        Box::pin(async move { unit.accounts().insert_passkey(&passkey).await })
    })
    .await
}

/// The `n`th event of an account's history.
pub fn account_event(n: u64, account: AccountId, at: Timestamp) -> AccountEvent {
    AccountEvent {
        id: event_id(n),
        account,
        at,
        action: AccountAction::ALL[usize::try_from(n).unwrap() % AccountAction::ALL.len()],
        network: n.is_multiple_of(2).then(|| "192.0.2.0/24".into()),
        device: n.is_multiple_of(3).then(|| "電話".into()),
    }
}

/// The `n`th organization.
pub fn organization(n: u64) -> Tenant {
    Tenant {
        id: tenant(n).tenant(),
        slug: format!("organization-{n}"),
        name: format!("Organization {n}"),
        plan: PlanId::self_hosted(),
        limited: false,
        created_at: START,
        deletion_due_at: None,
    }
}

/// The `n`th organization, written, with a domain of the same number.
pub async fn founded(store: &Arc<dyn Store>, n: u64) -> Tenant {
    let organization = organization(n);
    store.platform().ensure_tenant(&organization).await.unwrap();
    let host = HostPattern::parse(&format!("host-{n}.example")).unwrap();
    let domain = Domain::given(domain(n), organization.id, host, Transport::Loopback, START);
    let new = NewDomain { domain, brand: Brand::plain("Plain") };
    assert!(store.platform().ensure_domain(&new).await.unwrap());
    organization
}

/// What the `n`th account is in an organization.
pub fn membership(n: u64, role: Role) -> Membership {
    Membership { account: account_id(n), role, domain: None, joined_at: after(n) }
}

/// Makes an account a member of the `of`th organization. `false`: it is one.
pub async fn join(store: &Arc<dyn Store>, of: u64, membership: Membership) -> bool {
    let joined = try_unit(store, tenant(of), move |uow| {
        Box::pin(async move { uow.organization().insert_member(&membership).await })
    });
    joined.await.unwrap()
}

/// The `n`th invitation, of a week.
pub fn invitation(n: u64, email: &str, domain: Option<DomainId>) -> Invitation {
    Invitation {
        id: InvitationId::from_bytes(bytes(30, n)),
        email: address(email),
        role: Role::Auditor,
        domain,
        invited_by: Actor::Account(account_id(1)),
        lang: "en".into(),
        created_at: after(n),
        expires_at: after(n + 7 * 86_400),
    }
}

/// Writes an invitation to the `to`th organization.
pub async fn invite(store: &Arc<dyn Store>, to: u64, invitation: &Invitation) {
    let invitation = invitation.clone();
    let invited = try_unit(store, tenant(to), move |uow| {
        let invitation = invitation.clone();
        Box::pin(async move { uow.organization().insert_invitation(&invitation).await })
    });
    invited.await.unwrap();
}

/// The `n`th key, of a day, made at its `n`th second.
pub fn api_key(n: u64) -> ApiKey {
    ApiKey {
        id: ApiKeyId::from_bytes(bytes(31, n)),
        name: format!("ビルド {n}"),
        hint: format!("wxk_{n:04}"),
        scopes: vec![Scope::SecretsCreate, Scope::SecretsRead],
        networks: vec!["192.0.2.0/24".into(), "2001:db8::/32".into()],
        created_by: account_id(1),
        created_at: after(n),
        expires_at: after(86_400),
        last_used_at: None,
        overlap_ends_at: None,
    }
}

/// Writes the `n`th key of the `of`th organization, whose text's hash is the `n`th.
pub async fn make_key(store: &Arc<dyn Store>, of: u64, n: u64) -> ApiKey {
    let key = api_key(n);
    let new = key.clone();
    let made = try_unit(store, tenant(of), move |uow| {
        let new = new.clone();
        Box::pin(async move { uow.organization().insert_key(&new, hash(n)).await })
    });
    made.await.unwrap();
    key
}

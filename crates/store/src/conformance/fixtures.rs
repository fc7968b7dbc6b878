//! Secrets, devices and moments to test with, and the service's units in one line each.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use wax_kernel::{
    AccountId, ClaimId, DomainId, EventId, ReceiptId, Rng, SecretId, SeededRng, TenantId, Timestamp,
};
use wax_model::{
    ASK_STANDS, Actor, Argon2Params, Ask, Claim, DeviceKind, Kind, RECEIPT_KEPT, Sealed, Secret,
    SecretState, TenantScope, window_end,
};

use crate::{
    Attempt, Call, NewClaim, NewSecret, SealedContent, SealedWrap, Store, StoreError, UnitOfWork,
    transitions::{self, Acked, Asked, Claimed, Given, Giving, Opened},
};

/// When every story begins: 2023-11-14T22:13:20Z.
pub const START: Timestamp = Timestamp::from_ms(1_700_000_000_000);
/// How long a secret of [`secret`] can be claimed.
pub const LIFETIME: Duration = Duration::from_secs(7 * 86_400);
/// A claim's MAC that is nobody's.
pub const WRONG: [u8; 32] = [0xee; 32];

/// The moment `seconds` after [`START`].
pub fn after(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

/// Bytes that belong to `n` and a purpose: equal for equal arguments, different otherwise.
pub fn bytes<const N: usize>(purpose: u64, n: u64) -> [u8; N] {
    (&SeededRng::new(purpose << 32 | n) as &dyn Rng).bytes()
}

/// The `n`th tenant.
#[expect(clippy::disallowed_methods, reason = "a test acts for whom it likes")]
pub fn tenant(n: u64) -> TenantScope {
    TenantScope::proven(TenantId::from_bytes(bytes(1, n)))
}

/// The `n`th device's thumbprint.
pub fn device(n: u64) -> [u8; 32] {
    bytes(2, n)
}

/// The `n`th domain's id.
pub fn domain(n: u64) -> DomainId {
    DomainId::from_bytes(bytes(22, n))
}

/// The `n`th member, as an actor.
pub fn actor(n: u64) -> Actor {
    Actor::Account(AccountId::from_bytes(bytes(23, n)))
}

/// The `n`th event's id.
pub fn event_id(n: u64) -> EventId {
    EventId::from_bytes(bytes(3, n))
}

/// The `n`th secret, made at [`START`], with this many views.
pub fn secret(n: u64, views: u32) -> NewSecret {
    let expires_at = START.plus(LIFETIME);
    let content = SealedContent {
        data_key: bytes::<60>(16, n).to_vec(),
        header: bytes::<96>(5, n).to_vec(),
        policy: bytes::<120>(6, n).to_vec(),
        content: bytes::<1_040>(7, n).to_vec(),
    };
    NewSecret {
        secret: Secret {
            id: SecretId::from_bytes(bytes(8, n)),
            rid: ReceiptId::from_bytes(bytes(9, n)),
            domain: domain(1),
            created_by: None,
            state: SecretState::Ready,
            kind: Kind::OneTime,
            sealed: Sealed::Client,
            passphrase: Some(Argon2Params { m_kib: 65_536, t: 3, p: 1 }),
            peek_sha256: bytes(10, n),
            ack_sha256: bytes(11, n),
            receipt_sha256: bytes(12, n),
            body_sha256: bytes(13, n),
            views,
            views_left: views,
            open_claims: 0,
            wrong_tries: 0,
            next_try_at: Timestamp::from_ms(0),
            policy_version: 1,
            content_bytes: 1_040,
            key_day: expires_at.day(),
            created_at: START,
            expires_at,
            ended_at: None,
            kept_until: expires_at.plus(RECEIPT_KEPT),
        },
        claim_mac: bytes(14, n),
        wrap: SealedWrap {
            data_key: bytes::<60>(15, n).to_vec(),
            wrapped_key: bytes::<76>(4, n).to_vec(),
        },
        content,
    }
}

/// The `n`th secret, device-bound.
pub fn device_bound(n: u64) -> NewSecret {
    let mut new = secret(n, 1);
    new.secret.kind = Kind::DeviceBound;
    new
}

/// Writes a secret.
pub async fn create(store: &Arc<dyn Store>, scope: TenantScope, new: &NewSecret) -> bool {
    let new = new.clone();
    store
        .write(&scope, move |uow| {
            let new = new.clone();
            Box::pin(async move { uow.secrets().insert(&new).await })
        })
        .await
        .unwrap()
}

/// Writes the first secret of the first tenant.
pub async fn created(store: &Arc<dyn Store>, views: u32) -> NewSecret {
    let new = secret(1, views);
    assert!(create(store, tenant(1), &new).await);
    new
}

/// The try of a claim key against a secret as it was made.
pub fn attempt(new: &NewSecret, claim_mac: [u8; 32], now: Timestamp) -> Attempt {
    Attempt { secret: new.secret.id, claim_mac, policy_version: new.secret.policy_version, now }
}

/// A claim of the `n`th device. `gesture` tells two claims of one device apart.
pub fn new_claim(new: &NewSecret, n: u64, gesture: u64, now: Timestamp) -> NewClaim {
    // Of this device, this gesture and this secret.
    let mut id = bytes(17, n << 16 | gesture);
    id.iter_mut().zip(new.secret.id.as_bytes()).for_each(|(byte, of)| *byte ^= of);
    NewClaim {
        id: ClaimId::from_bytes(id),
        secret: new.secret.id,
        thumbprint: device(n),
        device: DeviceKind::Phone,
        created_at: now,
        window_ends_at: window_end(now, now),
    }
}

/// The `n`th device of the first tenant claims with the right key.
pub async fn claim(store: &Arc<dyn Store>, new: &NewSecret, n: u64, now: Timestamp) -> Claimed {
    claim_with(store, attempt(new, new.claim_mac, now), new_claim(new, n, 0, now)).await
}

/// A device of the first tenant claims.
pub async fn claim_with(store: &Arc<dyn Store>, attempt: Attempt, claim: NewClaim) -> Claimed {
    store
        .write(&tenant(1), move |uow| {
            let claim = claim.clone();
            Box::pin(async move { transitions::claim(uow, &attempt, &claim).await })
        })
        .await
        .unwrap()
}

/// Somebody tries a wrong key.
pub async fn try_wrong(store: &Arc<dyn Store>, new: &NewSecret, now: Timestamp) -> Claimed {
    claim_with(store, attempt(new, WRONG, now), new_claim(new, 99, 0, now)).await
}

/// The `n`th device's claim that was taken.
pub async fn taken(store: &Arc<dyn Store>, new: &NewSecret, n: u64, now: Timestamp) -> Claim {
    match claim(store, new, n, now).await {
        Claimed::Taken { claim, .. } => claim,
        other => panic!("a view was to be taken: {other:?}"),
    }
}

/// A signed call for this claim.
pub const fn call(claim: &Claim, counter: i64, now: Timestamp) -> Call {
    Call { secret: claim.secret, claim: claim.id, thumbprint: claim.thumbprint, counter, now }
}

/// A device acknowledges.
pub async fn ack(store: &Arc<dyn Store>, call: Call) -> Acked {
    unit(store, move |uow| Box::pin(async move { transitions::ack(uow, &call, None).await })).await
}

/// A device acknowledges, and leaves a passkey copy.
pub async fn ack_with(store: &Arc<dyn Store>, call: Call, copy: &'static [u8]) -> Acked {
    unit(store, move |uow| Box::pin(async move { transitions::ack(uow, &call, Some(copy)).await }))
        .await
}

/// The `n`th secret, bound to the first device, and that device's claim.
pub async fn bound(store: &Arc<dyn Store>, n: u64) -> (NewSecret, Claim) {
    let new = device_bound(n);
    assert!(create(store, tenant(1), &new).await);
    let claim = taken(store, &new, 1, START).await;
    assert!(matches!(ack(store, call(&claim, 1, START)).await, Acked::Now(_)));
    (new, claim_row(store, claim.id).await)
}

/// A device returns.
pub async fn open(store: &Arc<dyn Store>, call: Call) -> Option<Opened> {
    unit(store, move |uow| Box::pin(async move { transitions::open(uow, &call, false).await }))
        .await
}

/// A device returns and says that it keeps what it was given.
pub async fn keep(store: &Arc<dyn Store>, call: Call) -> Option<Opened> {
    unit(store, move |uow| Box::pin(async move { transitions::open(uow, &call, true).await })).await
}

/// The ask of the `n`th device for a secret, of now.
pub fn new_ask(new: &NewSecret, n: u64, now: Timestamp) -> Ask {
    Ask {
        secret: new.secret.id,
        thumbprint: device(n),
        device: DeviceKind::Tablet,
        receive: bytes(18, n),
        nonce: bytes(19, n),
        asked_at: now,
        ends_at: now.plus(ASK_STANDS),
    }
}

/// A device asks.
pub async fn ask(store: &Arc<dyn Store>, ask: Ask) -> Asked {
    unit(store, move |uow| {
        let ask = ask.clone();
        Box::pin(async move { transitions::ask(uow, &ask).await })
    })
    .await
}

/// The bound device's call to give to the `n`th device.
pub fn giving(call: Call, n: u64) -> Giving {
    let claim = ClaimId::from_bytes(bytes(20, n));
    Giving { call, to: device(n), claim, keys: bytes::<141>(21, n).to_vec() }
}

/// A device gives.
pub async fn give(store: &Arc<dyn Store>, giving: Giving) -> Given {
    unit(store, move |uow| {
        let giving = giving.clone();
        Box::pin(async move { transitions::give(uow, &giving).await })
    })
    .await
}

/// A device calls.
pub async fn heartbeat(store: &Arc<dyn Store>, call: Call) -> Option<Claim> {
    unit(store, move |uow| Box::pin(async move { transitions::heartbeat(uow, &call).await })).await
}

/// The reaper ends a claim's window at `now`.
pub async fn lapse(store: &Arc<dyn Store>, claim: &Claim, now: Timestamp) -> Option<Secret> {
    let (secret, id) = (claim.secret, claim.id);
    unit(store, move |uow| {
        Box::pin(async move { transitions::lapse(uow, secret, id, now, now).await })
    })
    .await
}

/// The sender unlocks.
pub async fn unlock(store: &Arc<dyn Store>, id: SecretId) -> bool {
    unit(store, move |uow| Box::pin(async move { uow.secrets().unlock(id).await })).await
}

/// The sender burns.
pub async fn burn(store: &Arc<dyn Store>, id: SecretId, now: Timestamp) -> bool {
    unit(store, move |uow| Box::pin(async move { transitions::burn(uow, id, now).await })).await
}

/// The reaper ends a secret whose time has run out.
pub async fn expire(store: &Arc<dyn Store>, id: SecretId, now: Timestamp) -> Option<SecretState> {
    unit(store, move |uow| Box::pin(async move { transitions::expire(uow, id, now).await })).await
}

/// Runs a unit of the first tenant that is expected to be committed.
pub async fn unit<T, F>(store: &Arc<dyn Store>, work: F) -> T
where
    T: Send + 'static,
    F: for<'u> Fn(&'u mut dyn UnitOfWork) -> BoxFuture<'u, Result<T, StoreError>>
        + Send
        + Sync
        + 'static,
{
    try_unit(store, tenant(1), work).await.unwrap()
}

/// Runs a unit that may fail.
pub async fn try_unit<T, F>(
    store: &Arc<dyn Store>,
    scope: TenantScope,
    work: F,
) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: for<'u> Fn(&'u mut dyn UnitOfWork) -> BoxFuture<'u, Result<T, StoreError>>
        + Send
        + Sync
        + 'static,
{
    store.write(&scope, work).await
}

/// The row of a secret of the first tenant.
pub async fn find(store: &Arc<dyn Store>, id: SecretId) -> Option<Secret> {
    store.read(tenant(1)).secrets().find(id).await.unwrap()
}

/// The row of a secret that exists.
pub async fn row(store: &Arc<dyn Store>, new: &NewSecret) -> Secret {
    find(store, new.secret.id).await.unwrap()
}

/// The row of a claim that exists.
pub async fn claim_row(store: &Arc<dyn Store>, id: ClaimId) -> Claim {
    store.read(tenant(1)).claims().find(id).await.unwrap().unwrap()
}

/// Nothing is left that opens the secret: no data key, no ciphertext, and no MAC to test a claim key against.
pub async fn assert_destroyed(store: &Arc<dyn Store>, new: &NewSecret, state: SecretState) {
    let mut reader = store.read(tenant(1));
    let secret = reader.secrets().find(new.secret.id).await.unwrap().unwrap();
    assert_eq!((secret.state, secret.open_claims), (state, 0));
    assert!(secret.ended_at.is_some());
    assert!(reader.secrets().wrap(new.secret.id).await.unwrap().is_none());
    assert!(reader.secrets().content(new.secret.id).await.unwrap().is_none());
}

/// Everything that opens the secret is still there.
pub async fn assert_kept(store: &Arc<dyn Store>, new: &NewSecret) {
    let mut reader = store.read(tenant(1));
    assert!(reader.secrets().wrap(new.secret.id).await.unwrap().as_ref() == Some(&new.wrap));
    assert!(reader.secrets().content(new.secret.id).await.unwrap().as_ref() == Some(&new.content));
}

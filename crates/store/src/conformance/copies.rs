//! What a bound device left for a passkey lives as long as the secret is that device's.

use std::{sync::Arc, time::Duration};

use wax_model::{SecretState, TenantScope};

use super::fixtures::*;
use crate::{
    Store,
    transitions::{Acked, Given},
};

const COPY: &[u8] = b"sealed to a passkey";

async fn copy_of(
    store: &Arc<dyn Store>,
    scope: TenantScope,
    id: wax_kernel::SecretId,
) -> Option<Vec<u8>> {
    store.read(scope).copies().find(id).await.unwrap().map(|sealed| sealed.copy)
}

/// The first secret, bound to the first device, which left a copy.
async fn copied(store: &Arc<dyn Store>) -> (crate::NewSecret, wax_model::Claim) {
    let new = device_bound(1);
    assert!(create(store, tenant(1), &new).await);
    let claim = taken(store, &new, 1, START).await;
    assert!(matches!(ack_with(store, call(&claim, 1, START), COPY).await, Acked::Now(_)));
    (new, claim)
}

/// In the ack's transaction, with the key that it is sealed under.
pub async fn a_copy_is_kept_with_what_is_bound(store: Arc<dyn Store>) {
    let (new, claim) = copied(&store).await;
    let kept = store.read(tenant(1)).copies().find(new.secret.id).await.unwrap().unwrap();
    assert_eq!((kept.copy.as_slice(), &kept.data_key), (COPY, &new.content.data_key));
    assert!(open(&store, call(&claim, 2, after(1))).await.is_some());
    assert!(copy_of(&store, tenant(1), new.secret.id).await.is_some(), "opening takes nothing");
}

/// What the first one left is what its device meant to leave.
pub async fn a_repeated_ack_brings_no_other_copy(store: Arc<dyn Store>) {
    let (new, claim) = copied(&store).await;
    let again = ack_with(&store, call(&claim, 2, START), b"another").await;
    assert!(matches!(again, Acked::Before(_)));
    assert_eq!(copy_of(&store, tenant(1), new.secret.id).await.as_deref(), Some(COPY));

    let (plain, claim) = bound(&store, 2).await;
    assert!(matches!(ack_with(&store, call(&claim, 2, START), COPY).await, Acked::Before(_)));
    assert_eq!(copy_of(&store, tenant(1), plain.secret.id).await, None);
}

/// There is nothing to come back to.
pub async fn an_ack_that_binds_nothing_keeps_no_copy(store: Arc<dyn Store>) {
    let once = secret(1, 2);
    assert!(create(&store, tenant(1), &once).await);
    let claim = taken(&store, &once, 1, START).await;
    assert!(matches!(ack_with(&store, call(&claim, 1, START), COPY).await, Acked::Now(_)));
    assert_eq!(copy_of(&store, tenant(1), once.secret.id).await, None);

    let late = device_bound(2);
    assert!(create(&store, tenant(1), &late).await);
    let end = late.secret.expires_at;
    let claim = taken(&store, &late, 1, end.minus(Duration::from_millis(1))).await;
    let Acked::Now(acked) = ack_with(&store, call(&claim, 1, end), COPY).await else {
        panic!("the claim was made in time");
    };
    assert_eq!(acked.state, SecretState::Expired);
    assert_eq!(copy_of(&store, tenant(1), late.secret.id).await, None);
}

/// It would bring back a device that the secret no longer belongs to.
pub async fn a_hand_over_deletes_the_copy(store: Arc<dyn Store>) {
    let (new, claim) = copied(&store).await;
    ask(&store, new_ask(&new, 2, START)).await;
    assert_eq!(give(&store, giving(call(&claim, 2, START), 2)).await, Given::Now);
    assert_eq!(copy_of(&store, tenant(1), new.secret.id).await, None);
    assert!(matches!(ack_with(&store, call(&claim, 3, START), COPY).await, Acked::Refused));
    assert_eq!(copy_of(&store, tenant(1), new.secret.id).await, None, "nor by a repeated ack");
}

/// With the content, in the same transaction.
pub async fn a_copy_ends_with_its_secret(store: Arc<dyn Store>) {
    let (new, _) = copied(&store).await;
    assert!(burn(&store, new.secret.id, after(1)).await);
    assert_destroyed(&store, &new, SecretState::Burned).await;
    assert_eq!(copy_of(&store, tenant(1), new.secret.id).await, None);

    let other = device_bound(2);
    assert!(create(&store, tenant(1), &other).await);
    let claim = taken(&store, &other, 1, START).await;
    assert!(matches!(ack_with(&store, call(&claim, 1, START), COPY).await, Acked::Now(_)));
    let end = other.secret.expires_at;
    assert_eq!(expire(&store, other.secret.id, end).await, Some(SecretState::Expired));
    assert_eq!(copy_of(&store, tenant(1), other.secret.id).await, None);
}

/// As everything of a secret.
pub async fn a_copy_belongs_to_one_tenant(store: Arc<dyn Store>) {
    let (new, _) = copied(&store).await;
    assert_eq!(copy_of(&store, tenant(2), new.secret.id).await, None);
    let (id, other) = (new.secret.id, tenant(2));
    let delete =
        store.write(&other, move |uow| Box::pin(async move { uow.copies().delete(id).await }));
    delete.await.unwrap();
    assert!(copy_of(&store, tenant(1), id).await.is_some());
}

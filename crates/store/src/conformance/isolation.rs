//! A unit belongs to one tenant, and to it no other exists.

use std::sync::Arc;

use wax_model::{Action, AuditEvent, ClaimState, EndState};

use super::fixtures::*;
use crate::{AttemptOutcome, NewSecret, SecretFilter, Store};

/// Readers of another tenant find nothing by any id.
pub async fn another_tenants_things_do_not_exist(store: Arc<dyn Store>) {
    let new = created(&store, 2).await;
    let claim = taken(&store, &new, 1, START).await;
    record(&store).await;

    let mut reader = store.read(tenant(2));
    let id = new.secret.id;
    assert!(reader.secrets().find(id).await.unwrap().is_none());
    assert!(reader.secrets().find_by_receipt(new.secret.rid).await.unwrap().is_none());
    assert!(reader.secrets().wrap(id).await.unwrap().is_none());
    assert!(reader.secrets().content(id).await.unwrap().is_none());
    assert!(reader.secrets().list(&SecretFilter::default(), None, 200).await.unwrap().is_empty());
    assert!(reader.claims().find(claim.id).await.unwrap().is_none());
    assert!(reader.claims().find_by_device(id, claim.thumbprint).await.unwrap().is_none());
    assert!(reader.claims().list(id, 200).await.unwrap().is_empty());
    let events = try_unit(&store, tenant(2), |uow| Box::pin(uow.audit().list(None, 200)));
    assert!(events.await.unwrap().is_empty());
}

async fn record(store: &Arc<dyn Store>) {
    let event = AuditEvent {
        id: event_id(1),
        at: START,
        action: Action::SecretClaimed,
        actor: None,
        subject: "a receipt".into(),
        network: None,
    };
    unit(store, move |uow| {
        let event = event.clone();
        Box::pin(async move { uow.audit().record(&event).await })
    })
    .await;
}

/// Every method that changes something finds nothing to change, and nothing has changed.
pub async fn another_tenants_things_cannot_be_changed(store: Arc<dyn Store>) {
    let new = created(&store, 2).await;
    let claim = taken(&store, &new, 1, START).await;
    let ended = ended(&store).await;
    let (_, holder) = bound(&store, 5).await;
    let before = row(&store, &new).await;

    let (claimed, target, held) = (claim.clone(), new.clone(), holder.clone());
    let changed = try_unit(&store, tenant(2), move |uow| {
        let (claim, new, held) = (claimed.clone(), target.clone(), held.clone());
        Box::pin(async move {
            let (id, now) = (new.secret.id, after(60));
            let right = attempt(&new, new.claim_mac, now);
            assert_eq!(uow.secrets().attempt(&right).await?, AttemptOutcome::Refused);
            assert!(uow.secrets().lock(id).await?.is_none());
            assert!(uow.secrets().close_claim(id).await?.is_none());
            assert!(!uow.secrets().end(id, EndState::Burned, now).await?);
            assert!(!uow.secrets().drain(id).await?);
            assert!(!uow.secrets().unlock(id).await?);
            let later = new.secret.kept_until.plus(LIFETIME);
            assert!(!uow.secrets().forget(ended, later).await?);
            assert!(uow.claims().call(&call(&claim, 5, now), now).await?.is_none());
            assert!(uow.claims().open(&call(&held, 5, now)).await?.is_none());
            assert!(!uow.claims().end(claim.id, ClaimState::Lapsed, now).await?);
            uow.claims().end_all(id, now).await
        })
    });
    changed.await.unwrap();

    assert_eq!(row(&store, &new).await, before);
    assert_eq!(claim_row(&store, claim.id).await, claim);
    assert_eq!(claim_row(&store, holder.id).await, holder);
    assert_kept(&store, &new).await;
    assert!(find(&store, ended).await.is_some());
}

async fn ended(store: &Arc<dyn Store>) -> wax_kernel::SecretId {
    let new = secret(2, 1);
    assert!(create(store, tenant(1), &new).await);
    assert!(burn(store, new.secret.id, START).await);
    new.secret.id
}

/// Ids are unique within a tenant: one tenant cannot learn of another's by trying to take its id.
pub async fn two_tenants_may_use_the_same_ids(store: Arc<dyn Store>) {
    let new = secret(1, 1);
    for n in 1..=2 {
        assert!(create(&store, tenant(n), &new).await);
        let other: NewSecret = secret(1, 1);
        let found = store.read(tenant(n)).secrets().find(other.secret.id).await.unwrap();
        assert_eq!(found, Some(new.secret.clone()));
    }
    assert!(burn(&store, new.secret.id, after(1)).await);
    let other = store.read(tenant(2)).secrets().find(new.secret.id).await.unwrap();
    assert_eq!(other, Some(new.secret));
}

//! The end of an organization. That no table was forgotten, the adapters test: they can ask their engine for all of them.

use std::sync::Arc;

use wax_kernel::Timestamp;
use wax_model::{Role, Tenant, TokenPurpose};

use super::{fixtures::*, outbox, people::*};
use crate::{AuditFilter, ERASURE_SETTLES, SecretFilter, Store, StoreError};

/// When the deletion of [`full`]'s organizations is due.
const DUE: Timestamp = Timestamp::from_ms(START.as_ms() + 7 * 86_400_000);

/// The `n`th organization with a bit of everything, to be deleted if `deleted`.
async fn full(store: &Arc<dyn Store>, n: u64, deleted: bool) {
    let mut organization = founded(store, n).await;
    signed_up(store, n).await;
    assert!(join(store, n, membership(n, Role::Owner)).await);
    invite(store, n, &invitation(n, "ann@example.com", Some(domain(n)))).await;
    make_key(store, n, n).await;
    for secret_n in 1..=5 {
        assert!(create(store, tenant(n), &secret(secret_n, 1)).await);
    }
    organization.deletion_due_at = deleted.then_some(DUE);
    change(store, n, &organization).await;
}

async fn change(store: &Arc<dyn Store>, n: u64, to: &Tenant) {
    let to = to.clone();
    let changed = try_unit(store, tenant(n), move |uow| {
        let to = to.clone();
        Box::pin(async move { uow.organization().update(&to).await })
    });
    assert!(changed.await.unwrap());
}

async fn erase(store: &Arc<dyn Store>, n: u64, now: Timestamp, limit: u32) -> bool {
    let erased = try_unit(store, tenant(n), move |uow| {
        Box::pin(async move { uow.organization().erase(now, limit).await })
    });
    erased.await.unwrap()
}

/// How many things of an organization a reader finds.
async fn things(store: &Arc<dyn Store>, n: u64) -> usize {
    let mut reader = store.read(tenant(n));
    let secrets = reader.secrets().list(&SecretFilter::default(), None, 200).await.unwrap().len();
    let organization = reader.organization();
    secrets
        + organization.members(None, 200).await.unwrap().len()
        + organization.invitations(START).await.unwrap().len()
        + organization.keys().await.unwrap().len()
        + organization.domains().await.unwrap().len()
        + organization.events(&AuditFilter::default(), None, 200).await.unwrap().len()
}

/// Not before its time, not without a decision, and not once the decision was taken back.
pub async fn nothing_is_erased_before_it_is_due(store: Arc<dyn Store>) {
    full(&store, 1, true).await;
    full(&store, 2, false).await;
    let (first, second) = (things(&store, 1).await, things(&store, 2).await);
    let due = async |now| store.platform().due_erasures(now, 10).await.unwrap();
    assert_eq!(due(DUE.minus(MS)).await, []);
    assert_eq!(due(DUE).await, [tenant(1).tenant()]);
    assert!(erase(&store, 1, DUE.minus(MS), 1_000).await, "nothing to do");
    assert!(erase(&store, 2, DUE, 1_000).await, "nothing to do");
    change(&store, 1, &organization(1)).await;
    assert_eq!(due(DUE).await, []);
    assert!(erase(&store, 1, DUE, 1_000).await, "nothing to do");
    assert_eq!((things(&store, 1).await, things(&store, 2).await), (first, second));
}

/// Nothing can be opened any more, long before everything is gone.
pub async fn an_erasure_begins_with_the_data_keys(store: Arc<dyn Store>) {
    full(&store, 1, true).await;
    // Five secrets have two each.
    assert!(!erase(&store, 1, DUE, 10).await);
    for n in 1..=5 {
        let id = secret(n, 1).secret.id;
        let mut reader = store.read(tenant(1));
        assert!(reader.secrets().find(id).await.unwrap().is_some(), "its row is still there");
        assert!(reader.secrets().wrap(id).await.unwrap().is_none());
        assert!(reader.secrets().content(id).await.unwrap().is_none());
    }
}

/// Batches of every size; whoever dies between two, or within one, costs nothing. Neighbours keep everything.
pub async fn an_erasure_goes_on_where_it_was_interrupted(store: Arc<dyn Store>) {
    for n in 1..=3 {
        full(&store, n, n != 3).await;
    }
    let kept = things(&store, 3).await;
    assert_eq!(store.platform().due_erasures(DUE, 1).await.unwrap().len(), 1);
    for (n, limit) in [(1, 1), (2, 3)] {
        let mut rounds = 0;
        while !erase(&store, n, DUE, limit).await {
            rounds += 1;
            let before = things(&store, n).await;
            let died = try_unit(&store, tenant(n), move |uow| {
                Box::pin(async move {
                    uow.organization().erase(DUE, limit).await?;
                    Err::<(), _>(StoreError::Backend("died".into()))
                })
            });
            assert!(died.await.is_err());
            assert_eq!(things(&store, n).await, before, "as if it had not begun");
            assert!(rounds < 100, "it comes to an end");
        }
        assert!(rounds > 4, "it took several batches");
        assert_eq!(things(&store, n).await, 0);
        assert!(store.accounts().api_key(hash(n), START).await.unwrap().is_none());
    }
    assert_eq!(things(&store, 3).await, kept);
    assert!(store.accounts().account(account_id(1)).await.unwrap().is_some(), "people stay");
}

/// Its own row waits until nobody can still write for it; what was written meanwhile goes with it.
pub async fn what_was_written_during_an_erasure_is_swept_up(store: Arc<dyn Store>) {
    full(&store, 1, true).await;
    assert!(erase(&store, 1, DUE, 1_000).await);
    // An edge that does not know yet.
    assert!(create(&store, tenant(1), &secret(9, 1)).await);
    let due = async |now| store.platform().due_erasures(now, 10).await.unwrap();
    let settled = DUE.plus(ERASURE_SETTLES);
    assert_eq!(due(settled.minus(MS)).await, [tenant(1).tenant()]);
    assert!(erase(&store, 1, settled.minus(MS), 1_000).await);
    assert_eq!(things(&store, 1).await, 0);
    assert!(store.read(tenant(1)).organization().find().await.unwrap().is_some());

    assert!(create(&store, tenant(1), &secret(10, 1)).await);
    assert!(erase(&store, 1, settled, 1_000).await);
    assert_eq!(things(&store, 1).await, 0);
    assert!(store.read(tenant(1)).organization().find().await.unwrap().is_none());
    assert_eq!(due(settled).await, []);
    assert!(erase(&store, 1, settled, 1_000).await, "nothing is left to do");
    // Name and host are free.
    founded(&store, 1).await;
}

/// What is sealed in their tokens names the organization. Those of another stay good.
pub async fn an_erasure_ends_the_links_of_its_invitations(store: Arc<dyn Store>) {
    for n in 1..=2 {
        full(&store, n, n == 1).await;
        let invited = invitation(n, "ann@example.com", Some(domain(n))).id.to_string();
        let token = new_token(n, TokenPurpose::Invitation, &invited);
        assert!(insert_token(&store, &token, START).await);
    }
    while !erase(&store, 1, DUE, 1).await {}
    let mut left = Vec::new();
    for n in 1..=2 {
        let token = store.accounts().token(hash(n), TokenPurpose::Invitation, START).await;
        left.push(token.unwrap().is_some());
    }
    assert_eq!(left, [false, true]);
}

/// The mail and the trail of others are theirs.
pub async fn an_erasure_spares_messages_of_no_organization(store: Arc<dyn Store>) {
    full(&store, 1, true).await;
    let message = |n| outbox::message(n, START);
    over_accounts(&store, move |unit| {
        Box::pin(async move {
            unit.outbox().send(&message(1)).await?;
            unit.within(tenant(1)).outbox().send(&message(2)).await?;
            unit.within(tenant(2)).outbox().send(&message(3)).await
        })
    })
    .await;
    while !erase(&store, 1, DUE, 2).await {}
    let mut left = outbox::messages(&outbox::take(&store, DUE, 10).await);
    left.sort_by_key(|message| message.id != event_id(1));
    assert_eq!(left, [message(1), message(3)]);
}

//! A device-bound secret moves from one device to another, and is never bound to two.

use std::{sync::Arc, time::Duration};

use futures_util::future::{join, join_all};
use wax_model::{ASK_STANDS, ClaimState, MAX_ASKS, SecretState};

use super::fixtures::*;
use crate::{
    Call, Store,
    transitions::{Asked, Given, Giving},
};

const MS: Duration = Duration::from_millis(1);

async fn standing(store: &Arc<dyn Store>, id: wax_kernel::SecretId, at: u64) -> Vec<[u8; 32]> {
    let asks = store.read(tenant(1)).handovers().standing(id, after(at)).await.unwrap();
    asks.into_iter().map(|ask| ask.thumbprint).collect()
}

/// Every column, and the same answer to the same ask.
pub async fn an_ask_stands_for_15_minutes(store: Arc<dyn Store>) {
    let (new, _) = bound(&store, 1).await;
    let first = new_ask(&new, 2, START);
    assert_eq!(ask(&store, first.clone()).await, Asked::Now(first.clone()));
    let read = store.read(tenant(1)).handovers().standing(new.secret.id, START).await.unwrap();
    assert_eq!(read, std::slice::from_ref(&first));
    let mut again = new_ask(&new, 2, START.plus(ASK_STANDS).minus(MS));
    again.nonce = bytes(19, 99);
    assert_eq!(ask(&store, again).await, Asked::Before(first), "with the code of the first");
    let late = new_ask(&new, 2, START.plus(ASK_STANDS));
    assert!(standing(&store, new.secret.id, ASK_STANDS.as_secs()).await.is_empty());
    assert_eq!(ask(&store, late.clone()).await, Asked::Now(late));
}

/// The bound device may be sealing to the first key already.
pub async fn an_asks_key_does_not_change_while_it_stands(store: Arc<dyn Store>) {
    let (new, _) = bound(&store, 1).await;
    ask(&store, new_ask(&new, 2, START)).await;
    let mut other = new_ask(&new, 2, after(1));
    other.receive = bytes(18, 99);
    assert_eq!(ask(&store, other).await, Asked::OtherKey);
}

/// Also of those that come at once.
pub async fn five_asks_stand_at_once_and_no_more(store: Arc<dyn Store>) {
    let (new, _) = bound(&store, 1).await;
    let answers = join_all((2..22).map(|n| ask(&store, new_ask(&new, n, START)))).await;
    let stand = answers.iter().filter(|asked| matches!(asked, Asked::Now(_))).count();
    let full = answers.iter().filter(|asked| matches!(asked, Asked::Full(_))).count();
    assert_eq!((stand, full), (MAX_ASKS, 20 - MAX_ASKS));
    assert_eq!(standing(&store, new.secret.id, 0).await.len(), MAX_ASKS);
    let later = new_ask(&new, 40, START.plus(ASK_STANDS));
    assert!(matches!(ask(&store, later).await, Asked::Now(_)), "the others have ended");
}

/// Nothing is there to be given, or it is this device's already, or was.
pub async fn only_a_new_device_asks_for_what_is_bound(store: Arc<dyn Store>) {
    let open = device_bound(2);
    assert!(create(&store, tenant(1), &open).await);
    assert!(matches!(ask(&store, new_ask(&open, 2, START)).await, Asked::Refused(_)));
    assert_eq!(ask(&store, new_ask(&secret(3, 1), 2, START)).await, Asked::Missing);
    let (new, claim) = bound(&store, 1).await;
    assert!(matches!(ask(&store, new_ask(&new, 1, START)).await, Asked::Refused(_)));
    let expired = new_ask(&new, 2, new.secret.expires_at);
    assert!(matches!(ask(&store, expired).await, Asked::Refused(_)));

    ask(&store, new_ask(&new, 2, START)).await;
    assert_eq!(give(&store, giving(call(&claim, 2, START), 2)).await, Given::Now);
    assert!(matches!(ask(&store, new_ask(&new, 1, START)).await, Asked::Refused(_)));
}

/// In one transaction: the one device's claim is handed, the other's acknowledged, with a counter of its own.
pub async fn what_is_given_is_bound_to_the_other_device_and_to_no_other(store: Arc<dyn Store>) {
    let (new, claim) = bound(&store, 1).await;
    ask(&store, new_ask(&new, 2, after(1))).await;
    let giving = giving(call(&claim, 2, after(9)), 2);
    assert_eq!(give(&store, giving.clone()).await, Given::Now);
    assert_eq!(row(&store, &new).await.state, SecretState::Bound);

    let old = claim_row(&store, claim.id).await;
    assert_eq!((old.state, old.counter), (ClaimState::Handed, 2));
    assert_eq!(old.ended_at, Some(after(9)));
    let got = claim_row(&store, giving.claim).await;
    assert_eq!((got.state, got.counter, got.opens), (ClaimState::Acked, 0, 0));
    assert_eq!((got.thumbprint, got.handed_by), (device(2), Some(device(1))));
    assert_eq!((got.created_at, got.ended_at), (after(9), Some(after(9))));

    assert!(open(&store, call(&claim, 3, after(10))).await.is_none(), "it is not theirs any more");
    let opened = open(&store, call(&got, 1, after(10))).await.unwrap();
    assert!(opened.content == new.content && opened.handed == Some(giving.keys));
    assert!(standing(&store, new.secret.id, 9).await.is_empty());
}

/// The device did not hear that they were kept: it says so as often as it likes.
pub async fn given_keys_are_delivered_until_they_are_kept(store: Arc<dyn Store>) {
    let (new, claim) = bound(&store, 1).await;
    ask(&store, new_ask(&new, 2, START)).await;
    let giving = giving(call(&claim, 2, START), 2);
    give(&store, giving.clone()).await;
    let got = claim_row(&store, giving.claim).await;
    for counter in 1..4 {
        let opened = open(&store, call(&got, counter, START)).await.unwrap();
        assert_eq!(opened.handed.as_ref(), Some(&giving.keys));
    }
    for counter in 4..6 {
        assert_eq!(keep(&store, call(&got, counter, START)).await.unwrap().handed, None);
    }
    assert_eq!(open(&store, call(&got, 6, START)).await.unwrap().handed, None);
}

/// The answer was lost; also after the keys were kept. To another device it is not repeated.
pub async fn giving_repeated_is_still_good(store: Arc<dyn Store>) {
    let (new, claim) = bound(&store, 1).await;
    ask(&store, new_ask(&new, 2, START)).await;
    ask(&store, new_ask(&new, 3, START)).await;
    let first = giving(call(&claim, 2, START), 2);
    assert_eq!(give(&store, first.clone()).await, Given::Now);
    assert_eq!(give(&store, first.clone()).await, Given::Before);
    let got = claim_row(&store, first.claim).await;
    keep(&store, call(&got, 1, START)).await;
    assert_eq!(give(&store, giving(call(&claim, 3, after(60)), 2)).await, Given::Before);
    assert_eq!(give(&store, giving(call(&claim, 4, START), 3)).await, Given::Refused);
    assert_eq!(claim_row(&store, first.claim).await.state, ClaimState::Acked);
}

/// Nobody who did not ask, nobody whose time is over; and no call that was used, nor by another device.
pub async fn giving_needs_an_ask_and_the_bound_device(store: Arc<dyn Store>) {
    let (new, claim) = bound(&store, 1).await;
    let (_, other) = bound(&store, 2).await;
    let good = giving(call(&claim, 2, START), 2);
    assert_eq!(give(&store, good.clone()).await, Given::NotAsked);
    ask(&store, new_ask(&new, 2, START)).await;
    let late = call(&claim, 2, START.plus(ASK_STANDS));
    assert_eq!(give(&store, giving(late, 2)).await, Given::NotAsked);
    for wrong in [
        Call { counter: 1, ..good.call },
        Call { claim: other.id, ..good.call },
        Call { thumbprint: device(2), ..good.call },
        Call { secret: other.secret, ..good.call },
        Call { now: new.secret.expires_at, ..good.call },
    ] {
        assert_eq!(give(&store, Giving { call: wrong, ..good.clone() }).await, Given::Refused);
    }
    assert_eq!(claim_row(&store, claim.id).await, claim);
    assert_eq!(give(&store, good).await, Given::Now);
}

/// From one device to the next; only the last returns.
pub async fn what_was_given_can_be_given_on(store: Arc<dyn Store>) {
    let (new, mut holder) = bound(&store, 1).await;
    for n in 2..6 {
        ask(&store, new_ask(&new, n, START)).await;
        let giving = giving(call(&holder, holder.counter + 1, START), n);
        assert_eq!(give(&store, giving.clone()).await, Given::Now);
        assert!(open(&store, call(&holder, 100, START)).await.is_none());
        holder = claim_row(&store, giving.claim).await;
    }
    assert!(open(&store, call(&holder, 1, START)).await.is_some());
    let claims = store.read(tenant(1)).claims().list(new.secret.id, 10).await.unwrap();
    let acked = claims.iter().filter(|claim| claim.state == ClaimState::Acked);
    assert_eq!((acked.count(), claims.len()), (1, 5));
}

/// Two devices asked, and the giver's screen was pressed twice: it is given once.
pub async fn of_racing_givings_one_is_taken(store: Arc<dyn Store>) {
    for n in 0..10 {
        let (new, claim) = bound(&store, n).await;
        let mut gives = Vec::new();
        for (to, counter) in (2..6).zip(2..) {
            ask(&store, new_ask(&new, to, START)).await;
            let mut one = giving(call(&claim, counter, START), to);
            // Ids are unique within a tenant.
            one.claim = wax_kernel::ClaimId::from_bytes(bytes(22, n << 8 | to));
            gives.push(give(&store, one));
        }
        let given = join_all(gives).await;
        assert_eq!(given.iter().filter(|given| **given == Given::Now).count(), 1, "{given:?}");
        let claims = store.read(tenant(1)).claims().list(new.secret.id, 10).await.unwrap();
        let acked = claims.iter().filter(|claim| claim.state == ClaimState::Acked);
        assert_eq!((acked.count(), claims.len()), (1, 2));
    }
}

/// Whoever opens is the one that it is bound to at that moment.
pub async fn of_racing_openings_and_givings_nothing_opens_after_the_giving(store: Arc<dyn Store>) {
    for n in 0..10 {
        let (new, claim) = bound(&store, n).await;
        ask(&store, new_ask(&new, 2, START)).await;
        let mut one = giving(call(&claim, 100, START), 2);
        one.claim = wax_kernel::ClaimId::from_bytes(bytes(23, n));
        let opens = join_all((2..6).map(|counter| open(&store, call(&claim, counter, START))));
        let (opened, given) = join(opens, give(&store, one)).await;
        assert_eq!(given, Given::Now);
        let old = claim_row(&store, claim.id).await;
        assert_eq!(opened.iter().flatten().count(), old.opens as usize);
        assert_eq!(old.state, ClaimState::Handed);
        assert!(open(&store, call(&claim, 200, START)).await.is_none());
    }
}

/// Asks and given keys go with the secret.
pub async fn hand_overs_end_with_their_secret(store: Arc<dyn Store>) {
    let (new, claim) = bound(&store, 1).await;
    ask(&store, new_ask(&new, 2, START)).await;
    ask(&store, new_ask(&new, 3, START)).await;
    give(&store, giving(call(&claim, 2, START), 2)).await;
    assert!(burn(&store, new.secret.id, after(1)).await);
    assert!(standing(&store, new.secret.id, 0).await.is_empty());
    let id = new.secret.id;
    let given = unit(&store, move |uow| {
        Box::pin(async move { uow.handovers().given(id, device(2)).await })
    });
    assert_eq!(given.await, None);
    assert_destroyed(&store, &new, SecretState::Burned).await;
}

/// Given keys wait for their device as long as the secret does.
pub async fn unanswered_asks_are_forgotten_at_their_end(store: Arc<dyn Store>) {
    let (new, claim) = bound(&store, 1).await;
    ask(&store, new_ask(&new, 2, START)).await;
    ask(&store, new_ask(&new, 3, START)).await;
    let one = giving(call(&claim, 2, START), 2);
    give(&store, one.clone()).await;
    let end = START.plus(ASK_STANDS);
    store.platform().forget_asks(end.minus(MS)).await.unwrap();
    assert_eq!(standing(&store, new.secret.id, 0).await, [device(3)]);
    store.platform().forget_asks(end).await.unwrap();
    assert!(standing(&store, new.secret.id, 0).await.is_empty());
    let got = claim_row(&store, one.claim).await;
    assert_eq!(open(&store, call(&got, 1, end)).await.unwrap().handed, Some(one.keys));
}

/// Another tenant neither sees nor changes them.
pub async fn hand_overs_belong_to_one_tenant(store: Arc<dyn Store>) {
    let (new, claim) = bound(&store, 1).await;
    ask(&store, new_ask(&new, 2, START)).await;
    let id = new.secret.id;
    assert!(store.read(tenant(2)).handovers().standing(id, START).await.unwrap().is_empty());
    let changed = try_unit(&store, tenant(2), move |uow| {
        Box::pin(async move {
            assert_eq!(uow.handovers().asked(id, device(2)).await?, None);
            assert!(!uow.handovers().give(id, device(2), b"keys").await?);
            uow.handovers().delete(id, device(2)).await
        })
    });
    changed.await.unwrap();
    assert_eq!(standing(&store, id, 0).await, [device(2)]);
    assert_eq!(give(&store, giving(call(&claim, 2, START), 2)).await, Given::Now);
}

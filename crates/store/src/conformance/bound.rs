//! Device-bound: the first device may return, nobody else.

use std::{sync::Arc, time::Duration};

use futures_util::future::{join, join_all};
use wax_model::{ClaimState, EndState, SecretState};

use super::fixtures::*;
use crate::{
    Call, NewSecret, Store,
    transitions::{Acked, Claimed},
};

const MS: Duration = Duration::from_millis(1);

/// Bound: what only a claim needs is gone, what every opening needs is not.
async fn assert_bound(store: &Arc<dyn Store>, new: &NewSecret) {
    let mut reader = store.read(tenant(1));
    let secret = reader.secrets().find(new.secret.id).await.unwrap().unwrap();
    assert_eq!((secret.state, secret.open_claims), (SecretState::Bound, 0));
    assert_eq!((secret.views_left, secret.ended_at), (0, None));
    assert!(reader.secrets().wrap(new.secret.id).await.unwrap().is_none());
    assert!(reader.secrets().content(new.secret.id).await.unwrap().as_ref() == Some(&new.content));
}

/// The transaction that records the acknowledgement deletes data key, wrapped key and MAC, and nothing else.
pub async fn an_ack_binds_and_deletes_what_only_a_claim_needs(store: Arc<dyn Store>) {
    let new = device_bound(1);
    assert!(create(&store, tenant(1), &new).await);
    let claim = taken(&store, &new, 1, START).await;
    assert_eq!(row(&store, &new).await.state, SecretState::Draining);
    assert_kept(&store, &new).await;
    let Acked::Now(secret) = ack(&store, call(&claim, 1, after(5))).await else {
        panic!("an open claim was to be confirmed");
    };
    assert_eq!(secret, row(&store, &new).await);
    assert_bound(&store, &new).await;
    let claim = claim_row(&store, claim.id).await;
    assert_eq!((claim.state, claim.ended_at), (ClaimState::Acked, Some(after(5))));
    assert_eq!((claim.opens, claim.last_open_at), (0, None));
}

/// The answer was lost; the device asks again and hears the same, until the secret ends.
pub async fn an_ack_repeated_after_binding_is_still_good(store: Arc<dyn Store>) {
    let (new, claim) = bound(&store, 1).await;
    let bound = row(&store, &new).await;
    for counter in [1, 2] {
        assert_eq!(
            ack(&store, call(&claim, counter, after(60))).await,
            Acked::Before(bound.clone())
        );
    }
    assert_eq!(claim_row(&store, claim.id).await, claim);
}

/// As often as it likes; each time is counted with its moment, and nothing else changes.
pub async fn a_bound_secret_opens_on_its_device_and_counts(store: Arc<dyn Store>) {
    let (new, claim) = bound(&store, 1).await;
    let before = row(&store, &new).await;
    for n in 1..=3 {
        let counter = i64::from(n) + 1;
        let opened = open(&store, call(&claim, counter, after(u64::from(n)))).await.unwrap();
        assert!(opened.content == new.content);
        assert_eq!((opened.claim.counter, opened.claim.opens), (counter, n));
        assert_eq!(opened.claim.last_open_at, Some(after(u64::from(n))));
        assert_eq!(claim_row(&store, claim.id).await, opened.claim);
    }
    assert_eq!(row(&store, &new).await, before);
    assert_bound(&store, &new).await;
}

/// Not before it was confirmed, and never what is not device-bound.
pub async fn only_what_is_bound_is_opened_again(store: Arc<dyn Store>) {
    let new = device_bound(1);
    assert!(create(&store, tenant(1), &new).await);
    let claim = taken(&store, &new, 1, START).await;
    assert!(open(&store, call(&claim, 1, START)).await.is_none());

    let one_time = secret(2, 2);
    assert!(create(&store, tenant(1), &one_time).await);
    let acked = taken(&store, &one_time, 1, START).await;
    assert!(matches!(ack(&store, call(&acked, 1, START)).await, Acked::Now(_)));
    assert_kept(&store, &one_time).await;
    assert!(open(&store, call(&acked, 2, START)).await.is_none());
    assert_eq!(claim_row(&store, acked.id).await.opens, 0);
}

/// Another thumbprint, another claim's id, another secret.
pub async fn an_opening_by_another_device_or_claim_is_refused(store: Arc<dyn Store>) {
    let (new, claim) = bound(&store, 1).await;
    let (_, other) = bound(&store, 2).await;
    let good = call(&claim, 2, START);
    for wrong in [
        Call { thumbprint: device(2), ..good },
        Call { claim: other.id, ..good },
        Call { secret: other.secret, ..good },
    ] {
        assert!(open(&store, wrong).await.is_none());
    }
    assert_eq!(claim_row(&store, claim.id).await, claim);
    assert_bound(&store, &new).await;
}

/// A captured request opens nothing.
pub async fn an_openings_counter_must_rise(store: Arc<dyn Store>) {
    let (_, claim) = bound(&store, 1).await;
    assert!(open(&store, call(&claim, 7, after(1))).await.is_some());
    let before = claim_row(&store, claim.id).await;
    for counter in [i64::MIN, 0, 1, 6, 7] {
        assert!(open(&store, call(&claim, counter, after(2))).await.is_none(), "{counter}");
    }
    assert_eq!(claim_row(&store, claim.id).await, before);
    assert!(open(&store, call(&claim, i64::MAX, after(3))).await.is_some());
}

/// A request that is sent 64 times at once counts once.
pub async fn of_64_openings_with_one_counter_one_is_taken(store: Arc<dyn Store>) {
    let (_, claim) = bound(&store, 1).await;
    for counter in 2..7 {
        let answers = join_all((0..64).map(|_| open(&store, call(&claim, counter, START)))).await;
        assert_eq!(
            answers.iter().flatten().count(),
            1,
            "openings taken with the counter {counter}"
        );
    }
    assert_eq!(claim_row(&store, claim.id).await.opens, 5);
}

/// `now < expires_at`, however late the reaper comes.
pub async fn a_bound_secret_opens_until_one_millisecond_before_expiry(store: Arc<dyn Store>) {
    let (new, claim) = bound(&store, 1).await;
    let end = new.secret.expires_at;
    assert!(open(&store, call(&claim, 2, end)).await.is_none());
    assert_eq!(claim_row(&store, claim.id).await, claim);
    assert!(open(&store, call(&claim, 2, end.minus(MS))).await.is_some());
}

/// Right key or wrong: nothing is there to try it against, and nothing is counted.
pub async fn no_other_device_claims_what_is_bound(store: Arc<dyn Store>) {
    let (new, _) = bound(&store, 1).await;
    let before = row(&store, &new).await;
    let refused = claim(&store, &new, 2, after(1)).await;
    assert!(matches!(refused, Claimed::Refused { .. }), "{refused:?}");
    let refused = try_wrong(&store, &new, after(1)).await;
    assert!(matches!(refused, Claimed::Refused { .. }), "{refused:?}");
    let again = claim(&store, &new, 1, after(1)).await;
    assert!(matches!(again, Claimed::Refused { .. }), "{again:?}");
    assert_eq!(row(&store, &new).await, before);
}

/// It is not locked.
pub async fn an_unlock_changes_nothing_of_what_is_bound(store: Arc<dyn Store>) {
    let new = device_bound(1);
    assert!(create(&store, tenant(1), &new).await);
    try_wrong(&store, &new, START).await;
    let claim = taken(&store, &new, 1, START).await;
    assert!(matches!(ack(&store, call(&claim, 1, START)).await, Acked::Now(_)));
    let before = row(&store, &new).await;
    assert!(!unlock(&store, new.secret.id).await);
    assert_eq!(row(&store, &new).await, before);
}

/// Nobody knows whether the device stored the key: it must not stay for whoever comes next.
pub async fn a_device_bound_secret_that_nobody_confirms_is_destroyed(store: Arc<dyn Store>) {
    let new = device_bound(1);
    assert!(create(&store, tenant(1), &new).await);
    let claim = taken(&store, &new, 1, START).await;
    let lapsed = lapse(&store, &claim, claim.window_ends_at).await.unwrap();
    assert_eq!(lapsed.state, SecretState::Destroyed);
    assert_destroyed(&store, &new, SecretState::Destroyed).await;
}

/// Nothing would be left to return to.
pub async fn a_confirmation_after_expiry_binds_nothing(store: Arc<dyn Store>) {
    let new = device_bound(1);
    assert!(create(&store, tenant(1), &new).await);
    let end = new.secret.expires_at;
    let claim = taken(&store, &new, 1, end.minus(MS)).await;
    let Acked::Now(secret) = ack(&store, call(&claim, 1, end)).await else {
        panic!("the claim was made in time");
    };
    assert_eq!(secret.state, SecretState::Expired);
    assert_destroyed(&store, &new, SecretState::Expired).await;
}

/// `now >= expires_at`; the reaper finds it.
pub async fn a_bound_secret_expires_at_its_time_and_not_before(store: Arc<dyn Store>) {
    let (new, claim) = bound(&store, 1).await;
    let end = new.secret.expires_at;
    let due = store.platform().due_expiries(end, 10).await.unwrap();
    assert_eq!(due.iter().map(|due| due.id).collect::<Vec<_>>(), [new.secret.id]);
    assert!(store.platform().due_expiries(end.minus(MS), 10).await.unwrap().is_empty());
    assert_eq!(expire(&store, new.secret.id, end.minus(MS)).await, None);
    assert_bound(&store, &new).await;
    assert_eq!(expire(&store, new.secret.id, end).await, Some(SecretState::Expired));
    assert_destroyed(&store, &new, SecretState::Expired).await;
    assert_eq!(claim_row(&store, claim.id).await.state, ClaimState::Acked);
}

/// The device keeps what it has seen; the server keeps nothing.
pub async fn a_bound_secret_burns(store: Arc<dyn Store>) {
    let (new, claim) = bound(&store, 1).await;
    assert!(burn(&store, new.secret.id, after(9)).await);
    assert_destroyed(&store, &new, SecretState::Burned).await;
    assert!(open(&store, call(&claim, 2, after(10))).await.is_none());
    assert_eq!(claim_row(&store, claim.id).await, claim, "it was confirmed, and stays so");
    let id = new.secret.id;
    let bind = unit(&store, move |uow| Box::pin(async move { uow.secrets().bind(id).await }));
    assert!(!bind.await, "what has ended is not bound again");
}

/// Each opening comes before the burn, with the content, or after it, with nothing.
pub async fn of_racing_openings_and_burns_nothing_opens_after_the_burn(store: Arc<dyn Store>) {
    for n in 0..20 {
        let (new, claim) = bound(&store, n).await;
        let openings = (2..6).map(|counter| open(&store, call(&claim, counter, after(1))));
        let (opened, burned) =
            join(join_all(openings), burn(&store, new.secret.id, after(1))).await;
        assert!(burned);
        assert_destroyed(&store, &new, SecretState::Burned).await;
        assert!(opened.iter().flatten().all(|opened| opened.content == new.content));
        let counted = claim_row(&store, claim.id).await.opens;
        assert_eq!(opened.iter().flatten().count(), counted as usize);
        assert!(open(&store, call(&claim, 9, after(1))).await.is_none());
    }
}

/// The confirmation came in time, the reaper comes when the time is over: bound, or destroyed, never both.
pub async fn of_racing_acks_and_lapses_one_ends_the_claim(store: Arc<dyn Store>) {
    for n in 0..20 {
        let new = device_bound(n);
        assert!(create(&store, tenant(1), &new).await);
        let claim = taken(&store, &new, 1, START).await;
        let end = claim.window_ends_at;
        let (acked, lapsed) =
            join(ack(&store, call(&claim, 1, end.minus(MS))), lapse(&store, &claim, end)).await;
        match (acked, lapsed) {
            (Acked::Now(_), None) => assert_bound(&store, &new).await,
            (Acked::Refused, Some(_)) => {
                assert_destroyed(&store, &new, SecretState::from(EndState::Destroyed)).await;
            }
            other => panic!("both or neither: {other:?}"),
        }
        assert_ne!(claim_row(&store, claim.id).await.state, ClaimState::Open);
    }
}

/// A claim that came first lapses with the burn; one that came second takes nothing.
pub async fn of_racing_claims_and_burns_no_claim_stays_open(store: Arc<dyn Store>) {
    for n in 0..20 {
        let new = device_bound(n);
        assert!(create(&store, tenant(1), &new).await);
        let claims = (1..5).map(|device| claim(&store, &new, device, after(1)));
        let (claimed, burned) = join(join_all(claims), burn(&store, new.secret.id, after(1))).await;
        assert!(burned);
        assert_destroyed(&store, &new, SecretState::Burned).await;
        let given = claimed.iter().filter(|claimed| matches!(claimed, Claimed::Taken { .. }));
        let kept = store.read(tenant(1)).claims().list(new.secret.id, 10).await.unwrap();
        assert_eq!(kept.len(), given.count());
        assert!(kept.iter().all(|claim| claim.state == ClaimState::Lapsed));
    }
}

//! One view, one device.

use std::{collections::HashSet, sync::Arc};

use futures_util::future::join_all;
use wax_model::{ClaimState, SecretState};

use super::fixtures::*;
use crate::{
    NewSecret, Store,
    transitions::{Acked, Claimed},
};

/// See [`race`].
pub async fn of_8_devices_racing_for_the_last_view_one_gets_it(store: Arc<dyn Store>) {
    race(store, 8, 1).await;
}

/// See [`race`].
pub async fn of_64_devices_racing_for_the_last_view_one_gets_it(store: Arc<dyn Store>) {
    race(store, 64, 1).await;
}

/// See [`race`].
pub async fn of_64_devices_racing_for_5_views_5_get_one(store: Arc<dyn Store>) {
    race(store, 64, 5).await;
}

/// Of any number of devices, as many get the content as there are views; everybody else is refused. Several rounds,
/// because a store that looks first and writes later wins some races by luck.
async fn race(store: Arc<dyn Store>, devices: u64, views: u32) {
    for round in 0..5 {
        let new = secret(round, views);
        assert!(create(&store, tenant(1), &new).await);
        let answers = join_all((0..devices).map(|n| racer(&store, &new, n))).await;
        let winners = answers.iter().flatten().collect::<HashSet<_>>();
        assert_eq!(winners.len(), views as usize, "devices that were given the content");
        let listed = store.read(tenant(1)).claims().list(new.secret.id, 200).await.unwrap();
        let kept = listed.iter().map(|claim| claim.thumbprint).collect::<HashSet<_>>();
        assert_eq!(kept, winners.into_iter().copied().collect());
        let secret = row(&store, &new).await;
        assert_eq!(secret.state, SecretState::Draining);
        assert_eq!((secret.views_left, secret.open_claims), (0, views));
    }
}

/// The device's thumbprint, if it was given the content.
async fn racer(store: &Arc<dyn Store>, new: &NewSecret, n: u64) -> Option<[u8; 32]> {
    let (store, new) = (Arc::clone(store), new.clone());
    match claim(&store, &new, n, START).await {
        Claimed::Taken { content, claim, .. } => {
            assert!(content == new.content);
            Some(claim.thumbprint)
        }
        Claimed::Refused { secret } => {
            assert_eq!(secret.views_left, 0);
            None
        }
        other => panic!("neither taken nor refused: {other:?}"),
    }
}

/// Both tabs show the secret; one view is gone.
pub async fn two_tabs_of_one_device_take_one_view(store: Arc<dyn Store>) {
    let new = created(&store, 3).await;
    let tabs = (0..8).map(|gesture| {
        let right = attempt(&new, new.claim_mac, START);
        claim_with(&store, right, new_claim(&new, 1, gesture, START))
    });
    let answers = join_all(tabs).await;
    let mut claims = HashSet::new();
    let mut views_taken = 0;
    for answer in answers {
        let (claim, content) = match answer {
            Claimed::Taken { claim, content, .. } => {
                views_taken += 1;
                (claim, content)
            }
            Claimed::Again { claim, content, .. } => (claim, content),
            other => panic!("a tab was turned away: {other:?}"),
        };
        assert!(content == new.content);
        claims.insert(claim.id);
    }
    assert_eq!((views_taken, claims.len()), (1, 1));
    let secret = row(&store, &new).await;
    assert_eq!((secret.views_left, secret.open_claims), (2, 1));
}

/// One claim per device, for ever: a replayed claim after its end opens nothing and costs nothing.
pub async fn a_device_whose_claim_has_ended_takes_no_view(store: Arc<dyn Store>) {
    let new = created(&store, 3).await;
    let acked = taken(&store, &new, 1, START).await;
    assert!(matches!(ack(&store, call(&acked, 1, START)).await, Acked::Now(_)));
    let lapsed = taken(&store, &new, 2, START).await;
    assert!(lapse(&store, &lapsed, lapsed.window_ends_at).await.is_some());

    for (device, state) in [(1, ClaimState::Acked), (2, ClaimState::Lapsed)] {
        let again = new_claim(&new, device, 1, after(700));
        let answer = claim_with(&store, attempt(&new, new.claim_mac, after(700)), again).await;
        assert!(matches!(answer, Claimed::Over { .. }), "{answer:?}");
        let kept = store.read(tenant(1)).claims().list(new.secret.id, 10).await.unwrap();
        assert_eq!(kept.iter().filter(|claim| claim.state == state).count(), 1);
    }
    let secret = row(&store, &new).await;
    assert_eq!((secret.views_left, secret.open_claims), (1, 0));
}

/// `now < expires_at`.
pub async fn a_claim_is_taken_until_one_millisecond_before_expiry(store: Arc<dyn Store>) {
    let new = created(&store, 2).await;
    let end = new.secret.expires_at;
    let refused = claim(&store, &new, 1, end).await;
    assert!(matches!(refused, Claimed::Refused { .. }), "{refused:?}");
    assert_eq!(row(&store, &new).await, new.secret);
    taken(&store, &new, 1, end.minus(std::time::Duration::from_millis(1))).await;
}

/// A gate that was tightened since holds.
pub async fn a_claim_under_older_rules_is_refused(store: Arc<dyn Store>) {
    let new = created(&store, 1).await;
    for policy_version in [0, 2] {
        let other = crate::Attempt { policy_version, ..attempt(&new, new.claim_mac, START) };
        let refused = claim_with(&store, other, new_claim(&new, 1, 0, START)).await;
        assert!(matches!(refused, Claimed::Refused { .. }), "{refused:?}");
    }
    assert_eq!(row(&store, &new).await, new.secret);
}

//! How a secret ends, and that the end is one.

use std::{sync::Arc, time::Duration};

use futures_util::future::join;
use wax_model::{ClaimState, SecretState};

use super::fixtures::*;
use crate::{Call, Store, transitions::Acked};

const MS: Duration = Duration::from_millis(1);

/// The transaction that records the acknowledgement deletes keys, MAC and ciphertext.
pub async fn the_last_ack_destroys_everything_that_opens(store: Arc<dyn Store>) {
    let new = created(&store, 1).await;
    let claim = taken(&store, &new, 1, START).await;
    assert_kept(&store, &new).await;
    let Acked::Now(secret) = ack(&store, call(&claim, 1, after(5))).await else {
        panic!("an open claim was to be confirmed");
    };
    assert_eq!((secret.state, secret.ended_at), (SecretState::Destroyed, Some(after(5))));
    assert_destroyed(&store, &new, SecretState::Destroyed).await;
    let claim = claim_row(&store, claim.id).await;
    assert_eq!((claim.state, claim.ended_at), (ClaimState::Acked, Some(after(5))));
}

/// Until the last view is taken and the last claim closed.
pub async fn an_ack_with_a_view_left_destroys_nothing(store: Arc<dyn Store>) {
    let new = created(&store, 2).await;
    let first = taken(&store, &new, 1, START).await;
    assert!(matches!(ack(&store, call(&first, 1, START)).await, Acked::Now(_)));
    assert_eq!(row(&store, &new).await.state, SecretState::Ready);
    assert_kept(&store, &new).await;

    let second = taken(&store, &new, 2, START).await;
    assert_kept(&store, &new).await;
    assert!(matches!(ack(&store, call(&second, 1, START)).await, Acked::Now(_)));
    assert_destroyed(&store, &new, SecretState::Destroyed).await;
}

/// The answer was lost; the device asks again and hears the same, from the tombstone.
pub async fn an_ack_repeated_is_still_good(store: Arc<dyn Store>) {
    let new = created(&store, 1).await;
    let claim = taken(&store, &new, 1, START).await;
    assert!(matches!(ack(&store, call(&claim, 1, START)).await, Acked::Now(_)));
    let before = row(&store, &new).await;
    for counter in [1, 2] {
        let again = ack(&store, call(&claim, counter, after(60))).await;
        assert_eq!(again, Acked::Before(before.clone()));
    }
    assert_eq!(row(&store, &new).await, before);
}

/// Another device's claim, another claim's id, or a counter that was used.
pub async fn an_ack_by_another_device_is_refused(store: Arc<dyn Store>) {
    let new = created(&store, 2).await;
    let first = taken(&store, &new, 1, START).await;
    let second = taken(&store, &new, 2, START).await;
    assert!(heartbeat(&store, call(&first, 3, START)).await.is_some());
    let good = call(&first, 4, START);
    for wrong in [
        Call { thumbprint: second.thumbprint, ..good },
        Call { claim: second.id, ..good },
        Call { thumbprint: device(3), ..good },
        Call { secret: secret(2, 1).secret.id, ..good },
        Call { counter: 3, ..good },
    ] {
        assert_eq!(ack(&store, wrong).await, Acked::Refused);
    }
    assert_eq!(row(&store, &new).await.open_claims, 2);
    assert!(matches!(ack(&store, good).await, Acked::Now(_)));
}

/// Too late: it counts as not confirmed.
pub async fn an_ack_of_a_lapsed_claim_is_refused(store: Arc<dyn Store>) {
    let new = created(&store, 2).await;
    let claim = taken(&store, &new, 1, START).await;
    assert!(lapse(&store, &claim, claim.window_ends_at).await.is_some());
    assert_eq!(ack(&store, call(&claim, 1, after(700))).await, Acked::Refused);
    assert_eq!(claim_row(&store, claim.id).await.state, ClaimState::Lapsed);
}

/// Delivered, not confirmed: as gone as if it were.
pub async fn a_lapsed_last_view_destroys(store: Arc<dyn Store>) {
    let new = created(&store, 1).await;
    let claim = taken(&store, &new, 1, START).await;
    let end = claim.window_ends_at;
    assert!(lapse(&store, &claim, end.minus(MS)).await.is_none(), "the window is not over");
    assert_kept(&store, &new).await;
    let lapsed = lapse(&store, &claim, end).await.unwrap();
    assert_eq!(lapsed.state, SecretState::Destroyed);
    assert_destroyed(&store, &new, SecretState::Destroyed).await;
    assert!(lapse(&store, &claim, end).await.is_none(), "it has lapsed already");
}

/// The reaper looked before the heartbeat came.
pub async fn a_window_that_a_heartbeat_moved_does_not_lapse(store: Arc<dyn Store>) {
    let new = created(&store, 1).await;
    let claim = taken(&store, &new, 1, START).await;
    assert!(heartbeat(&store, call(&claim, 1, after(300))).await.is_some());
    assert!(lapse(&store, &claim, claim.window_ends_at).await.is_none());
    assert_kept(&store, &new).await;
}

/// Whatever was under way.
pub async fn a_burn_ends_every_claim_and_destroys(store: Arc<dyn Store>) {
    let new = created(&store, 3).await;
    let first = taken(&store, &new, 1, START).await;
    assert!(matches!(ack(&store, call(&first, 1, START)).await, Acked::Now(_)));
    let open = [taken(&store, &new, 2, START).await, taken(&store, &new, 3, START).await];
    assert!(burn(&store, new.secret.id, after(9)).await);
    assert_destroyed(&store, &new, SecretState::Burned).await;
    for claim in open {
        let claim = claim_row(&store, claim.id).await;
        assert_eq!((claim.state, claim.ended_at), (ClaimState::Lapsed, Some(after(9))));
    }
    assert_eq!(claim_row(&store, first.id).await.state, ClaimState::Acked);
    assert!(!burn(&store, new.secret.id, after(10)).await, "it has ended");
    assert_eq!(row(&store, &new).await.ended_at, Some(after(9)));
}

/// `now >= expires_at`, also while locked.
pub async fn a_secret_expires_at_its_time_and_not_before(store: Arc<dyn Store>) {
    let new = created(&store, 1).await;
    let end = new.secret.expires_at;
    assert_eq!(expire(&store, new.secret.id, end.minus(MS)).await, None);
    assert_kept(&store, &new).await;
    assert_eq!(expire(&store, new.secret.id, end).await, Some(SecretState::Expired));
    assert_destroyed(&store, &new, SecretState::Expired).await;
    assert_eq!(expire(&store, new.secret.id, end).await, None);
}

/// A claim made before keeps its window; its end is the secret's.
pub async fn an_expired_secret_drains_while_a_claim_is_open(store: Arc<dyn Store>) {
    let new = created(&store, 2).await;
    let end = new.secret.expires_at;
    let late = taken(&store, &new, 1, end.minus(MS)).await;
    assert_eq!(expire(&store, new.secret.id, end).await, Some(SecretState::Draining));
    assert_kept(&store, &new).await;
    let Acked::Now(secret) = ack(&store, call(&late, 1, end.plus(MS))).await else {
        panic!("the claim was made in time");
    };
    assert_eq!((secret.state, secret.views_left), (SecretState::Expired, 1));
    assert_destroyed(&store, &new, SecretState::Expired).await;
}

/// Whoever comes second finds it ended; nothing stays half done.
pub async fn of_racing_acks_and_burns_one_ends_the_secret(store: Arc<dyn Store>) {
    for n in 0..20 {
        let new = secret(n, 1);
        assert!(create(&store, tenant(1), &new).await);
        let claim = taken(&store, &new, 1, START).await;
        let (acked, burned) =
            join(ack(&store, call(&claim, 1, after(1))), burn(&store, new.secret.id, after(1)))
                .await;
        let state = match (acked, burned) {
            (Acked::Now(_), false) => SecretState::Destroyed,
            (Acked::Refused, true) => SecretState::Burned,
            other => panic!("both or neither: {other:?}"),
        };
        assert_destroyed(&store, &new, state).await;
        assert_ne!(claim_row(&store, claim.id).await.state, ClaimState::Open);
    }
}

/// Only an ended secret, only when its receipt's time is over, and its claims with it.
pub async fn a_tombstone_is_forgotten_when_its_time_is_over(store: Arc<dyn Store>) {
    let new = created(&store, 1).await;
    let claim = taken(&store, &new, 1, START).await;
    let (id, kept_until) = (new.secret.id, new.secret.kept_until);
    let forget = async |now| {
        unit(&store, move |uow| Box::pin(async move { uow.secrets().forget(id, now).await })).await
    };
    assert!(!forget(kept_until).await, "a claim is open");
    assert!(matches!(ack(&store, call(&claim, 1, START)).await, Acked::Now(_)));
    assert!(!forget(kept_until.minus(MS)).await, "the receipt may still be read");
    assert!(find(&store, id).await.is_some());
    assert!(forget(kept_until).await);
    assert!(find(&store, id).await.is_none());
    assert!(store.read(tenant(1)).claims().find(claim.id).await.unwrap().is_none());
    assert!(!forget(kept_until).await);
}

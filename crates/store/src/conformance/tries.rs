//! Wrong keys: counted, held back, locked.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use wax_kernel::Timestamp;
use wax_model::{SecretState, lock_at, wait_after};

use super::fixtures::*;
use crate::{NewSecret, Store, transitions::Claimed};

/// The schedule of `wax_model::wait_after`, to the millisecond.
pub async fn wrong_keys_are_held_back_as_the_schedule_says(store: Arc<dyn Store>) {
    let new = created(&store, 1).await;
    let mut now = START;
    for wrong in 1..=lock_at(0) {
        let secret = counted(&store, &new, now).await;
        assert_eq!(secret.wrong_tries, wrong);
        let wait = wait_after(wrong);
        let next = if wait.is_zero() { Timestamp::from_ms(0) } else { now.plus(wait) };
        assert_eq!(secret.next_try_at, next, "after wrong try {wrong}");
        now = now.plus(wait);
    }
    assert_eq!(
        [4, 5, 6, 7, 19].map(|wrong| wait_after(wrong).as_secs()),
        [0, 60, 300, 1_800, 1_800],
        "the schedule itself"
    );
}

async fn counted(store: &Arc<dyn Store>, new: &NewSecret, now: Timestamp) -> wax_model::Secret {
    match try_wrong(store, new, now).await {
        Claimed::WrongKey { secret } => secret,
        other => panic!("a try was to be counted: {other:?}"),
    }
}

/// One answer for both keys until the moment at which tries are taken again.
pub async fn while_held_back_the_right_key_is_refused_and_nothing_is_counted(
    store: Arc<dyn Store>,
) {
    let new = created(&store, 1).await;
    for _ in 0..5 {
        counted(&store, &new, START).await;
    }
    let held = row(&store, &new).await;
    let last = held.next_try_at.minus(Duration::from_millis(1));
    for now in [START, last] {
        let right = claim(&store, &new, 1, now).await;
        assert!(matches!(right, Claimed::Refused { .. }), "{right:?}");
        let wrong = try_wrong(&store, &new, now).await;
        assert!(matches!(wrong, Claimed::Refused { .. }), "{wrong:?}");
    }
    assert_eq!(row(&store, &new).await, held);
    taken(&store, &new, 1, held.next_try_at).await;
}

/// Far enough apart that nothing is held back.
fn spaced(n: u64) -> Timestamp {
    after(n * 1_800)
}

/// A link for many people does not lock because each of some mistyped once.
pub async fn a_secret_locks_at_20_wrong_tries_and_one_more_for_each_view_taken(
    store: Arc<dyn Store>,
) {
    let new = created(&store, 10).await;
    for n in 0..3 {
        taken(&store, &new, n, START).await;
    }
    for n in 0..22 {
        assert_eq!(counted(&store, &new, spaced(n)).await.state, SecretState::Ready, "try {n}");
    }
    let locked = counted(&store, &new, spaced(22)).await;
    assert_eq!((locked.state, locked.wrong_tries), (SecretState::Locked, 23));
    let right = claim(&store, &new, 5, spaced(23)).await;
    assert!(matches!(right, Claimed::Refused { .. }), "{right:?}");
    assert_eq!(row(&store, &new).await, locked);
    assert_kept(&store, &new).await;
}

async fn locked(store: &Arc<dyn Store>, new: &NewSecret) {
    for n in 0..20 {
        counted(store, new, spaced(n)).await;
    }
    assert_eq!(row(store, new).await.state, SecretState::Locked);
}

/// Only the sender can, and nothing is remembered.
pub async fn an_unlocked_secret_opens_with_the_right_key(store: Arc<dyn Store>) {
    let new = created(&store, 1).await;
    locked(&store, &new).await;
    let id = new.secret.id;
    assert!(unlock(&store, id).await);
    assert_eq!(row(&store, &new).await, new.secret);
    taken(&store, &new, 1, spaced(20)).await;
    assert!(!unlock(&store, id).await, "it is draining");
}

/// Guessing in parallel buys no tries.
pub async fn racing_wrong_tries_are_each_counted(store: Arc<dyn Store>) {
    let new = created(&store, 1).await;
    let answers = join_all((0..32).map(|_| try_wrong(&store, &new, START))).await;
    let counted = answers.iter().filter(|answer| matches!(answer, Claimed::WrongKey { .. }));
    assert_eq!(counted.count(), 5, "then tries are held back");
    assert_eq!(row(&store, &new).await.wrong_tries, 5);
}

/// Somebody else's guesses do not take away what a device has.
pub async fn a_lock_keeps_new_devices_out_but_not_one_that_holds_a_claim(store: Arc<dyn Store>) {
    let new = created(&store, 2).await;
    let held = taken(&store, &new, 1, START).await;
    for n in 0..21 {
        counted(&store, &new, spaced(n)).await;
    }
    assert_eq!(row(&store, &new).await.state, SecretState::Locked);
    match claim(&store, &new, 1, spaced(21)).await {
        Claimed::Again { claim, content, .. } => {
            assert_eq!(claim, held);
            assert!(content == new.content);
        }
        other => panic!("the device holds a claim: {other:?}"),
    }
    let other = claim(&store, &new, 2, spaced(21)).await;
    assert!(matches!(other, Claimed::Refused { .. }), "{other:?}");
}

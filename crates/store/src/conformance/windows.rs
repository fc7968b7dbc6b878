//! The time in which a claim can be recovered.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use wax_kernel::Timestamp;
use wax_model::{ClaimState, WINDOW, WINDOW_MAX};

use super::fixtures::*;
use crate::{Outage, Store, transitions::Acked};

const GAP_MS: i64 = 30_000;

/// A signed call that is sent again changes nothing.
pub async fn a_counter_must_rise(store: Arc<dyn Store>) {
    let new = created(&store, 1).await;
    let claim = taken(&store, &new, 1, START).await;
    assert!(heartbeat(&store, call(&claim, 0, after(1))).await.is_none(), "it starts at 0");
    assert!(heartbeat(&store, call(&claim, 7, after(2))).await.is_some());
    let before = claim_row(&store, claim.id).await;
    for counter in [i64::MIN, 6, 7] {
        assert!(heartbeat(&store, call(&claim, counter, after(3))).await.is_none(), "{counter}");
    }
    assert_eq!(claim_row(&store, claim.id).await, before);
    let last = heartbeat(&store, call(&claim, i64::MAX, after(4))).await.unwrap();
    assert_eq!(last.counter, i64::MAX);
}

/// Each call counts from its own moment; all of them together from the claim.
pub async fn a_heartbeat_moves_the_window_by_10_minutes_and_24_hours_at_most(
    store: Arc<dyn Store>,
) {
    let new = created(&store, 1).await;
    let claim = taken(&store, &new, 1, START).await;
    assert_eq!(claim.window_ends_at, START.plus(WINDOW));
    let moved = heartbeat(&store, call(&claim, 1, after(400))).await.unwrap();
    assert_eq!(moved.window_ends_at, after(400).plus(WINDOW));
    let mut last = moved;
    for (counter, seconds) in (2..).zip((900..WINDOW_MAX.as_secs()).step_by(500)) {
        last = heartbeat(&store, call(&claim, counter, after(seconds))).await.unwrap();
    }
    assert_eq!(last.window_ends_at, START.plus(WINDOW_MAX));
    assert_eq!(claim_row(&store, claim.id).await, last);
    let late = call(&claim, 1_000, START.plus(WINDOW_MAX));
    assert!(heartbeat(&store, late).await.is_none());
}

/// However late the reaper comes.
pub async fn a_call_after_the_windows_end_is_refused(store: Arc<dyn Store>) {
    let new = created(&store, 2).await;
    let claim = taken(&store, &new, 1, START).await;
    let before = claim_row(&store, claim.id).await;
    let end = claim.window_ends_at;
    assert!(heartbeat(&store, call(&claim, 1, end)).await.is_none());
    assert_eq!(ack(&store, call(&claim, 1, end)).await, Acked::Refused);
    assert_eq!(claim_row(&store, claim.id).await, before);
    let in_time = call(&claim, 1, end.minus(Duration::from_millis(1)));
    assert!(matches!(ack(&store, in_time).await, Acked::Now(_)));
}

async fn beat(store: &Arc<dyn Store>, now: Timestamp) -> Option<Outage> {
    store.platform().beat(now, GAP_MS).await.unwrap()
}

/// A new server has nothing to make up for.
pub async fn the_first_beat_is_no_outage(store: Arc<dyn Store>) {
    assert_eq!(beat(&store, START).await, None);
    let on_time = START.plus(Duration::from_millis(30_000));
    assert_eq!(beat(&store, on_time).await, None);
    assert_eq!(beat(&store, START).await, None, "a clock that goes back is no outage");
    let late = on_time.plus(Duration::from_millis(30_001));
    assert_eq!(beat(&store, late).await, Some(Outage { from: on_time, to: late }));
    assert_eq!(beat(&store, late).await, None);
}

/// What was not received must not be destroyed; but what no key opens need not be kept.
pub async fn an_outage_moves_open_windows_but_not_beyond_the_life_of_their_key(
    store: Arc<dyn Store>,
) {
    let new = created(&store, 3).await;
    let open = taken(&store, &new, 1, START).await;
    let ended = taken(&store, &new, 2, START).await;
    assert!(lapse(&store, &ended, ended.window_ends_at).await.is_some());
    let mut dying = secret(2, 1);
    dying.secret.key_day = START.day() - 2;
    assert!(create(&store, tenant(1), &dying).await);
    let dying = taken(&store, &dying, 3, START).await;

    beat(&store, START).await;
    let back = after(7_200);
    assert_eq!(beat(&store, back).await, Some(Outage { from: START, to: back }));
    let moved = claim_row(&store, open.id).await;
    assert_eq!(moved.window_ends_at, open.window_ends_at.plus(Duration::from_secs(7_200)));
    let ended_row = claim_row(&store, ended.id).await;
    assert_eq!(ended_row.window_ends_at, ended.window_ends_at);
    assert_eq!(ended_row.state, ClaimState::Lapsed);
    // START is 22:13:20; the key of the day before yesterday is destroyed at midnight.
    let midnight = Timestamp::from_ms((START.day() + 1) * 86_400_000);
    assert_eq!(claim_row(&store, dying.id).await.window_ends_at, midnight);
}

/// Two processes come back at once; the hours are added once.
pub async fn of_two_reapers_that_return_one_moves_the_windows(store: Arc<dyn Store>) {
    let new = created(&store, 1).await;
    let claim = taken(&store, &new, 1, START).await;
    beat(&store, START).await;
    let outages = join_all((0..8).map(|_| beat(&store, after(3_600)))).await;
    assert_eq!(outages.iter().flatten().count(), 1);
    let moved = claim_row(&store, claim.id).await;
    assert_eq!(moved.window_ends_at, claim.window_ends_at.plus(Duration::from_secs(3_600)));
}

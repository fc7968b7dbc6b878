//! A node whose machine's clock jumps: nothing ends early and nothing is let go early.

use std::{sync::Arc, time::Duration};

use wax_kernel::{Clock, ManualClock, SyncedClock};
use wax_testkit::{START, Sender, Terms, TestApp};

const HOUR: Duration = Duration::from_secs(3_600);

/// A node and what its measurements say: on `SQLite`, the machine's clock.
async fn node() -> (TestApp, Arc<SyncedClock>, ManualClock) {
    let mut synced = None;
    let app = TestApp::told_by(|steady| {
        let clock = Arc::new(SyncedClock::new(START, steady));
        synced = Some(Arc::clone(&clock));
        clock
    })
    .await;
    // The steady clock of the test shows START from the beginning.
    (app, synced.expect("it was made"), ManualClock::at_ms(START.as_ms()))
}

/// The machine's clock is set, and the node measures it.
fn jump(clock: &SyncedClock, machine: &ManualClock, to: wax_kernel::Timestamp) {
    machine.set(to);
    clock.correct(clock.answered(clock.asking(), machine.now()));
}

#[tokio::test]
async fn a_node_whose_clock_jumps_an_hour_and_back_ends_nothing_early() {
    let (app, clock, machine) = node().await;
    let terms = Terms { views: 2, after_s: 1_800, ..Terms::default() };
    let sender = Sender::share(&app, "text", &terms).await;
    let mut first = sender.recipient();
    let claimed = first.claim(&app).await;
    app.run_jobs().await;
    for to in [START.plus(HOUR), START.minus(HOUR)] {
        jump(&clock, &machine, to);
        assert!(!clock.is_sure(), "the node says that it is not ready");
        app.run_jobs().await;
        assert_eq!(first.peek(&app).await.json["yours"], "open", "no window lapses");
        assert_eq!(first.heartbeat(&app, &claimed).await.status, 200);
        let seen = sender.recipient().peek(&app).await.json;
        assert_eq!((&seen["state"], &seen["views_left"]), (&"ready".into(), &1.into()));
        jump(&clock, &machine, START);
        assert!(clock.is_sure());
    }
    assert_eq!(sender.recipient().claim(&app).await.status, 200, "it has not expired");
}

#[tokio::test]
async fn a_node_whose_clock_jumps_an_hour_lets_no_held_back_try_go() {
    let (app, clock, machine) = node().await;
    let terms = Terms { passphrase: Some("right"), ..Terms::default() };
    let sender = Sender::share(&app, "text", &terms).await;
    for _ in 0..5 {
        let mut wrong = sender.recipient();
        wrong.passphrase = Some("wrong");
        assert_eq!(wrong.claim(&app).await.code(), "wrong-key");
    }
    for to in [START.plus(HOUR), START.minus(HOUR)] {
        jump(&clock, &machine, to);
        let mut right = sender.recipient();
        right.passphrase = Some("right");
        let held = right.claim(&app).await;
        assert_eq!((held.code(), &held.json["tries"]["wrong"]), ("held-back", &5.into()));
        jump(&clock, &machine, START);
    }
}

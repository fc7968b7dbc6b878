//! What the operator changes while servers run.

use std::sync::Arc;

use wax_kernel::Timestamp;
use wax_model::{OperatorAction, OperatorEvent, SignUpPolicy};

use super::{fixtures::*, people::*};
use crate::{Store, StoreError, Suppression, SuppressionReason};

fn event(n: u64, at: Timestamp) -> OperatorEvent {
    let (action, subject) = (OperatorAction::SignUpSwitched, "閉鎖 closed".to_owned());
    OperatorEvent { id: event_id(n), at, action, subject }
}

async fn switch(store: &Arc<dyn Store>, to: SignUpPolicy) {
    over_accounts(store, move |unit| Box::pin(unit.operator().switch_sign_up(to))).await;
}

/// Before the first time nobody has.
pub async fn who_may_sign_up_is_switched_and_stays_so(store: Arc<dyn Store>) {
    assert_eq!(store.accounts().sign_up().await.unwrap(), None);
    for to in SignUpPolicy::ALL.iter().chain(&[SignUpPolicy::Open, SignUpPolicy::Open]) {
        switch(&store, *to).await;
        assert_eq!(store.accounts().sign_up().await.unwrap(), Some(*to));
    }
}

/// And so is what was written down of it.
pub async fn a_switch_is_undone_with_the_unit_that_fails(store: Arc<dyn Store>) {
    switch(&store, SignUpPolicy::Invited).await;
    let failed = store.write_platform(|unit| {
        Box::pin(async move {
            unit.operator().switch_sign_up(SignUpPolicy::Open).await?;
            unit.operator().record(&event(1, START)).await?;
            Err::<(), _>(StoreError::Backend("the test gives up".into()))
        })
    });
    assert!(failed.await.is_err());
    assert_eq!(store.accounts().sign_up().await.unwrap(), Some(SignUpPolicy::Invited));
    assert_eq!(store.platform().operator_events(10).await.unwrap(), []);
}

/// The other stays.
pub async fn an_operator_lifts_one_reason_of_one_address(store: Arc<dyn Store>) {
    use SuppressionReason::{Bounced, Unsubscribed};
    let outbox = store.platform().outbox();
    let suppression = |code: u8, reason| Suppression {
        code: [code; 32],
        reason,
        since: START,
        ends_at: Some(after(9)),
    };
    for (code, reason) in [(1, Bounced), (1, Unsubscribed), (2, Bounced)] {
        outbox.suppress(&suppression(code, reason)).await.unwrap();
    }
    let lift = async || {
        over_accounts(&store, |unit| Box::pin(unit.operator().lift([1; 32], Bounced))).await
    };
    assert!(lift().await);
    assert!(!lift().await);
    let left = outbox.suppressions([1; 32], START).await.unwrap();
    assert_eq!(left, [suppression(1, Unsubscribed)]);
    assert_eq!(outbox.suppressions([2; 32], START).await.unwrap(), [suppression(2, Bounced)]);
}

/// No more than asked for.
pub async fn what_the_operator_did_is_listed_newest_first(store: Arc<dyn Store>) {
    let mut written = Vec::new();
    for (n, at) in [(1, after(5)), (2, after(1)), (3, after(9))] {
        let event = event(n, at);
        written.push(event.clone());
        over_accounts(&store, move |unit| {
            let event = event.clone();
            Box::pin(async move { unit.operator().record(&event).await })
        })
        .await;
    }
    written.sort_by_key(|event| std::cmp::Reverse(event.at));
    assert_eq!(store.platform().operator_events(10).await.unwrap(), written);
    assert_eq!(store.platform().operator_events(2).await.unwrap(), written[..2]);
}

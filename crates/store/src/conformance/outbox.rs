//! What leaves after the commit, and to whom nothing does.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use wax_kernel::Timestamp;
use wax_model::{Action, AuditEvent, OutboxMessage, Topic};

use super::fixtures::*;
use crate::{GivenUp, Store, Suppression, SuppressionReason, TakenMessage};

const LEASE: Duration = Duration::from_secs(60);
const MS: Duration = Duration::from_millis(1);

pub(super) fn message(n: u64, due_at: Timestamp) -> OutboxMessage {
    OutboxMessage {
        id: event_id(n),
        topic: Topic::Mail,
        payload: bytes::<200>(30, n).to_vec(),
        due_at,
        not_after: due_at.plus(Duration::from_secs(900)),
    }
}

async fn send(store: &Arc<dyn Store>, n: u64, due_at: Timestamp) -> OutboxMessage {
    let message = message(n, due_at);
    let sent = message.clone();
    unit(store, move |uow| {
        let sent = sent.clone();
        Box::pin(async move { uow.outbox().send(&sent).await })
    })
    .await;
    message
}

pub(super) async fn take(store: &Arc<dyn Store>, now: Timestamp, limit: u32) -> Vec<TakenMessage> {
    store.platform().outbox().take(Topic::Mail, now, now.plus(LEASE), limit).await.unwrap()
}

pub(super) fn messages(taken: &[TakenMessage]) -> Vec<OutboxMessage> {
    taken.iter().map(|taken| taken.message.clone()).collect()
}

/// Many workers, each message once.
pub async fn a_message_is_delivered_by_one_worker(store: Arc<dyn Store>) {
    let mut sent = Vec::new();
    for n in 0..40 {
        sent.push(send(&store, n, after(n)).await);
    }
    let workers = join_all((0..16).map(|_| take(&store, after(39), 3))).await;
    let mut taken = workers.into_iter().flatten().collect::<Vec<_>>();
    // A worker that found rows just being taken may have gone home with fewer than its share.
    taken.extend(take(&store, after(39), 40).await);
    taken.sort_by_key(|taken| taken.message.due_at);
    assert_eq!(messages(&taken), sent);
    assert!(taken.iter().all(|taken| taken.attempts == 1));
}

/// Not before it is due, not while another holds it, again when that one died, never after delivery.
pub async fn a_lease_that_runs_out_frees_the_message(store: Arc<dyn Store>) {
    let late = send(&store, 1, after(10)).await;
    let early = send(&store, 2, after(5)).await;
    let take = async |now| messages(&take(&store, now, 10).await);
    assert_eq!(take(after(5).minus(MS)).await, []);
    assert_eq!(take(after(5)).await, std::slice::from_ref(&early));
    assert_eq!(take(after(10)).await, std::slice::from_ref(&late));
    assert_eq!(take(after(65).minus(MS)).await, []);
    assert_eq!(take(after(70)).await, [early.clone(), late.clone()]);
    let again = self::take(&store, after(200), 10).await;
    assert_eq!(again.iter().map(|taken| taken.attempts).collect::<Vec<_>>(), [3, 3]);
    store.platform().outbox().done(&again[0]).await.unwrap();
    assert_eq!(take(after(1_000)).await, [late]);
}

/// Which one, the worker is told.
pub async fn a_message_is_a_tenants_or_the_servers_own(store: Arc<dyn Store>) {
    let theirs = send(&store, 1, after(1)).await;
    let ours = message(2, after(2));
    store.platform().outbox().send(&ours).await.unwrap();
    let taken = take(&store, after(2), 10).await;
    assert_eq!(messages(&taken), [theirs, ours]);
    assert_eq!(taken[0].tenant, Some(tenant(1).tenant()));
    assert_eq!(taken[1].tenant, None);
}

/// And says how often it was taken.
pub async fn a_postponed_message_comes_again_at_its_time(store: Arc<dyn Store>) {
    send(&store, 1, after(1)).await;
    let first = take(&store, after(1), 1).await.remove(0);
    assert!(store.platform().outbox().postpone(&first, after(30)).await.unwrap());
    assert_eq!(take(&store, after(30).minus(MS), 1).await, []);
    let second = take(&store, after(30), 1).await.remove(0);
    assert_eq!((second.attempts, second.message.due_at), (2, after(30)));
    assert_eq!(second.message.payload, first.message.payload);
    assert_eq!(second.message.not_after, first.message.not_after);
}

/// A worker that slept beyond its lease.
pub async fn who_lost_a_message_changes_it_no_more(store: Arc<dyn Store>) {
    send(&store, 1, after(1)).await;
    let outbox = store.platform().outbox();
    let slow = take(&store, after(1), 1).await.remove(0);
    let quick = take(&store, after(61), 1).await.remove(0);
    assert!(!outbox.postpone(&slow, after(2)).await.unwrap());
    assert_eq!(take(&store, after(62), 1).await, [], "the other one still holds it");
    assert!(outbox.postpone(&quick, after(100)).await.unwrap());
    outbox.done(&quick).await.unwrap();
    assert!(!outbox.postpone(&quick, after(100)).await.unwrap());
}

fn given_up(n: u64, code: u8) -> GivenUp {
    GivenUp {
        event: AuditEvent {
            id: event_id(n),
            at: after(n),
            action: Action::MailBounced,
            actor: None,
            subject: event_id(n).to_string(),
            network: None,
        },
        suppression: Some(bounced(code, after(n))),
    }
}

fn bounced(code: u8, since: Timestamp) -> Suppression {
    let ends_at = Some(since.plus(Duration::from_secs(100)));
    Suppression { code: [code; 32], reason: SuppressionReason::Bounced, since, ends_at }
}

/// In the trail of the tenant whose message it was; the server's own has none.
pub async fn what_is_given_up_is_gone_and_told(store: Arc<dyn Store>) {
    send(&store, 1, after(1)).await;
    let outbox = store.platform().outbox();
    outbox.send(&message(2, after(2))).await.unwrap();
    for (n, taken) in (1..).zip(take(&store, after(2), 2).await) {
        let why = given_up(n, u8::try_from(n).unwrap());
        outbox.give_up(&taken, &why).await.unwrap();
    }
    assert_eq!(take(&store, after(1_000), 10).await, []);
    let events =
        unit(&store, |uow| Box::pin(async move { uow.audit().list(None, 10).await })).await;
    assert_eq!(events, [given_up(1, 1).event]);
    for code in [1, 2] {
        let suppressions = outbox.suppressions([code; 32], after(3)).await.unwrap();
        assert_eq!(suppressions, [bounced(code, after(code.into()))], "code {code}");
    }
}

/// Each reason for itself.
pub async fn an_address_gets_no_mail_until_its_time_is_over_or_it_is_lifted(store: Arc<dyn Store>) {
    use SuppressionReason::{Bounced, Unsubscribed};
    let outbox = store.platform().outbox();
    let reasons = async |code: u8, at| {
        let found = outbox.suppressions([code; 32], at).await.unwrap();
        found.iter().map(|suppression| suppression.reason).collect::<Vec<_>>()
    };
    let unsubscribed = Suppression { reason: Unsubscribed, ends_at: None, ..bounced(1, START) };
    for suppression in [bounced(1, START), unsubscribed, unsubscribed, bounced(2, START)] {
        outbox.suppress(&suppression).await.unwrap();
    }
    assert_eq!(reasons(1, after(100).minus(MS)).await, [Bounced, Unsubscribed]);
    assert_eq!(reasons(1, after(100)).await, [Unsubscribed]);
    assert_eq!(reasons(3, START).await, []);

    // The same address again: its newer end counts.
    outbox.suppress(&bounced(2, after(50))).await.unwrap();
    assert_eq!(reasons(2, after(150).minus(MS)).await, [Bounced]);
    assert_eq!(reasons(2, after(150)).await, []);

    assert!(outbox.lift([1; 32], Unsubscribed).await.unwrap());
    assert!(!outbox.lift([1; 32], Unsubscribed).await.unwrap());
    assert_eq!(reasons(1, START).await, [Bounced]);
}

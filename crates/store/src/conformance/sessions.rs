//! Sessions.

use std::sync::Arc;

use wax_kernel::{SessionId, Timestamp};

use super::{fixtures::*, people::*};
use crate::Store;

async fn bears(store: &Arc<dyn Store>, n: u64, now: Timestamp) -> bool {
    store.accounts().session(hash(n), now).await.unwrap().is_some()
}

/// With its account's name and language, by the hash of its token and nothing else.
pub async fn a_session_is_found_by_its_token_until_it_was_idle_too_long(store: Arc<dyn Store>) {
    let account = signed_up(&store, 1).await;
    let session = sign_in(&store, 1, 1, START).await;
    let bearer = store.accounts().session(hash(1), START).await.unwrap().unwrap();
    assert_eq!(bearer.session, session);
    assert_eq!((bearer.name, bearer.lang), (account.name, account.lang));
    assert!(!bears(&store, 2, START).await);
    assert!(bears(&store, 1, session.idle_ends_at.minus(MS)).await);
    assert!(!bears(&store, 1, session.idle_ends_at).await);
}

async fn touch(store: &Arc<dyn Store>, id: SessionId, now: Timestamp) {
    over_accounts(store, move |unit| {
        Box::pin(
            async move { unit.sessions().touch(id, "192.0.2.0/24", now, now.plus(IDLE)).await },
        )
    })
    .await;
}

/// However often it is used.
pub async fn use_moves_the_idle_end_but_not_the_end(store: Arc<dyn Store>) {
    signed_up(&store, 1).await;
    let session = sign_in(&store, 1, 1, START).await;
    let mut now = START;
    while now < session.ends_at {
        assert!(bears(&store, 1, now).await);
        touch(&store, session.id, now).await;
        now = now.plus(IDLE).minus(MS);
    }
    assert!(bears(&store, 1, session.ends_at.minus(MS)).await);
    assert!(!bears(&store, 1, session.ends_at).await);
    let listed = store.accounts().sessions(account_id(1), session.ends_at.minus(MS)).await.unwrap();
    assert_eq!(listed[0].idle_ends_at, session.ends_at);
    assert_eq!(listed[0].network, "192.0.2.0/24");
}

/// A request that was under way when it ended does not revive it.
pub async fn a_session_that_has_ended_stays_ended(store: Arc<dyn Store>) {
    signed_up(&store, 1).await;
    let session = sign_in(&store, 1, 1, START).await;
    touch(&store, session.id, session.idle_ends_at).await;
    assert!(!bears(&store, 1, session.idle_ends_at).await);
    let ended = sign_in(&store, 2, 1, START).await;
    assert!(end(&store, 1, ended.id).await);
    touch(&store, ended.id, START).await;
    assert!(!bears(&store, 2, START).await);
}

async fn end(store: &Arc<dyn Store>, account: u64, id: SessionId) -> bool {
    over_accounts(store, move |unit| {
        Box::pin(async move { unit.sessions().end(account_id(account), id).await })
    })
    .await
}

/// One's own only; all but the one in use, or all.
pub async fn an_account_ends_its_sessions_and_no_others(store: Arc<dyn Store>) {
    for n in 1..=2 {
        signed_up(&store, n).await;
    }
    let mut mine = Vec::new();
    for n in 1..=5 {
        mine.push(sign_in(&store, n, 1, START).await.id);
    }
    let other = sign_in(&store, 6, 2, START).await;
    assert!(!end(&store, 1, other.id).await);
    assert!(!end(&store, 2, mine[0]).await);
    assert!(end(&store, 1, mine[0]).await);
    assert!(!end(&store, 1, mine[0]).await);

    let end_all = async |but| {
        over_accounts(&store, move |unit| {
            Box::pin(async move { unit.sessions().end_all(account_id(1), but).await })
        })
        .await
    };
    assert_eq!(end_all(Some(mine[2])).await, 3);
    for (n, left) in [(1, false), (2, false), (3, true), (4, false), (5, false), (6, true)] {
        assert_eq!(bears(&store, n, START).await, left, "session {n}");
    }
    assert_eq!(end_all(None).await, 1);
    assert!(!bears(&store, 3, START).await && bears(&store, 6, START).await);
}

/// Those that have not ended.
pub async fn sessions_are_listed_used_last_first(store: Arc<dyn Store>) {
    for n in 1..=2 {
        signed_up(&store, n).await;
    }
    let mut ids = Vec::new();
    for n in 1..=3 {
        ids.push(sign_in(&store, n, 1, after(n)).await.id);
    }
    sign_in(&store, 4, 2, START).await;
    touch(&store, ids[0], after(60)).await;
    let listed = async |now| {
        let sessions = store.accounts().sessions(account_id(1), now).await.unwrap();
        sessions.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(after(60)).await, [ids[0], ids[2], ids[1]]);
    assert_eq!(listed(after(2).plus(IDLE)).await, [ids[0], ids[2]]);
}

/// This one only.
pub async fn a_step_up_is_of_one_session(store: Arc<dyn Store>) {
    signed_up(&store, 1).await;
    let first = sign_in(&store, 1, 1, START).await;
    sign_in(&store, 2, 1, START).await;
    over_accounts(&store, move |unit| {
        Box::pin(async move { unit.sessions().step_up(first.id, after(600)).await })
    })
    .await;
    for (n, until) in [(1, after(600)), (2, START)] {
        let bearer = store.accounts().session(hash(n), START).await.unwrap().unwrap();
        assert_eq!(bearer.session.stepped_up_until, until);
    }
}

/// Hashes, networks and names of devices stay no longer than they are needed.
pub async fn ended_sessions_are_forgotten(store: Arc<dyn Store>) {
    signed_up(&store, 1).await;
    for n in 1..=5 {
        sign_in(&store, n, 1, after(n)).await;
    }
    let forget = async |now, limit| store.platform().forget_ended(now, limit).await.unwrap();
    assert_eq!(forget(after(1).plus(IDLE).minus(MS), 10).await, 0);
    assert_eq!(forget(after(3).plus(IDLE), 2).await, 2);
    assert_eq!(forget(after(3).plus(IDLE), 2).await, 1);
    let left = store.accounts().sessions(account_id(1), START).await.unwrap();
    assert_eq!(left.len(), 2);
}

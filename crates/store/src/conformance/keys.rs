//! API keys.

use std::sync::Arc;

use wax_kernel::Timestamp;
use wax_model::{ApiKey, KeyBearer, Scope};

use super::{fixtures::*, people::*};
use crate::Store;

async fn bearer(store: &Arc<dyn Store>, n: u64, now: Timestamp) -> Option<KeyBearer> {
    store.accounts().api_key(hash(n), now).await.unwrap()
}

/// With its organization, by the hash of its text and nothing else.
pub async fn a_key_is_found_by_its_text_until_it_expires(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    let key = make_key(&store, 1, 1).await;
    let found = bearer(&store, 1, START).await;
    assert_eq!(found, Some(KeyBearer { tenant: tenant(1).tenant(), key: key.clone() }));
    assert_eq!(store.read(tenant(1)).organization().key(key.id).await.unwrap(), Some(key.clone()));
    assert!(bearer(&store, 2, START).await.is_none());
    assert!(bearer(&store, 1, key.expires_at.minus(MS)).await.is_some());
    assert!(bearer(&store, 1, key.expires_at).await.is_none());
}

async fn rotate(store: &Arc<dyn Store>, key: &ApiKey, to: u64, overlap_ends_at: Timestamp) -> bool {
    let id = key.id;
    unit(store, move |uow| {
        Box::pin(async move {
            uow.organization().rotate_key(id, "wxk_new0", hash(to), overlap_ends_at).await
        })
    })
    .await
}

/// Both texts work until the overlap ends; then the new one alone.
pub async fn a_rotated_key_works_with_both_texts_until_the_overlap_ends(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    let key = make_key(&store, 1, 1).await;
    let end = after(600);
    assert!(rotate(&store, &key, 2, end).await);
    for (text, now, works) in [
        (1, end.minus(MS), true),
        (2, end.minus(MS), true),
        (1, end, false),
        (2, end, true),
        (2, key.expires_at, false),
    ] {
        let found = bearer(&store, text, now).await;
        assert_eq!(found.is_some(), works, "text {text} at {now:?}");
        let expected =
            ApiKey { hint: "wxk_new0".into(), overlap_ends_at: Some(end), ..key.clone() };
        assert!(found.is_none_or(|found| found.key == expected));
    }
}

/// An overlap does not outlive the next rotation, nor the key its end.
pub async fn a_second_rotation_ends_the_first_ones_overlap(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    let key = make_key(&store, 1, 1).await;
    let beyond = key.expires_at.plus(LONGEST);
    assert!(rotate(&store, &key, 2, beyond).await);
    assert!(bearer(&store, 1, key.expires_at).await.is_none(), "the key itself has ended");
    assert!(rotate(&store, &key, 3, beyond).await);
    let work = [1, 2, 3].map(|text| bearer(&store, text, after(1)));
    let work = futures_util::future::join_all(work).await;
    assert_eq!(work.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, true]);
    // No overlap at all.
    assert!(rotate(&store, &key, 4, after(1)).await);
    assert!(bearer(&store, 3, after(1)).await.is_none());
    assert!(bearer(&store, 4, after(1)).await.is_some());
}

/// The old text with it.
pub async fn an_ended_key_opens_nothing(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    let key = make_key(&store, 1, 1).await;
    assert!(rotate(&store, &key, 2, after(600)).await);
    for expected in [true, false] {
        let id = key.id;
        let ended = unit(&store, move |uow| {
            Box::pin(async move { uow.organization().delete_key(id).await })
        });
        assert_eq!(ended.await, expected);
    }
    for text in 1..=2 {
        assert!(bearer(&store, text, START).await.is_none());
    }
    assert!(!rotate(&store, &key, 3, after(600)).await);
}

/// Name, networks and expiry change; scopes, which are the key's promise, do not.
pub async fn a_keys_name_networks_and_expiry_change(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    let key = make_key(&store, 1, 1).await;
    let changed = ApiKey {
        name: "Renamed".into(),
        networks: Vec::new(),
        expires_at: after(60),
        scopes: Scope::ALL.to_vec(),
        ..key.clone()
    };
    let new = changed.clone();
    unit(&store, move |uow| {
        let new = new.clone();
        Box::pin(async move {
            assert!(uow.organization().update_key(&new).await?);
            uow.organization().touch_key(new.id, after(30)).await
        })
    })
    .await;
    let found = store.read(tenant(1)).organization().key(key.id).await.unwrap();
    let expected = ApiKey { scopes: key.scopes, last_used_at: Some(after(30)), ..changed };
    assert_eq!(found, Some(expected));
    assert!(bearer(&store, 1, after(60)).await.is_none());
}

/// Newest first, and nothing in the list is a text or its hash.
pub async fn listed_keys_open_nothing(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    let mut made = Vec::new();
    for n in 1..=5 {
        made.push(make_key(&store, 1, n).await);
    }
    made.reverse();
    let listed = store.read(tenant(1)).organization().keys().await.unwrap();
    assert_eq!(listed, made);
    let shown = format!("{listed:?}");
    assert!(shown.contains("wxk_0001"), "the test sees texts");
    assert!((1..=5).all(|n| !shown.contains(&format!("{:?}", hash(n)))));
}

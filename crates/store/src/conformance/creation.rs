//! What is written is what is read.

use std::sync::Arc;

use wax_kernel::{Rng as _, SeededRng, Timestamp};
use wax_model::{Argon2Params, Kind, MAX_CONTENT_BYTES, Sealed};

use super::fixtures::*;
use crate::{NewSecret, SecretFilter, Store};

/// Every column, with and without what may be absent.
pub async fn a_secret_reads_back_as_written(store: Arc<dyn Store>) {
    let mut bare = secret(2, 1_000);
    bare.secret.passphrase = None;
    bare.secret.kind = Kind::DeviceBound;
    bare.secret.sealed = Sealed::Server;
    bare.secret.ended_at = Some(after(1));
    for new in [secret(1, 1), bare] {
        assert!(create(&store, tenant(1), &new).await);
        assert_eq!(row(&store, &new).await, new.secret);
        let mut reader = store.read(tenant(1));
        let by_receipt = reader.secrets().find_by_receipt(new.secret.rid).await.unwrap();
        assert_eq!(by_receipt.as_ref(), Some(&new.secret));
        assert_kept(&store, &new).await;
    }
}

/// A second creation with either id is refused and leaves no trace.
pub async fn an_id_or_receipt_id_is_taken_once(store: Arc<dyn Store>) {
    let first = created(&store, 1).await;
    let mut same_id = secret(2, 3);
    same_id.secret.id = first.secret.id;
    let mut same_receipt = secret(3, 3);
    same_receipt.secret.rid = first.secret.rid;
    assert!(!create(&store, tenant(1), &same_id).await);
    assert!(!create(&store, tenant(1), &same_receipt).await);

    assert_eq!(row(&store, &first).await, first.secret);
    assert_kept(&store, &first).await;
    assert!(find(&store, same_receipt.secret.id).await.is_none());
    let left = store.read(tenant(1)).secrets().content(same_receipt.secret.id).await.unwrap();
    assert!(left.is_none());
}

/// The same link made twice at once.
pub async fn of_racing_creations_of_one_id_one_wins(store: Arc<dyn Store>) {
    let racers = (0..16).map(|n| {
        let mut new = secret(100 + n, 1);
        new.secret.id = secret(1, 1).secret.id;
        let store = Arc::clone(&store);
        async move { create(&store, tenant(1), &new).await }
    });
    let won = futures_util::future::join_all(racers).await.into_iter().filter(|won| *won);
    assert_eq!(won.count(), 1);
}

/// The ends of what columns hold.
pub async fn the_largest_and_smallest_numbers_survive(store: Arc<dyn Store>) {
    let mut largest = secret(1, u32::MAX);
    edges(&mut largest, i64::MAX);
    largest.secret.passphrase = Some(Argon2Params { m_kib: u32::MAX, t: u32::MAX, p: u8::MAX });
    largest.secret.content_bytes = u32::MAX;
    largest.secret.wrong_tries = u32::MAX;
    let mut smallest = secret(2, 0);
    edges(&mut smallest, i64::MIN);
    smallest.secret.passphrase = Some(Argon2Params { m_kib: 0, t: 0, p: 0 });
    for new in [largest, smallest] {
        assert!(create(&store, tenant(1), &new).await);
        assert_eq!(row(&store, &new).await, new.secret);
    }
    let listed =
        store.read(tenant(1)).secrets().list(&SecretFilter::default(), None, 10).await.unwrap();
    assert_eq!(listed.len(), 2);
}

fn edges(new: &mut NewSecret, value: i64) {
    let at = Timestamp::from_ms(value);
    new.secret.next_try_at = at;
    new.secret.policy_version = value;
    new.secret.key_day = value;
    new.secret.created_at = at;
    new.secret.expires_at = at;
    new.secret.ended_at = Some(at);
    new.secret.kept_until = at;
}

/// A text of 1 MiB, sealed.
pub async fn ciphertext_of_the_largest_size_survives(store: Arc<dyn Store>) {
    let mut new = secret(1, 1);
    new.content.content = vec![0; MAX_CONTENT_BYTES];
    SeededRng::new(1).fill(&mut new.content.content);
    assert!(create(&store, tenant(1), &new).await);
    assert_kept(&store, &new).await;
}

//! A unit of work happens as a whole, to its end, or not at all.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::Poll,
};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, join_all},
};

use super::fixtures::*;
use crate::{NewSecret, Store, StoreError, UnitOfWork};

fn stop() -> StoreError {
    StoreError::Backend("stopped on purpose".into())
}

async fn insert(uow: &mut dyn UnitOfWork, new: &NewSecret) -> Result<(), StoreError> {
    assert!(uow.secrets().insert(new).await?);
    Ok(())
}

/// Whatever was written before the error.
pub async fn an_error_leaves_nothing_behind(store: Arc<dyn Store>) {
    let new = secret(1, 1);
    let id = new.secret.id;
    let result = try_unit(&store, tenant(1), move |uow| {
        let new = new.clone();
        Box::pin(async move {
            insert(uow, &new).await?;
            assert!(uow.secrets().find(new.secret.id).await?.is_some(), "it sees its own");
            Err::<(), _>(stop())
        })
    });
    assert!(matches!(result.await, Err(StoreError::Backend(_))));
    assert!(find(&store, id).await.is_none());
    assert!(create(&store, tenant(1), &secret(1, 1)).await, "the store works on");
}

/// And only to the mark.
pub async fn undo_returns_to_the_mark(store: Arc<dyn Store>) {
    let written = unit(&store, |uow| {
        Box::pin(async move {
            insert(uow, &secret(1, 1)).await?;
            uow.savepoint().await?;
            insert(uow, &secret(2, 1)).await?;
            uow.undo().await?;
            insert(uow, &secret(3, 1)).await?;
            uow.undo().await?;
            insert(uow, &secret(4, 1)).await
        })
    });
    written.await;
    assert_eq!(which(&store, 1..=4).await, [1, 4]);
}

/// Undo goes to the newest.
pub async fn a_second_savepoint_moves_the_mark(store: Arc<dyn Store>) {
    let written = unit(&store, |uow| {
        Box::pin(async move {
            uow.savepoint().await?;
            insert(uow, &secret(1, 1)).await?;
            uow.savepoint().await?;
            insert(uow, &secret(2, 1)).await?;
            uow.undo().await
        })
    });
    written.await;
    assert_eq!(which(&store, 1..=2).await, [1]);
}

async fn which(store: &Arc<dyn Store>, among: std::ops::RangeInclusive<u64>) -> Vec<u64> {
    let mut there = Vec::new();
    for n in among {
        if find(store, secret(n, 1).secret.id).await.is_some() {
            there.push(n);
        }
    }
    there
}

/// Postgres would answer its COMMIT with a silent rollback: the caller must hear of it.
pub async fn a_unit_that_hides_a_failed_statement_is_not_committed(store: Arc<dyn Store>) {
    let result = try_unit(&store, tenant(1), |uow| {
        Box::pin(async move {
            insert(uow, &secret(1, 1)).await?;
            // There is no mark.
            assert!(uow.undo().await.is_err());
            Ok(())
        })
    });
    assert!(result.await.is_err());
    assert!(find(&store, secret(1, 1).secret.id).await.is_none());
}

/// Of 100 units at once, every third fails in one of three ways.
pub async fn a_failing_neighbour_hurts_nobody(store: Arc<dyn Store>) {
    let runs = Arc::new(AtomicU32::new(0));
    let units = (0..100).map(|n| {
        let runs = Arc::clone(&runs);
        try_unit(&store, tenant(1), move |uow| {
            let runs = Arc::clone(&runs);
            Box::pin(async move {
                runs.fetch_add(1, Ordering::SeqCst);
                insert(uow, &secret(n, 1)).await?;
                match n % 9 {
                    0 => Err(stop()),
                    3 => uow.undo().await,
                    6 => uow.undo().await.or(Ok(())),
                    _ => Ok(()),
                }
                .map(|()| n)
            })
        })
    });
    let results = join_all(units).await;
    for (n, result) in (0..).zip(&results) {
        match result {
            Ok(answer) => assert_eq!((*answer, n % 3 == 0), (n, false)),
            Err(_) => assert_eq!(n % 3, 0, "unit {n} failed: {result:?}"),
        }
    }
    let expected = (0..100).filter(|n| n % 3 != 0).collect::<Vec<_>>();
    assert_eq!(which(&store, 0..=99).await, expected);
    assert!(runs.load(Ordering::SeqCst) >= 100);
}

/// A bug in one unit is that unit's.
pub async fn a_panicking_neighbour_hurts_nobody(store: Arc<dyn Store>) {
    let units = (0..20).map(|n| {
        try_unit(&store, tenant(1), move |uow| {
            Box::pin(async move {
                insert(uow, &secret(n, 1)).await?;
                assert_ne!(n, 7, "on purpose");
                Ok(())
            })
        })
    });
    for (n, result) in (0..).zip(join_all(units).await) {
        assert_eq!(result.is_err(), n == 7, "unit {n}: {result:?}");
    }
    assert_eq!(which(&store, 0..=19).await.len(), 19);
}

/// A client that disconnects does not undo what it asked for.
pub async fn a_unit_whose_caller_has_gone_is_committed(store: Arc<dyn Store>) {
    for n in 0..20 {
        let (asked, new) = (Arc::clone(&store), secret(n, 1));
        let mut write: BoxFuture<'_, _> =
            Box::pin(async move { create(&asked, tenant(1), &new).await });
        // Asked, and gone before the answer.
        let _ =
            futures_util::future::poll_fn(|context| Poll::Ready(write.poll_unpin(context))).await;
        drop(write);
    }
    // Nobody answers: look until it is there.
    for n in 0..20 {
        while find(&store, secret(n, 1).secret.id).await.is_none() {
            tokio::task::yield_now().await;
        }
    }
}

/// An answer means that everybody sees it.
pub async fn what_was_written_is_read_at_once(store: Arc<dyn Store>) {
    for n in 0..50 {
        assert!(create(&store, tenant(1), &secret(n, 1)).await);
        assert!(find(&store, secret(n, 1).secret.id).await.is_some());
    }
}

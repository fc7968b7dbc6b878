//! Values that are taken once, and wrong tries.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use wax_kernel::Timestamp;
use wax_model::{TokenPurpose, wait_after};

use super::{fixtures::*, people::*};
use crate::{NewToken, SignInTries, Store, TRIES_KEPT, Token, Tried};

const LINK: TokenPurpose = TokenPurpose::SignInLink;

async fn take(
    store: &Arc<dyn Store>,
    n: u64,
    purpose: TokenPurpose,
    now: Timestamp,
) -> Option<Token> {
    over_accounts(store, move |unit| {
        Box::pin(async move { unit.tokens().take(hash(n), purpose, now).await })
    })
    .await
}

async fn stands(store: &Arc<dyn Store>, n: u64, purpose: TokenPurpose, now: Timestamp) -> bool {
    store.accounts().token(hash(n), purpose, now).await.unwrap().is_some()
}

/// Of many at once, one gets it; a second use finds nothing.
pub async fn a_token_is_taken_once(store: Arc<dyn Store>) {
    for round in 0..8 {
        let new = new_token(round, LINK, "acc_x");
        assert!(insert_token(&store, &new, START).await);
        assert!(stands(&store, round, LINK, START).await, "looking does not take it");
        let taken = join_all((0..16).map(|_| take(&store, round, LINK, START))).await;
        let taken = taken.into_iter().flatten().collect::<Vec<_>>();
        let NewToken { subject, payload, expires_at, .. } = new;
        assert!(taken == [Token { subject, payload, expires_at }], "{} took it", taken.len());
        assert!(!stands(&store, round, LINK, START).await);
    }
}

/// To the millisecond.
pub async fn a_token_is_taken_until_its_end_and_for_its_purpose_only(store: Arc<dyn Store>) {
    for n in 1..=2 {
        assert!(insert_token(&store, &new_token(n, LINK, "acc_x"), START).await);
    }
    let end = after(3_600);
    for purpose in TokenPurpose::ALL.iter().filter(|purpose| **purpose != LINK) {
        assert!(!stands(&store, 1, *purpose, START).await, "{purpose:?}");
        assert!(take(&store, 1, *purpose, START).await.is_none(), "{purpose:?}");
    }
    assert!(!stands(&store, 1, LINK, end).await);
    assert!(take(&store, 1, LINK, end).await.is_none());
    assert!(take(&store, 1, LINK, end.minus(MS)).await.is_some());
    assert!(stands(&store, 2, LINK, end.minus(MS)).await);
}

/// A unit that fails afterwards has not taken it.
pub async fn a_token_taken_by_a_unit_that_fails_still_stands(store: Arc<dyn Store>) {
    assert!(insert_token(&store, &new_token(1, LINK, "acc_x"), START).await);
    let failed = store.write_platform(|unit| {
        Box::pin(async move {
            assert!(unit.tokens().take(hash(1), LINK, START).await?.is_some());
            Err::<(), _>(crate::StoreError::Backend("stopped on purpose".into()))
        })
    });
    assert!(failed.await.is_err());
    assert!(take(&store, 1, LINK, START).await.is_some());
}

/// A request that is repeated finds the first one's; after its end it is as if it had never been.
pub async fn a_value_stands_once_until_its_end(store: Arc<dyn Store>) {
    let purpose = TokenPurpose::Idempotency;
    let racers = (0..8).map(|n| {
        let mut new = new_token(1, purpose, "ten_x");
        new.payload = vec![n];
        let store = Arc::clone(&store);
        async move { insert_token(&store, &new, START).await }
    });
    let won = join_all(racers).await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let found = store.accounts().token(hash(1), purpose, START).await.unwrap().unwrap();
    let winner = won.iter().position(|won| *won).unwrap();
    assert_eq!(found.payload, [u8::try_from(winner).unwrap()]);

    let mut again = new_token(1, purpose, "ten_y");
    again.expires_at = after(7_200);
    assert!(!insert_token(&store, &again, after(3_600).minus(MS)).await);
    assert!(insert_token(&store, &again, after(3_600)).await);
    let found = store.accounts().token(hash(1), purpose, after(3_600)).await.unwrap().unwrap();
    assert_eq!(found.subject, "ten_y");
    // The same value for something else is something else.
    assert!(insert_token(&store, &new_token(1, LINK, "acc_x"), START).await);
}

/// All of one purpose and subject, and nothing else.
pub async fn tokens_of_a_subject_are_revoked_together(store: Arc<dyn Store>) {
    let reset = TokenPurpose::PasswordReset;
    let tokens = [(1, LINK, "a"), (2, LINK, "a"), (3, reset, "a"), (4, LINK, "b")];
    for (n, purpose, subject) in tokens {
        assert!(insert_token(&store, &new_token(n, purpose, subject), START).await);
    }
    let revoked = over_accounts(&store, |unit| Box::pin(unit.tokens().revoke(LINK, "a"))).await;
    assert_eq!(revoked, 2);
    for ((n, purpose, _), left) in tokens.into_iter().zip([false, false, true, true]) {
        assert_eq!(stands(&store, n, purpose, START).await, left, "token {n}");
    }
}

/// As a command line that waits is approved; not once it has ended.
pub async fn a_payload_changes_while_its_token_stands(store: Arc<dyn Store>) {
    let purpose = TokenPurpose::DeviceLogin;
    assert!(insert_token(&store, &new_token(1, purpose, "x"), START).await);
    let update = async |n, purpose, now| {
        over_accounts(&store, move |unit| {
            Box::pin(async move { unit.tokens().update(hash(n), purpose, b"new", now).await })
        })
        .await
    };
    assert!(!update(2, purpose, START).await);
    assert!(!update(1, TokenPurpose::DeviceCode, START).await);
    assert!(!update(1, purpose, after(3_600)).await);
    assert!(update(1, purpose, after(3_600).minus(MS)).await);
    assert_eq!(take(&store, 1, purpose, START).await.unwrap().payload, b"new");
}

/// As a request that was done keeps its answer; not once it has ended.
pub async fn a_token_that_stands_is_kept_for_longer(store: Arc<dyn Store>) {
    let purpose = TokenPurpose::Idempotency;
    assert!(insert_token(&store, &new_token(1, purpose, "x"), START).await);
    let keep = async |n, now| {
        over_accounts(&store, move |unit| {
            let until = after(7_200);
            Box::pin(async move { unit.tokens().keep(hash(n), purpose, b"new", now, until).await })
        })
        .await
    };
    assert!(!keep(2, START).await);
    assert!(!keep(1, after(3_600)).await, "it has ended");
    assert!(keep(1, after(3_600).minus(MS)).await);
    assert!(stands(&store, 1, purpose, after(7_200).minus(MS)).await);
    assert!(!stands(&store, 1, purpose, after(7_200)).await);
    assert_eq!(take(&store, 1, purpose, START).await.unwrap().payload, b"new");
}

async fn count(store: &Arc<dyn Store>, whose: u64, now: Timestamp) -> Tried {
    over_accounts(store, move |unit| {
        Box::pin(async move { unit.tokens().count_try(hash(whose), now).await })
    })
    .await
}

/// As those of a secret: none for four, then 1, 5, and always 30 minutes.
pub async fn sign_in_tries_are_held_back_as_the_schedule_says(store: Arc<dyn Store>) {
    let mut now = START;
    for wrong in 1..=12 {
        let wait = wait_after(wrong);
        let next_at = Some(now.plus(wait)).filter(|_| wait > Duration::ZERO);
        let expected = SignInTries { wrong, next_at };
        assert_eq!(count(&store, 1, now).await, Tried::Counted(expected));
        assert_eq!(store.accounts().tries(hash(1), now).await.unwrap(), expected);
        if let Some(next_at) = next_at {
            let early = next_at.minus(MS);
            assert_eq!(count(&store, 1, early).await, Tried::HeldBack(expected));
            now = next_at;
        }
    }
    assert_eq!(
        count(&store, 2, START).await,
        Tried::Counted(SignInTries { wrong: 1, next_at: None })
    );
}

/// However many come at once, no more than five go on before the wait.
pub async fn of_racing_sign_in_tries_five_go_on(store: Arc<dyn Store>) {
    for whose in 0..4 {
        let tried = join_all((0..64).map(|_| count(&store, whose, START))).await;
        let mut counted = tried
            .into_iter()
            .filter_map(|tried| match tried {
                Tried::Counted(tries) => Some(tries.wrong),
                Tried::HeldBack(tries) => {
                    assert_eq!(tries.next_at, Some(START.plus(wait_after(5))));
                    None
                }
            })
            .collect::<Vec<_>>();
        counted.sort_unstable();
        assert_eq!(counted, [1, 2, 3, 4, 5]);
    }
}

/// A right sign-in clears them; so does a day without another.
pub async fn sign_in_tries_are_forgotten(store: Arc<dyn Store>) {
    for _ in 0..5 {
        count(&store, 1, START).await;
        count(&store, 2, START).await;
    }
    over_accounts(&store, |unit| Box::pin(unit.tokens().clear_tries(hash(1)))).await;
    assert_eq!(store.accounts().tries(hash(1), START).await.unwrap(), SignInTries::default());
    assert!(matches!(count(&store, 1, START).await, Tried::Counted(tries) if tries.wrong == 1));

    let day_after = START.plus(TRIES_KEPT);
    assert_eq!(store.accounts().tries(hash(2), day_after.minus(MS)).await.unwrap().wrong, 5);
    assert_eq!(store.accounts().tries(hash(2), day_after).await.unwrap(), SignInTries::default());
    assert_eq!(
        count(&store, 2, day_after).await,
        Tried::Counted(SignInTries { wrong: 1, next_at: None })
    );
}

/// Tokens, tries, devices and invitations, each at its own time.
pub async fn what_has_ended_is_forgotten(store: Arc<dyn Store>) {
    signed_up(&store, 1).await;
    founded(&store, 1).await;
    assert!(insert_token(&store, &new_token(1, LINK, "a"), START).await);
    count(&store, 1, START).await;
    invite(&store, 1, &invitation(0, "ann@example.com", None)).await;
    over_accounts(&store, |unit| {
        Box::pin(unit.accounts().see_device(account_id(1), hash(1), START))
    })
    .await;
    let week = Duration::from_hours(7 * 24);
    let ends = [Duration::from_hours(1), TRIES_KEPT, week, crate::DEVICE_KNOWN];
    for end in ends {
        let end = START.plus(end);
        let forget = async |now| store.platform().forget_ended(now, 10).await.unwrap();
        assert_eq!(forget(end.minus(MS)).await, 0);
        assert_eq!(forget(end).await, 1);
    }
}

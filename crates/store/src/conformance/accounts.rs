//! Accounts and what lets them in.

use std::{collections::HashSet, sync::Arc};

use futures_util::future::join_all;
use wax_kernel::Timestamp;
use wax_model::{Account, Actor, Role, StoredPasskey, TokenPurpose};

use super::{fixtures::*, outbox, people::*};
use crate::{DEVICE_KNOWN, Store, StoreError};

/// With every text as it was written.
pub async fn an_account_reads_back_as_written(store: Arc<dyn Store>) {
    let bare = Account { password: None, ..account(2) };
    for account in [guarded(1), bare] {
        assert!(sign_up(&store, &account).await);
        let found = store.accounts().account(account.id).await.unwrap().unwrap();
        assert!(found == account);
        assert_eq!(found.email.as_str(), account.email.as_str());
        let found = store.accounts().account_by_address(&account.email).await.unwrap();
        assert!(found == Some(account));
    }
    assert!(store.accounts().account(account_id(3)).await.unwrap().is_none());
}

async fn change(store: &Arc<dyn Store>, account: &Account) -> bool {
    let account = account.clone();
    over_accounts(store, move |unit| {
        let account = account.clone();
        Box::pin(async move { unit.accounts().update(&account).await })
    })
    .await
}

/// However it is written, by one after the other or by many at once.
pub async fn an_address_has_one_account_in_any_writing(store: Arc<dyn Store>) {
    let at = |n, text| Account { email: address(text), ..account(n) };
    assert!(sign_up(&store, &at(1, "Ann.Lee@Example.com")).await);
    assert!(!sign_up(&store, &at(2, "ann.lee@EXAMPLE.COM")).await);
    let found = store.accounts().account_by_address(&address("ANN.LEE@example.com")).await.unwrap();
    assert_eq!(found.unwrap().id, account_id(1));

    let racers = (10..18).map(|n| {
        let (store, writing) = (Arc::clone(&store), ["bo@example.com", "Bo@example.com"][n % 2]);
        async move { sign_up(&store, &at(n as u64, writing)).await }
    });
    let won = join_all(racers).await;
    assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
}

/// And a refusal writes nothing else either.
pub async fn an_account_does_not_take_anothers_address(store: Arc<dyn Store>) {
    let (ann, bo) = (signed_up(&store, 1).await, signed_up(&store, 2).await);
    let wanted = address(&ann.email.as_str().to_uppercase());
    let taken = Account { email: wanted, name: "Changed".into(), password: None, ..bo.clone() };
    assert!(!change(&store, &taken).await);
    assert!(store.accounts().account(bo.id).await.unwrap() == Some(bo.clone()));

    let moved = Account { email: address("new@example.com"), totp: guarded(2).totp, ..bo.clone() };
    assert!(change(&store, &moved).await);
    assert!(store.accounts().account(bo.id).await.unwrap() == Some(moved));
    let old = store.accounts().account_by_address(&bo.email).await.unwrap();
    assert!(old.is_none(), "the old address is free");
}

/// One gets it; the others are told, and nobody's unit fails.
pub async fn of_accounts_racing_for_an_address_one_gets_it(store: Arc<dyn Store>) {
    for n in 1..=8 {
        signed_up(&store, n).await;
    }
    for round in 0..8 {
        let wanted = address(&format!("wanted-{round}@example.com"));
        let racers = (1..=8).map(|n| {
            let (store, email) = (Arc::clone(&store), wanted.clone());
            async move { change(&store, &Account { email, ..account(n) }).await }
        });
        let won = join_all(racers).await;
        assert_eq!(won.into_iter().filter(|won| *won).count(), 1, "round {round}");
    }
}

/// Whoever reads before writing holds the row: no change is lost.
pub async fn changes_under_the_accounts_lock_are_not_lost(store: Arc<dyn Store>) {
    signed_up(&store, 1).await;
    let changes = (0..16).map(|_| {
        over_accounts(&store, |unit| {
            Box::pin(async move {
                let mut account = unit.accounts().lock(account_id(1)).await?.unwrap();
                account.name.push('+');
                unit.accounts().update(&account).await
            })
        })
    });
    assert!(join_all(changes).await.into_iter().all(|changed| changed));
    let name = store.accounts().account(account_id(1)).await.unwrap().unwrap().name;
    assert_eq!(name, account(1).name + &"+".repeat(16));
}

async fn replace_codes(store: &Arc<dyn Store>, of: u64, codes: std::ops::Range<u64>) {
    over_accounts(store, move |unit| {
        let hashes = codes.clone().map(hash).collect::<Vec<_>>();
        Box::pin(
            async move { unit.accounts().replace_recovery_codes(account_id(of), &hashes).await },
        )
    })
    .await;
}

async fn take_code(store: &Arc<dyn Store>, of: u64, code: u64) -> bool {
    over_accounts(store, move |unit| {
        Box::pin(
            async move { unit.accounts().take_recovery_code(account_id(of), hash(code)).await },
        )
    })
    .await
}

/// By one of many at once, and by no other account.
pub async fn a_recovery_code_is_taken_once(store: Arc<dyn Store>) {
    for n in 1..=2 {
        signed_up(&store, n).await;
    }
    replace_codes(&store, 1, 0..10).await;
    let left = async || store.accounts().recovery_codes_left(account_id(1)).await.unwrap();
    assert_eq!(left().await, 10);
    assert!(!take_code(&store, 2, 3).await);
    let taken = join_all((0..8).map(|_| take_code(&store, 1, 3))).await;
    assert_eq!(taken.into_iter().filter(|taken| *taken).count(), 1);
    assert_eq!(left().await, 9);

    replace_codes(&store, 1, 9..12).await;
    assert_eq!(left().await, 3);
    assert!(!take_code(&store, 1, 4).await, "it was replaced");
    assert!(take_code(&store, 1, 9).await);
    replace_codes(&store, 1, 0..0).await;
    assert_eq!(left().await, 0);
}

/// A credential is one account's, and only its account changes or removes it.
pub async fn a_passkey_belongs_to_one_account(store: Arc<dyn Store>) {
    let (ann, bo) = (signed_up(&store, 1).await.id, signed_up(&store, 2).await.id);
    let first = passkey(1, ann);
    assert!(add_passkey(&store, &first).await);
    let same = StoredPasskey { credential_id: first.credential_id.clone(), ..passkey(2, bo) };
    assert!(!add_passkey(&store, &same).await);
    assert!(add_passkey(&store, &passkey(3, ann)).await);
    let listed = store.accounts().passkeys(ann).await.unwrap();
    assert_eq!(listed, [first.clone(), passkey(3, ann)]);
    assert!(store.accounts().passkeys(bo).await.unwrap().is_empty());

    let used = StoredPasskey {
        name: "Key ring".into(),
        credential: r#"{"counter":2}"#.into(),
        last_used_at: Some(after(9)),
        ..first.clone()
    };
    assert!(!update_passkey(&store, &StoredPasskey { account: bo, ..used.clone() }).await);
    assert!(update_passkey(&store, &used).await);
    let found = store.accounts().passkey(&first.credential_id).await.unwrap();
    assert_eq!(found, Some(used));

    assert!(!delete_passkey(&store, &StoredPasskey { account: bo, ..first.clone() }).await);
    assert!(delete_passkey(&store, &first).await);
    assert!(!delete_passkey(&store, &first).await);
    assert!(store.accounts().passkey(&first.credential_id).await.unwrap().is_none());
}

/// Rules that count passkeys do so under the account's lock: one unit sees what it has written, and of two at once the
/// second sees the first.
pub async fn passkeys_are_counted_one_unit_after_the_other(store: Arc<dyn Store>) {
    let ann = signed_up(&store, 1).await.id;
    assert!(add_passkey(&store, &passkey(9, signed_up(&store, 2).await.id)).await);
    let counts = join_all((1..=4).map(|n| add_and_count(&store, passkey(n, ann)))).await;
    let mut sorted = counts.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [1, 2, 3, 4], "{counts:?}");
}

async fn add_and_count(store: &Arc<dyn Store>, passkey: StoredPasskey) -> usize {
    over_accounts(store, move |unit| {
        let passkey = passkey.clone();
        Box::pin(async move {
            unit.accounts().lock(passkey.account).await?;
            unit.accounts().insert_passkey(&passkey).await?;
            Ok(unit.accounts().passkeys(passkey.account).await?.len())
        })
    })
    .await
}

async fn update_passkey(store: &Arc<dyn Store>, passkey: &StoredPasskey) -> bool {
    let passkey = passkey.clone();
    over_accounts(store, move |unit| {
        let passkey = passkey.clone();
        Box::pin(async move { unit.accounts().update_passkey(&passkey).await })
    })
    .await
}

async fn delete_passkey(store: &Arc<dyn Store>, passkey: &StoredPasskey) -> bool {
    let (account, id) = (passkey.account, passkey.id);
    over_accounts(store, move |unit| {
        Box::pin(async move { unit.accounts().delete_passkey(account, id).await })
    })
    .await
}

async fn see(store: &Arc<dyn Store>, of: u64, device: u64, now: Timestamp) -> bool {
    over_accounts(store, move |unit| {
        Box::pin(async move { unit.accounts().see_device(account_id(of), hash(device), now).await })
    })
    .await
}

/// To each account; again only after it was not seen for 400 days.
pub async fn a_device_is_new_once(store: Arc<dyn Store>) {
    for n in 1..=2 {
        signed_up(&store, n).await;
    }
    let seen = join_all((0..8).map(|_| see(&store, 1, 1, START))).await;
    assert_eq!(seen.into_iter().filter(|new| *new).count(), 1);
    assert!(see(&store, 1, 2, START).await, "another device");
    assert!(see(&store, 2, 1, START).await, "another account");
    let later = START.plus(DEVICE_KNOWN).minus(MS);
    assert!(!see(&store, 1, 1, later).await);
    assert!(!see(&store, 1, 1, later.plus(DEVICE_KNOWN).minus(MS)).await, "it was seen since");
    let long_after = later.plus(DEVICE_KNOWN).plus(DEVICE_KNOWN);
    let seen = join_all((0..8).map(|_| see(&store, 1, 1, long_after))).await;
    assert_eq!(seen.into_iter().filter(|new| *new).count(), 1, "new again, once");
}

/// Of one account, with a cursor that continues; forgotten at their age, a batch at a time.
pub async fn an_accounts_history_is_listed_newest_first(store: Arc<dyn Store>) {
    for n in 1..=2 {
        signed_up(&store, n).await;
    }
    // Two in each second.
    let mut events: Vec<_> =
        (0..20).map(|n| account_event(n, account_id(1), after(n / 2))).collect();
    events.push(account_event(30, account_id(2), START));
    let written = events.clone();
    over_accounts(&store, move |unit| {
        let written = written.clone();
        Box::pin(async move {
            for event in &written {
                unit.accounts().record(event).await?;
            }
            Ok(())
        })
    })
    .await;
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.accounts().events(account_id(1), cursor, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        cursor = Some((last.at, last.id));
        seen.extend(page);
    }
    events.retain(|event| event.account == account_id(1));
    events.sort_by_key(|event| std::cmp::Reverse((event.at, event.id.to_string())));
    assert_eq!(seen, events);

    let forget =
        async |limit| store.platform().forget_account_events(after(3), limit).await.unwrap();
    assert_eq!([forget(5).await, forget(5).await, forget(5).await], [5, 4, 0]);
    let left = store.accounts().events(account_id(1), None, 200).await.unwrap();
    assert_eq!(left, events[..12]);
}

/// Whatever an account had is gone, and another's is not. Its address is free.
pub async fn a_deleted_account_leaves_nothing(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    for n in 1..=2 {
        let account = signed_up(&store, n).await;
        sign_in(&store, n, n, START).await;
        assert!(add_passkey(&store, &passkey(n, account.id)).await);
        replace_codes(&store, n, n * 10..n * 10 + 5).await;
        assert!(join(&store, 1, membership(n, Role::Member)).await);
        let reset = new_token(n, TokenPurpose::PasswordReset, &account.id.to_string());
        assert!(insert_token(&store, &reset, START).await);
    }
    over_accounts(&store, |unit| {
        Box::pin(async move {
            unit.accounts().record(&account_event(1, account_id(1), START)).await?;
            unit.accounts().delete(account_id(1)).await
        })
    })
    .await;

    for (n, there) in [(1, false), (2, true)] {
        let (id, reads) = (account_id(n), store.accounts());
        assert_eq!(reads.account(id).await.unwrap().is_some(), there);
        assert_eq!(reads.session(hash(n), START).await.unwrap().is_some(), there);
        assert_eq!(reads.sessions(id, START).await.unwrap().is_empty(), !there);
        assert_eq!(reads.passkeys(id).await.unwrap().is_empty(), !there);
        assert_eq!(reads.recovery_codes_left(id).await.unwrap() > 0, there);
        assert_eq!(reads.belongings(id).await.unwrap().is_empty(), !there);
        let reset = reads.token(hash(n), TokenPurpose::PasswordReset, START).await.unwrap();
        assert_eq!(reset.is_some(), there);
    }
    assert!(store.accounts().events(account_id(1), None, 10).await.unwrap().is_empty());
    assert!(sign_up(&store, &account(1)).await, "its address is free");
}

/// An organization, its owner, what the trail says and the mail: everything or nothing.
pub async fn an_organization_and_its_owner_are_made_together(store: Arc<dyn Store>) {
    signed_up(&store, 1).await;
    let found = async |fails: bool| {
        let made = store.write_platform(move |unit| {
            Box::pin(async move {
                assert!(unit.insert_tenant(&organization(1)).await?);
                let mut within = unit.within(tenant(1));
                within.organization().insert_member(&membership(1, Role::Owner)).await?;
                drop(within);
                assert!(unit.find_tenant("organization-1").await?.is_some());
                if fails { Err(StoreError::Backend("stopped on purpose".into())) } else { Ok(()) }
            })
        });
        made.await
    };
    assert!(found(true).await.is_err());
    assert!(store.read(tenant(1)).organization().find().await.unwrap().is_none());
    assert!(store.accounts().belongings(account_id(1)).await.unwrap().is_empty());
    found(false).await.unwrap();
    let there = store.read(tenant(1)).organization().find().await.unwrap();
    assert_eq!(there, Some(organization(1)));
    let belonging = store.accounts().membership(account_id(1), "organization-1").await.unwrap();
    assert_eq!(belonging.unwrap().membership.role, Role::Owner);
}

/// The platform's own messages are delivered like an organization's.
pub async fn a_message_of_no_organization_is_delivered(store: Arc<dyn Store>) {
    let message = outbox::message(1, START);
    let sent = message.clone();
    over_accounts(&store, move |unit| {
        let sent = sent.clone();
        Box::pin(async move { unit.outbox().send(&sent).await })
    })
    .await;
    let taken = outbox::take(&store, START, 10).await;
    assert_eq!(outbox::messages(&taken), [message]);
    assert_eq!(taken[0].tenant, None);
    store.platform().outbox().done(&taken[0]).await.unwrap();
    assert!(outbox::take(&store, after(100), 10).await.is_empty());
}

/// By name, each with what the account is there; found by id and by short name, and not by another account.
pub async fn an_accounts_organizations_are_listed_by_name(store: Arc<dyn Store>) {
    for n in 1..=2 {
        signed_up(&store, n).await;
    }
    for n in [3, 1, 2] {
        founded(&store, n).await;
        assert!(join(&store, n, membership(1, Role::ALL[usize::try_from(n).unwrap()])).await);
    }
    let listed = store.accounts().belongings(account_id(1)).await.unwrap();
    let names = listed.iter().map(|one| (&*one.name, one.membership.role)).collect::<Vec<_>>();
    let expected = [
        ("Organization 1", Role::Admin),
        ("Organization 2", Role::Member),
        ("Organization 3", Role::Auditor),
    ];
    assert_eq!(names, expected);
    for name in [organization(2).id.to_string(), organization(2).slug] {
        let found = store.accounts().membership(account_id(1), &name).await.unwrap();
        assert_eq!(found.as_ref(), Some(&listed[1]));
        assert!(store.accounts().membership(account_id(2), &name).await.unwrap().is_none());
    }
    let in_unit =
        over_accounts(&store, |unit| Box::pin(unit.accounts().memberships(account_id(1)))).await;
    let tenants = in_unit.iter().map(|(tenant, _)| *tenant).collect::<HashSet<_>>();
    assert_eq!(tenants, (1..=3).map(|n| organization(n).id).collect());
}

/// Who did it is in the trail, and nobody where nobody did.
pub async fn the_trail_names_who_did_it(store: Arc<dyn Store>) {
    let actors = [None, Some(Actor::Operator), Some(actor(1)), Some(Actor::Key(api_key(1).id))];
    let events = (0..).zip(actors).map(|(n, actor)| wax_model::AuditEvent {
        id: event_id(n),
        at: after(n),
        action: wax_model::Action::KeyMade,
        actor,
        subject: "x".into(),
        network: None,
    });
    let written = events.collect::<Vec<_>>();
    let expected = written.clone();
    unit(&store, move |uow| {
        let written = written.clone();
        Box::pin(async move {
            for event in &written {
                uow.audit().record(event).await?;
            }
            Ok(())
        })
    })
    .await;
    let listed = unit(&store, |uow| Box::pin(uow.audit().list(None, 10))).await;
    assert_eq!(listed, expected);
}

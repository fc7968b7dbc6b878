//! Pages.

use std::{collections::HashSet, sync::Arc, time::Duration};

use wax_kernel::{SecretId, Timestamp};
use wax_model::{Action, AuditEvent, Kind, Secret, SecretState};

use super::fixtures::*;
use crate::{SecretFilter, Store};

async fn made_at(store: &Arc<dyn Store>, n: u64, at: Timestamp) -> SecretId {
    let mut new = secret(n, 1);
    new.secret.created_at = at;
    assert!(create(store, tenant(1), &new).await);
    new.secret.id
}

async fn page(
    store: &Arc<dyn Store>,
    before: Option<(Timestamp, SecretId)>,
    limit: u32,
) -> Vec<(Timestamp, SecretId)> {
    let page = store
        .read(tenant(1))
        .secrets()
        .list(&SecretFilter::default(), before, limit)
        .await
        .unwrap();
    page.into_iter().map(|secret| (secret.created_at, secret.id)).collect()
}

/// Newest first; what is made meanwhile moves nothing from one page to another.
pub async fn pages_hold_every_secret_once_while_others_are_made(store: Arc<dyn Store>) {
    let mut made = Vec::new();
    for n in 0..23 {
        made.push(made_at(&store, n, after(n)).await);
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    for newer in 100.. {
        let page = page(&store, cursor, 5).await;
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 5);
        cursor = Some(*last);
        seen.extend(page.into_iter().map(|(_, id)| id));
        made_at(&store, newer, after(newer)).await;
    }
    made.reverse();
    assert_eq!(seen, made);
}

/// The cursor is creation and id.
pub async fn secrets_of_one_millisecond_are_neither_skipped_nor_repeated(store: Arc<dyn Store>) {
    let mut made = HashSet::new();
    for n in 0..50 {
        made.insert(made_at(&store, n, START).await);
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = page(&store, cursor, 7).await;
        let Some(last) = page.last() else { break };
        cursor = Some(*last);
        seen.extend(page.into_iter().map(|(_, id)| id));
    }
    assert_eq!(seen.len(), made.len());
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), made);
}

/// Each part of the filter alone and all at once, page by page.
pub async fn secrets_are_listed_by_state_kind_domain_and_maker(store: Arc<dyn Store>) {
    let mut made = Vec::new();
    for n in 0..48 {
        let mut new = secret(n, 1);
        new.secret.created_at = after(n / 3);
        new.secret.kind = Kind::ALL[usize::try_from(n % 2).unwrap()];
        new.secret.domain = domain(n / 2 % 2);
        new.secret.created_by =
            [None, Some(actor(1)), Some(actor(2))][usize::try_from(n % 3).unwrap()];
        assert!(create(&store, tenant(1), &new).await);
        if n % 5 == 0 {
            assert!(burn(&store, new.secret.id, after(n)).await);
        }
        made.push(row(&store, &new).await);
    }
    made.sort_by_key(|secret| std::cmp::Reverse((secret.created_at, secret.id.to_string())));
    let state = SecretFilter { state: Some(SecretState::Burned), ..SecretFilter::default() };
    let kind = SecretFilter { kind: Some(Kind::DeviceBound), ..SecretFilter::default() };
    let domain = SecretFilter { domain: Some(domain(1)), ..SecretFilter::default() };
    let maker = SecretFilter { created_by: Some(actor(2)), ..SecretFilter::default() };
    let all = SecretFilter {
        state: Some(SecretState::Ready),
        kind: kind.kind,
        domain: domain.domain,
        created_by: maker.created_by,
    };
    for filter in [SecretFilter::default(), state, kind, domain, maker, all] {
        let wanted = made.iter().filter(|secret| passes(&filter, secret)).cloned();
        let wanted = wanted.collect::<Vec<_>>();
        assert!(!wanted.is_empty());
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = store.read(tenant(1)).secrets().list(&filter, cursor, 5).await.unwrap();
            let Some(last) = page.last() else { break };
            cursor = Some((last.created_at, last.id));
            seen.extend(page);
        }
        assert_eq!(seen, wanted, "{filter:?}");
    }
}

fn passes(filter: &SecretFilter, secret: &Secret) -> bool {
    filter.state.is_none_or(|state| secret.state == state)
        && filter.kind.is_none_or(|kind| secret.kind == kind)
        && filter.domain.is_none_or(|domain| secret.domain == domain)
        && (filter.created_by.is_none() || secret.created_by == filter.created_by)
}

/// A list shows a secret's row: hashes of proofs, never a proof, a key or ciphertext.
pub async fn what_is_listed_opens_nothing(store: Arc<dyn Store>) {
    let new = created(&store, 1).await;
    let listed =
        store.read(tenant(1)).secrets().list(&SecretFilter::default(), None, 200).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&new.secret));
    let shown = format!("{listed:?}");
    let shows = |bytes: &[u8]| shown.contains(&format!("{bytes:?}"));
    assert!(shows(&new.secret.peek_sha256), "the test can see bytes");
    assert!(!shows(&new.claim_mac));
    for bytes in [&new.wrap.data_key, &new.wrap.wrapped_key, &new.content.data_key] {
        assert!(!shows(bytes));
    }
    assert!(!shows(&new.content.content));
}

/// As the receipt tells them.
pub async fn claims_are_listed_oldest_first(store: Arc<dyn Store>) {
    let new = created(&store, 5).await;
    let mut made = Vec::new();
    for n in 1..=5 {
        made.push(taken(&store, &new, n, after(n)).await);
    }
    let listed = store.read(tenant(1)).claims().list(new.secret.id, 200).await.unwrap();
    assert_eq!(listed, made);
    let listed = store.read(tenant(1)).claims().list(new.secret.id, 2).await.unwrap();
    assert_eq!(listed, made[..2]);
}

/// With every text as it was written, and a cursor that continues.
pub async fn audit_events_are_listed_oldest_first(store: Arc<dyn Store>) {
    let mut events = Action::ALL.iter().zip(0..).map(|(action, n)| AuditEvent {
        id: event_id(n),
        at: START.plus(Duration::from_millis(n / 2)),
        action: *action,
        actor: (n % 3 == 0).then(|| actor(n)),
        subject: format!("秘密 🔏 Ünïcode 'quoted' \"{n}\" \\"),
        network: (n % 2 == 0).then(|| "2001:db8:1::/48".to_owned()),
    });
    let mut events = events.by_ref().collect::<Vec<_>>();
    let written = events.clone();
    unit(&store, move |uow| {
        let written = written.clone();
        Box::pin(async move {
            for event in written.iter().rev() {
                uow.audit().record(event).await?;
            }
            Ok(())
        })
    })
    .await;
    events.sort_by_key(|event| (event.at, event.id.to_string()));
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page =
            unit(&store, move |uow| Box::pin(async move { uow.audit().list(cursor, 4).await }))
                .await;
        let Some(last) = page.last() else { break };
        cursor = Some((last.at, last.id));
        seen.extend(page);
    }
    assert_eq!(seen, events);
}

/// The oldest first, a batch at a time, of every tenant.
pub async fn audit_events_are_forgotten_at_their_age(store: Arc<dyn Store>) {
    for n in 0..6 {
        let event = AuditEvent {
            id: event_id(n),
            at: after(n / 2),
            action: Action::SecretCreated,
            actor: None,
            subject: "a receipt".into(),
            network: None,
        };
        let recorded = try_unit(&store, tenant(1 + n % 2), move |uow| {
            let event = event.clone();
            Box::pin(async move { uow.audit().record(&event).await })
        });
        recorded.await.unwrap();
    }
    let left = async || {
        let mut left = 0;
        for n in 1..=2 {
            let list = try_unit(&store, tenant(n), |uow| Box::pin(uow.audit().list(None, 10)));
            left += list.await.unwrap().len();
        }
        left
    };
    let platform = store.platform();
    let before = START.minus(Duration::from_millis(1));
    assert_eq!((platform.forget_events(before, 10).await.unwrap(), left().await), (0, 6));
    assert_eq!((platform.forget_events(after(1), 3).await.unwrap(), left().await), (3, 3));
    assert_eq!((platform.forget_events(after(1), 3).await.unwrap(), left().await), (1, 2));
    assert_eq!((platform.forget_events(after(1), 3).await.unwrap(), left().await), (0, 2));
}

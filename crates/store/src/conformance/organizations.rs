//! Organizations: themselves, members, invitations, the trail.

use std::sync::Arc;

use futures_util::future::join_all;
use wax_kernel::{AccountId, EventId, Timestamp};
use wax_model::{Account, Action, Actor, AuditEvent, Membership, Role, Tenant};

use super::{fixtures::*, people::*};
use crate::{AuditFilter, Store};

/// Found by id and short name; its domains by host.
pub async fn an_organization_reads_back_as_written(store: Arc<dyn Store>) {
    let mut organization = founded(&store, 1).await;
    founded(&store, 2).await;
    let mut reader = store.read(tenant(1));
    assert_eq!(reader.organization().find().await.unwrap().as_ref(), Some(&organization));
    let domains = reader.organization().domains().await.unwrap();
    assert_eq!(
        domains.iter().map(|one| one.host.to_string()).collect::<Vec<_>>(),
        ["host-1.example"]
    );
    assert!(store.read(tenant(3)).organization().find().await.unwrap().is_none());

    organization.deletion_due_at = Some(after(7 * 86_400));
    organization.name = "改名".into();
    assert!(change(&store, 1, &organization).await);
    assert_eq!(reader.organization().find().await.unwrap().as_ref(), Some(&organization));
    let names = [organization.id.to_string(), organization.slug.clone()];
    for name in names {
        let asked = name.clone();
        let found = over_accounts(&store, move |unit| {
            let name = asked.clone();
            Box::pin(async move { unit.find_tenant(&name).await })
        });
        assert_eq!(found.await.as_ref(), Some(&organization), "{name}");
    }
}

async fn change(store: &Arc<dyn Store>, n: u64, to: &Tenant) -> bool {
    let to = to.clone();
    let changed = try_unit(store, tenant(n), move |uow| {
        let to = to.clone();
        Box::pin(async move { uow.organization().update(&to).await })
    });
    changed.await.unwrap()
}

/// Of those who race for it, too; a refusal writes nothing, and nobody's unit fails.
pub async fn a_short_name_is_one_organizations(store: Arc<dyn Store>) {
    for n in 1..=8 {
        founded(&store, n).await;
    }
    let taken = Tenant { slug: organization(2).slug, name: "Changed".into(), ..organization(1) };
    assert!(!change(&store, 1, &taken).await);
    let unchanged = store.read(tenant(1)).organization().find().await.unwrap();
    assert_eq!(unchanged, Some(organization(1)));
    let again = Tenant { slug: organization(2).slug, ..organization(9) };
    let made = over_accounts(&store, move |unit| {
        let again = again.clone();
        Box::pin(async move { unit.insert_tenant(&again).await })
    });
    assert!(!made.await);

    for round in 0..8 {
        let racers = (1..=8).map(|n| {
            let to = Tenant { slug: format!("wanted-{round}"), ..organization(n) };
            let store = Arc::clone(&store);
            async move { change(&store, n, &to).await }
        });
        let won = join_all(racers).await;
        assert_eq!(won.into_iter().filter(|won| *won).count(), 1, "round {round}");
    }
}

/// Once in each organization, and listed by when they joined.
pub async fn members_are_listed_by_when_they_joined(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    for n in 1..=9 {
        let account = if n == 2 { guarded(n) } else { account(n) };
        assert!(sign_up(&store, &account).await);
        // Three in each second.
        let joined = Membership { joined_at: after(n / 3), ..membership(n, Role::Member) };
        assert!(join(&store, 1, joined).await);
        assert!(!join(&store, 1, membership(n, Role::Owner)).await, "they are a member already");
    }
    add_passkey(&store, &passkey(1, account_id(3))).await;
    sign_in(&store, 1, 4, after(70)).await;
    sign_in(&store, 2, 4, after(50)).await;

    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.read(tenant(1)).organization().members(cursor, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        cursor = Some((last.membership.joined_at, last.membership.account));
        seen.extend(page);
    }
    let mut expected = (1..=9).collect::<Vec<_>>();
    expected.sort_by_key(|n| (n / 3, account_id(*n).to_string()));
    assert_eq!(seen.len(), expected.len());
    for (member, n) in seen.iter().zip(expected) {
        let Account { id, name, email, .. } = account(n);
        assert_eq!((member.membership.account, &member.name, &member.email), (id, &name, &email));
        assert_eq!(member.membership.role, Role::Member);
        assert_eq!(
            member.guarded,
            n == 2,
            "member {n}; the third has a passkey, and other ways in"
        );
        assert_eq!(member.last_seen_at, (n == 4).then(|| after(70)), "member {n}");
    }
}

/// Role and domain change, and removal is once.
pub async fn a_members_role_and_domain_change(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    signed_up(&store, 1).await;
    assert!(join(&store, 1, membership(1, Role::Member)).await);
    let confined = Membership { domain: Some(domain(1)), ..membership(1, Role::Auditor) };
    unit(&store, move |uow| {
        Box::pin(async move {
            assert!(uow.organization().update_member(&confined).await?);
            assert_eq!(uow.organization().member(account_id(1)).await?, Some(confined));
            assert!(!uow.organization().update_member(&membership(2, Role::Owner)).await?);
            assert_eq!(uow.organization().count_members(Role::Auditor).await?, 1);
            assert_eq!(uow.organization().count_members(Role::Owner).await?, 0);
            Ok(())
        })
    })
    .await;
    for expected in [true, false] {
        let removed =
            unit(&store, |uow| Box::pin(uow.organization().delete_member(account_id(1)))).await;
        assert_eq!(removed, expected);
    }
}

/// Only a domain of the organization itself confines a member or an invitation.
pub async fn nobody_is_confined_to_another_organizations_domain(store: Arc<dyn Store>) {
    for n in 1..=2 {
        founded(&store, n).await;
    }
    signed_up(&store, 1).await;
    let joined = try_unit(&store, tenant(1), |uow| {
        let foreign = Membership { domain: Some(domain(2)), ..membership(1, Role::Member) };
        Box::pin(async move { uow.organization().insert_member(&foreign).await })
    });
    assert!(joined.await.is_err());
    let invited = try_unit(&store, tenant(1), |uow| {
        let foreign = invitation(1, "ann@example.com", Some(domain(2)));
        Box::pin(async move { uow.organization().insert_invitation(&foreign).await })
    });
    assert!(invited.await.is_err());
    assert!(
        join(&store, 2, Membership { domain: Some(domain(2)), ..membership(1, Role::Member) })
            .await
    );
}

/// As the service does it: behind the organization's lock, who is still an owner takes the other's role.
async fn demote(store: &Arc<dyn Store>, by: AccountId, other: AccountId) -> bool {
    unit(store, move |uow| {
        Box::pin(async move {
            uow.organization().lock().await?;
            let role = |member: Option<Membership>| member.map(|member| member.role);
            if role(uow.organization().member(by).await?) != Some(Role::Owner)
                || role(uow.organization().member(other).await?) != Some(Role::Owner)
                || uow.organization().count_members(Role::Owner).await? < 2
            {
                return Ok(false);
            }
            let demoted = Membership { account: other, ..membership(1, Role::Admin) };
            uow.organization().update_member(&demoted).await
        })
    })
    .await
}

/// An organization keeps an owner.
pub async fn of_two_owners_who_demote_each_other_one_stays(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    for n in 1..=2 {
        signed_up(&store, n).await;
        assert!(join(&store, 1, membership(n, Role::Owner)).await);
    }
    let (ann, bo) = (account_id(1), account_id(2));
    for round in 0..20 {
        let both = futures_util::future::join(demote(&store, ann, bo), demote(&store, bo, ann));
        let (first, second) = both.await;
        assert!(first != second, "round {round}: {first}, {second}");
        unit(&store, move |uow| {
            Box::pin(async move {
                assert_eq!(uow.organization().count_members(Role::Owner).await?, 1);
                for n in 1..=2 {
                    uow.organization().update_member(&membership(n, Role::Owner)).await?;
                }
                Ok(())
            })
        })
        .await;
    }
}

/// Newest first; a new one to the same address replaces the old.
pub async fn an_invitation_stands_until_its_end(store: Arc<dyn Store>) {
    founded(&store, 1).await;
    let first = invitation(1, "Ann@Example.com", None);
    let second = invitation(2, "bo@example.com", Some(domain(1)));
    for one in [&first, &second] {
        invite(&store, 1, one).await;
    }
    let mut reader = store.read(tenant(1));
    let listed = reader.organization().invitations(START).await.unwrap();
    assert_eq!(listed, [second.clone(), first.clone()]);
    assert_eq!(listed[1].email.as_str(), first.email.as_str());
    let end = first.expires_at;
    for (now, stands) in [(end.minus(MS), true), (end, false)] {
        let found = reader.organization().invitation(first.id, now).await.unwrap();
        assert_eq!(found.is_some(), stands);
        let listed = reader.organization().invitations(now).await.unwrap();
        assert_eq!(listed.contains(&first), stands);
    }

    let newer = invitation(3, "ann@example.COM", None);
    invite(&store, 1, &newer).await;
    assert_eq!(reader.organization().invitations(START).await.unwrap(), [newer.clone(), second]);
    assert!(reader.organization().invitation(first.id, START).await.unwrap().is_none());
    for expected in [true, false] {
        let id = newer.id;
        let deleted = unit(&store, move |uow| {
            Box::pin(async move { uow.organization().delete_invitation(id).await })
        });
        assert_eq!(deleted.await, expected);
    }
}

fn event(n: u64) -> AuditEvent {
    let actors = [None, Some(actor(1)), Some(Actor::Key(api_key(1).id))];
    AuditEvent {
        id: event_id(n),
        at: after(n / 2),
        action: [Action::MemberJoined, Action::KeyMade][usize::try_from(n % 2).unwrap()],
        actor: actors[usize::try_from(n % 3).unwrap()],
        subject: format!("subject {}", n % 5),
        network: None,
    }
}

/// Each part of the filter alone and all at once, page by page.
pub async fn the_trail_is_filtered_and_listed_newest_first(store: Arc<dyn Store>) {
    let mut events = (0..60).map(event).collect::<Vec<_>>();
    let written = events.clone();
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
    events.sort_by_key(|event| std::cmp::Reverse((event.at, event.id.to_string())));
    let action = AuditFilter { action: Some(Action::KeyMade), ..AuditFilter::default() };
    let actor = AuditFilter { actor: Some(actor(1)), ..AuditFilter::default() };
    let subject = AuditFilter { subject: Some("subject 3".into()), ..AuditFilter::default() };
    let time = AuditFilter { from: Some(after(5)), to: Some(after(20)), ..AuditFilter::default() };
    let all = AuditFilter { action: action.action, actor: actor.actor, ..time.clone() };
    for filter in [AuditFilter::default(), action, actor, subject, time, all] {
        let wanted = events.iter().filter(|event| passes(&filter, event)).cloned();
        let wanted = wanted.collect::<Vec<_>>();
        assert!(!wanted.is_empty());
        assert_eq!(pages(&store, &filter).await, wanted, "{filter:?}");
    }
}

fn passes(filter: &AuditFilter, event: &AuditEvent) -> bool {
    filter.action.is_none_or(|action| event.action == action)
        && (filter.actor.is_none() || event.actor == filter.actor)
        && filter.subject.as_ref().is_none_or(|subject| event.subject == *subject)
        && filter.from.is_none_or(|from| event.at >= from)
        && filter.to.is_none_or(|to| event.at < to)
}

async fn pages(store: &Arc<dyn Store>, filter: &AuditFilter) -> Vec<AuditEvent> {
    let (mut seen, mut cursor): (Vec<_>, Option<(Timestamp, EventId)>) = (Vec::new(), None);
    loop {
        let page = store.read(tenant(1)).organization().events(filter, cursor, 4).await.unwrap();
        let Some(last) = page.last() else { return seen };
        cursor = Some((last.at, last.id));
        seen.extend(page);
    }
}

/// Nothing of it is found or changed from within another.
pub async fn another_organizations_things_are_out_of_reach(store: Arc<dyn Store>) {
    for n in 1..=2 {
        founded(&store, n).await;
        signed_up(&store, n).await;
    }
    assert!(join(&store, 1, membership(1, Role::Owner)).await);
    let invitation = invitation(1, "ann@example.com", None);
    invite(&store, 1, &invitation).await;
    let key = make_key(&store, 1, 1).await;
    unit(&store, |uow| Box::pin(async move { uow.audit().record(&event(1)).await })).await;

    let mut other = store.read(tenant(2));
    let other = other.organization();
    assert_eq!(other.find().await.unwrap(), Some(organization(2)));
    assert!(other.member(account_id(1)).await.unwrap().is_none());
    assert!(other.members(None, 200).await.unwrap().is_empty());
    assert!(other.invitations(START).await.unwrap().is_empty());
    assert!(other.invitation(invitation.id, START).await.unwrap().is_none());
    assert!(other.keys().await.unwrap().is_empty());
    assert!(other.key(key.id).await.unwrap().is_none());
    assert!(other.events(&AuditFilter::default(), None, 200).await.unwrap().is_empty());

    let changed = key.clone();
    let reached = try_unit(&store, tenant(2), move |uow| {
        let key = changed.clone();
        Box::pin(async move {
            let other = uow.organization();
            assert!(!other.update_member(&membership(1, Role::Auditor)).await?);
            assert!(!other.delete_member(account_id(1)).await?);
            assert_eq!(other.count_members(Role::Owner).await?, 0);
            assert!(!other.delete_invitation(invitation.id).await?);
            assert!(!other.update_key(&key).await?);
            assert!(!other.rotate_key(key.id, "wxk_evil", hash(9), after(60)).await?);
            other.touch_key(key.id, after(60)).await?;
            assert!(!other.delete_key(key.id).await?);
            // The row that is written is the proof's, whatever the argument says.
            let renamed =
                Tenant { name: "Renamed".into(), slug: "renamed".into(), ..organization(1) };
            other.update(&renamed).await
        })
    });
    assert!(reached.await.unwrap());
    let mut own = store.read(tenant(1));
    assert_eq!(own.organization().find().await.unwrap(), Some(organization(1)));
    assert_eq!(own.organization().key(key.id).await.unwrap(), Some(key));
    let member = own.organization().member(account_id(1)).await.unwrap();
    assert_eq!(member, Some(membership(1, Role::Owner)));
}

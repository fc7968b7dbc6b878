//! Tenants' claims to names.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use wax_kernel::{DomainId, HostPattern, Hostname, Timestamp};
use wax_model::{
    Brand, Color, Domain, Kind, Logo, LogoType, Role, Tenant,
    domain::{
        AxisChange, CertificateState, Checks, Creators, DomainDefaults, DomainEvent, DomainLimits,
        DomainSettings, Gate, Home, Ownership, Pointing, ProofToken, Transport,
        ownership::{HostClaim, Sighting, Vantage},
    },
};

use super::{fixtures::*, people::*};
use crate::{NewDomain, Sender, Store};

/// A name.
pub fn name(text: &str) -> HostPattern {
    HostPattern::parse(text).unwrap()
}

/// The `n`th domain, the `of`th organization's claim to a name: pending, and to be looked at from the start.
pub fn claim_to(n: u64, of: u64, host: &str) -> Domain {
    let tenant = tenant(of).tenant();
    let next_at = Some(after(n));
    Domain {
        claim: HostClaim::pending(domain(n), tenant, START),
        token: ProofToken {
            text: format!("token-{n}"),
            drawn_at: after(n),
            answers_contest: false,
        },
        label: format!("label-{n}"),
        pointing: Pointing::Unknown,
        checks: Checks { since: START, count: 0, last_at: None, next_at },
        ..Domain::given(domain(n), tenant, name(host), Transport::Acme, after(n))
    }
}

/// The same, further or less far.
pub fn owned(mut domain: Domain, ownership: Ownership) -> Domain {
    domain.claim.ownership = ownership;
    domain
}

/// The first `n` organizations, without any domain.
pub async fn organizations(store: &Arc<dyn Store>, n: u64) {
    for n in 1..=n {
        store.platform().ensure_tenant(&organization(n)).await.unwrap();
    }
}

/// Writes a new domain. `false`: it was not written.
pub async fn add(store: &Arc<dyn Store>, domain: &Domain) -> bool {
    let new = NewDomain { domain: domain.clone(), brand: Brand::plain("Plain") };
    over_accounts(store, move |unit| {
        let new = new.clone();
        Box::pin(async move { unit.domains().insert(&new).await })
    })
    .await
}

/// Writes what changed.
pub async fn update(store: &Arc<dyn Store>, domain: &Domain) -> bool {
    let domain = domain.clone();
    over_accounts(store, move |unit| {
        let domain = domain.clone();
        Box::pin(async move { unit.domains().update(&domain).await })
    })
    .await
}

/// Deletes a domain and tells edges: the change's number.
pub async fn bury(store: &Arc<dyn Store>, domain: &Domain, now: Timestamp) -> i64 {
    let domain = domain.clone();
    over_accounts(store, move |unit| {
        let domain = domain.clone();
        Box::pin(async move {
            unit.domains().bury(&domain, now).await?;
            unit.domains().announce(domain.id(), now).await
        })
    })
    .await
}

async fn claims(store: &Arc<dyn Store>, host: &str) -> Vec<Domain> {
    let host = name(host);
    over_accounts(store, move |unit| {
        let host = host.clone();
        Box::pin(async move { unit.domains().lock_host(&host).await })
    })
    .await
}

async fn found(store: &Arc<dyn Store>, id: DomainId) -> Option<Domain> {
    store.platform().domains().domain(id).await.unwrap()
}

/// With a value in everything that may have one, and no two alike.
fn full() -> Domain {
    let settings = DomainSettings {
        home: Home::Closed,
        creators: Creators::Members,
        defaults: DomainDefaults {
            lifetime_s: Some(u64::MAX),
            views: Some(3),
            kind: Some(Kind::OneTime),
        },
        limits: DomainLimits {
            max_lifetime_s: Some(60),
            max_views: Some(u32::MAX),
            kinds: Some(vec![Kind::OneTime, Kind::DeviceBound]),
            passphrase_required: true,
        },
        shows_member: true,
    };
    Domain {
        claim: HostClaim {
            ownership: Ownership::Contested,
            since: after(11),
            held_since: Some(after(12)),
            sighting: Some(Sighting { at: after(13), from: Vantage("東京 1".into()) }),
            contested_by: Some(domain(9)),
            turned_down_until: Some(after(14)),
            ..HostClaim::pending(domain(1), tenant(1).tenant(), START)
        },
        transport: Transport::Own,
        token: ProofToken { text: "other".into(), drawn_at: after(15), answers_contest: true },
        pointing: Pointing::Proxied,
        gate: Gate::Suspended,
        checks: Checks {
            since: after(16),
            count: u32::MAX,
            last_at: Some(after(17)),
            next_at: Some(after(18)),
        },
        settings,
        ..claim_to(1, 1, "*.xn--bcher-kva.example")
    }
}

/// When it is new, when everything has changed, and when nothing is left of what may be missing.
pub async fn a_domain_reads_back_as_written(store: Arc<dyn Store>) {
    organizations(&store, 1).await;
    let mut plain = claim_to(1, 1, "*.xn--bcher-kva.example");
    assert!(add(&store, &plain).await);
    let never = Checks { next_at: None, ..plain.checks };
    for changed in [plain.clone(), full(), {
        plain.checks = never;
        plain
    }] {
        assert!(update(&store, &changed).await);
        assert_eq!(found(&store, domain(1)).await.as_ref(), Some(&changed));
        let mut reader = store.read(tenant(1));
        assert_eq!(reader.domains().find(domain(1)).await.unwrap().as_ref(), Some(&changed));
        assert_eq!(claims(&store, "*.xn--bcher-kva.example").await, [changed]);
    }
    assert!(!update(&store, &claim_to(2, 1, "gone.example")).await);
    assert_eq!(found(&store, domain(2)).await, None);
}

/// One claim each; a wildcard is a name of its own.
pub async fn several_tenants_claim_one_name(store: Arc<dyn Store>) {
    organizations(&store, 3).await;
    let first = claim_to(1, 1, "a.example");
    let second = claim_to(2, 2, "a.example");
    for domain in [&second, &first, &claim_to(3, 1, "*.a.example")] {
        assert!(add(&store, domain).await);
    }
    assert!(!add(&store, &claim_to(4, 1, "a.example")).await, "it has the name");
    assert_eq!(claims(&store, "a.example").await, [first, second], "oldest first");
    let count = |of| {
        over_accounts(&store, move |unit| {
            Box::pin(async move { unit.domains().count(tenant(of).tenant()).await })
        })
    };
    assert_eq!((count(1).await, count(2).await, count(3).await), (2, 1, 0));
}

/// Whatever state it holds it in, and until it has lost it.
pub async fn a_name_has_one_holder(store: Arc<dyn Store>) {
    organizations(&store, 3).await;
    let [first, second] = [1, 2].map(|n| claim_to(n, n, "a.example"));
    assert!(add(&store, &first).await && add(&store, &second).await);
    for held in Ownership::ALL.iter().copied().filter(|ownership| ownership.holds()) {
        assert!(update(&store, &owned(first.clone(), held)).await);
        for wanted in Ownership::ALL.iter().copied() {
            let written = update(&store, &owned(second.clone(), wanted)).await;
            assert_eq!(written, !wanted.holds(), "{held:?} {wanted:?}");
        }
        assert!(update(&store, &second).await);
    }
    let born_held = owned(claim_to(3, 3, "a.example"), Ownership::Verified);
    assert!(!add(&store, &born_held).await);

    let (lost, won) = (owned(first, Ownership::Lapsed), owned(second, Ownership::Verified));
    let changed_hands = over_accounts(&store, move |unit| {
        let (lost, won) = (lost.clone(), won.clone());
        Box::pin(async move {
            Ok([unit.domains().update(&lost).await?, unit.domains().update(&won).await?])
        })
    });
    assert_eq!(changed_hands.await, [true, true]);
    let states = claims(&store, "a.example").await.into_iter().map(|one| one.claim.ownership);
    assert_eq!(states.collect::<Vec<_>>(), [Ownership::Lapsed, Ownership::Verified]);
}

/// Also if none of them locks the name first.
pub async fn of_claims_racing_to_hold_a_name_one_does(store: Arc<dyn Store>) {
    organizations(&store, 16).await;
    let racers: Vec<_> = (1..=16).map(|n| claim_to(n, n, "a.example")).collect();
    for racer in &racers {
        assert!(add(&store, racer).await);
    }
    let verified = racers.into_iter().map(|racer| owned(racer, Ownership::Verified));
    let verified: Vec<_> = verified.collect();
    let won = join_all(verified.iter().map(|racer| update(&store, racer))).await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let holders = claims(&store, "a.example").await;
    let holders: Vec<_> = holders.iter().filter(|one| one.claim.ownership.holds()).collect();
    let winner = verified.iter().zip(&won).find(|(_, won)| **won).map(|(racer, _)| racer);
    assert_eq!(holders, winner.into_iter().collect::<Vec<_>>());
}

/// To any name of any tenant; domains that need none share nothing.
pub async fn a_label_is_given_out_once(store: Arc<dyn Store>) {
    organizations(&store, 2).await;
    let first = claim_to(1, 1, "a.example");
    assert!(add(&store, &first).await);
    let same = Domain { label: first.label.clone(), ..claim_to(2, 2, "b.example") };
    assert!(!add(&store, &same).await);
    for n in [3, 4] {
        let without = Domain { label: String::new(), ..claim_to(n, 1, &format!("{n}.example")) };
        assert!(add(&store, &without).await);
    }
}

/// Each once, while others are added.
pub async fn domains_are_listed_by_name(store: Arc<dyn Store>) {
    organizations(&store, 2).await;
    for (n, host) in [(1, "d.example"), (2, "*.d.example"), (3, "a.example"), (4, "b.example")] {
        assert!(add(&store, &claim_to(n, 1, host)).await);
    }
    assert!(add(&store, &claim_to(5, 2, "a.example")).await);
    let mut reader = store.read(tenant(1));
    let page = reader.domains().list(None, 2).await.unwrap();
    let hosts = |page: &[Domain]| page.iter().map(|one| one.host.to_string()).collect::<Vec<_>>();
    assert_eq!(hosts(&page), ["*.d.example", "a.example"]);
    assert!(add(&store, &claim_to(6, 1, "aa.example")).await);
    let rest = reader.domains().list(Some(&page[1].host), 200).await.unwrap();
    assert_eq!(hosts(&rest), ["aa.example", "b.example", "d.example"]);
    let all = reader.organization().domains().await.unwrap();
    assert_eq!(all, [page, rest].concat());
}

fn event(n: u64, of: u64, at: Timestamp, change: AxisChange) -> DomainEvent {
    let by_hand = n.is_multiple_of(2);
    DomainEvent {
        id: event_id(n),
        domain: domain(of),
        at,
        change,
        actor: by_hand.then(|| actor(n)),
        code: by_hand.then(|| "points-elsewhere".into()),
        evidence: by_hand.then(|| r#"{"servers":["日本"]}"#.into()),
    }
}

async fn record(store: &Arc<dyn Store>, of: &Domain, event: &DomainEvent) {
    let (of, event) = (of.clone(), event.clone());
    over_accounts(store, move |unit| {
        let (of, event) = (of.clone(), event.clone());
        Box::pin(async move { unit.domains().record(&of, &event).await })
    })
    .await;
}

/// By the organization's and the account's rows; a look has no part in it, and who is no member any more has no name.
pub async fn who_sends_is_told_from_the_rows_of_the_server(store: Arc<dyn Store>) {
    organizations(&store, 2).await;
    let mut own = claim_to(1, 1, "*.a.example");
    let given =
        Domain::given(domain(2), tenant(1).tenant(), name("b.example"), Transport::Acme, START);
    assert!(add(&store, &own).await && add(&store, &given).await);
    for n in [1, 2] {
        signed_up(&store, n).await;
    }
    assert!(join(&store, 1, membership(1, Role::Member)).await);
    let asked = async |of, n, member: Option<u64>| {
        store.read(tenant(of)).domains().sender(domain(n), member.map(account_id)).await.unwrap()
    };
    let nameless = Sender {
        organization: "Organization 1".into(),
        host: name("*.a.example"),
        proven_since: Some(START),
        shows_member: false,
        member: None,
    };
    let named = Sender { member: Some("蜜蝋 1".into()), ..nameless.clone() };
    assert_eq!(asked(1, 1, Some(1)).await.as_ref(), Some(&named));
    for nobody in [None, Some(2), Some(9)] {
        assert_eq!(asked(1, 1, nobody).await.as_ref(), Some(&nameless), "{nobody:?}");
    }
    own.settings.shows_member = true;
    assert!(update(&store, &own).await);
    assert!(asked(1, 1, None).await.is_some_and(|sender| sender.shows_member));
    let without = Sender { host: name("b.example"), proven_since: None, ..nameless };
    assert_eq!(asked(1, 2, None).await, Some(without), "it was given, not proved");
    assert_eq!((asked(2, 1, None).await, asked(1, 9, None).await), (None, None));
}

/// A contest that its holder wins is none; other axes and other domains have no part in it.
pub async fn a_domain_is_proven_since_its_last_proof_without_a_break(store: Arc<dyn Store>) {
    use Ownership::{Contested, Held, Pending, Verified};
    organizations(&store, 1).await;
    let [own, other] = [(1, "a.example"), (2, "b.example")].map(|(n, host)| claim_to(n, 1, host));
    assert!(add(&store, &own).await && add(&store, &other).await);
    let since = async || {
        let sender = store.read(tenant(1)).domains().sender(domain(1), None).await.unwrap();
        sender.and_then(|sender| sender.proven_since)
    };
    assert_eq!(since().await, Some(START), "its row, while there is no history");
    record(&store, &other, &event(9, 2, after(99), AxisChange::Ownership(Pending, Verified))).await;
    for (n, was, became, expected) in [
        (1, Pending, Verified, 1),
        (2, Verified, Contested, 1),
        (3, Contested, Verified, 1),
        (4, Verified, Held, 1),
        (5, Held, Verified, 5),
    ] {
        record(&store, &own, &event(n, 1, after(n), AxisChange::Ownership(was, became))).await;
        assert_eq!(since().await, Some(after(expected)), "{was:?} {became:?}");
    }
    let gate = AxisChange::Gate(Gate::Suspended, Gate::Open);
    record(&store, &own, &event(6, 1, after(6), gate)).await;
    assert_eq!(since().await, Some(after(5)));
}

/// Page by page; those of one millisecond are neither skipped nor repeated.
pub async fn a_domains_history_is_listed_newest_first(store: Arc<dyn Store>) {
    organizations(&store, 1).await;
    let [own, other] = [(1, "a.example"), (2, "b.example")].map(|(n, host)| claim_to(n, 1, host));
    assert!(add(&store, &own).await && add(&store, &other).await);
    let changes = [
        AxisChange::Ownership(Ownership::Pending, Ownership::Verified),
        AxisChange::Pointing(Pointing::Unknown, Pointing::Nxdomain),
        AxisChange::Certificate(CertificateState::None, CertificateState::Queued),
        AxisChange::Gate(Gate::Open, Gate::Suspended),
    ];
    let mut events: Vec<_> =
        (1..).zip(changes).map(|(n, change)| event(n, 1, after(n / 3), change)).collect();
    for event in &events {
        record(&store, &own, event).await;
    }
    record(&store, &other, &event(9, 2, START, changes[3])).await;
    events.sort_by_key(|event| std::cmp::Reverse((event.at, event.id.to_string())));

    let mut reader = store.read(tenant(1));
    let mut listed: Vec<DomainEvent> = Vec::new();
    loop {
        let before = listed.last().map(|event| (event.at, event.id));
        let page = reader.domains().history(domain(1), before, 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    assert_eq!(listed, events);
}

/// There is none before the first check, and one after every other.
pub async fn a_report_replaces_the_one_before(store: Arc<dyn Store>) {
    organizations(&store, 1).await;
    assert!(add(&store, &claim_to(1, 1, "a.example")).await);
    let mut reader = store.read(tenant(1));
    assert_eq!(reader.domains().report(domain(1)).await.unwrap(), None);
    for report in [r#"{"verdict":"act"}"#, r#"{"verdict":"ready","見":"✓"}"#] {
        over_accounts(&store, move |unit| {
            Box::pin(async move {
                unit.domains().keep_report(domain(1), report).await?;
                // Whose domain has gone meanwhile.
                unit.domains().keep_report(domain(2), report).await
            })
        })
        .await;
        assert_eq!(reader.domains().report(domain(1)).await.unwrap().as_deref(), Some(report));
    }
    assert_eq!(reader.domains().report(domain(2)).await.unwrap(), None);
}

/// Words, colour and logo.
pub async fn a_domains_look_is_replaced(store: Arc<dyn Store>) {
    organizations(&store, 1).await;
    let own = claim_to(1, 1, "a.example");
    assert!(add(&store, &own).await);
    let logo = Logo { content_type: LogoType::Webp, bytes: bytes::<4_096>(21, 1).to_vec() };
    let full = Brand { accent: Color([1, 2, 3]), logo: Some(logo), ..Brand::plain("蝋") };
    for brand in [full, Brand::plain("Waxseal")] {
        let (own, new) = (own.clone(), brand.clone());
        over_accounts(&store, move |unit| {
            let (own, new) = (own.clone(), new.clone());
            Box::pin(async move { unit.domains().set_brand(&own, &new).await })
        })
        .await;
        assert_eq!(store.read(tenant(1)).domains().brand(domain(1)).await.unwrap(), Some(brand));
    }
}

/// Neither of what it was nor of whom it confined; others keep theirs. That no table was forgotten, the adapters test.
pub async fn a_buried_domain_leaves_nothing(store: Arc<dyn Store>) {
    organizations(&store, 2).await;
    let own = owned(claim_to(1, 1, "a.example"), Ownership::Verified);
    let [beside, elsewhere] = [claim_to(2, 1, "b.example"), claim_to(3, 2, "a.example")];
    for domain in [&own, &beside, &elsewhere] {
        assert!(add(&store, domain).await);
    }
    for n in [1, 2] {
        signed_up(&store, n).await;
        let confined =
            wax_model::Membership { domain: Some(domain(n)), ..membership(n, Role::Auditor) };
        assert!(join(&store, 1, confined).await);
        let email = format!("ann-{n}@example.com");
        invite(&store, 1, &invitation(n, &email, Some(domain(n)))).await;
    }
    bury(&store, &own, START).await;

    assert_eq!(found(&store, domain(1)).await, None);
    let mut reader = store.read(tenant(1));
    assert_eq!(reader.domains().list(None, 200).await.unwrap(), [beside]);
    assert_eq!(reader.domains().brand(domain(1)).await.unwrap(), None);
    let members = reader.organization().members(None, 200).await.unwrap();
    assert_eq!(
        members.iter().map(|one| one.membership.account).collect::<Vec<_>>(),
        [account_id(2)]
    );
    let invitations = reader.organization().invitations(START).await.unwrap();
    assert_eq!(invitations.iter().map(|one| one.domain).collect::<Vec<_>>(), [Some(domain(2))]);
    assert!(update(&store, &owned(elsewhere, Ownership::Verified)).await, "the name is free");
    assert!(add(&store, &claim_to(4, 1, "a.example")).await);
}

/// However many say it at once, and again when it is another domain's.
pub async fn what_a_feed_shows_of_a_domain_is_written_once(store: Arc<dyn Store>) {
    organizations(&store, 2).await;
    let (one, other) = (claim_to(1, 1, "a.example"), claim_to(2, 2, "a.example"));
    assert!(add(&store, &one).await && add(&store, &other).await);
    let sight = |of: &Domain, about: &'static str, now: Timestamp| {
        let of = of.clone();
        over_accounts(&store, move |unit| {
            let of = of.clone();
            Box::pin(async move { unit.domains().sight(&of, about, now).await })
        })
    };
    let racing = join_all((0..8).map(|_| sight(&one, "foreign 1", after(1)))).await;
    assert_eq!(racing.into_iter().flatten().collect::<Vec<_>>(), [1], "by one of them");
    assert_eq!(sight(&one, "like b.example", after(2)).await, Some(2));
    assert_eq!(sight(&other, "foreign 1", after(2)).await, Some(1), "another's");
    let day = Duration::from_hours(24);
    assert_eq!(sight(&one, "foreign 2", after(2).plus(day)).await, Some(1), "of one day");
    assert_eq!(sight(&one, "foreign 1", after(2).plus(day * 365)).await, None);
    bury(&store, &one, after(3)).await;
    assert!(add(&store, &claim_to(3, 1, "a.example")).await, "nothing hinders it");
}

/// Per feed.
pub async fn how_far_a_feed_was_read_is_kept(store: Arc<dyn Store>) {
    let platform = store.platform().domains();
    assert_eq!(platform.feed_position("/var/feed").await.unwrap(), 0);
    for position in [7, u64::from(u32::MAX) + 1, 3] {
        platform.set_feed_position("/var/feed", position).await.unwrap();
        assert_eq!(platform.feed_position("/var/feed").await.unwrap(), position);
    }
    assert_eq!(platform.feed_position("https://feed.example").await.unwrap(), 0);
}

/// By one of many workers; and again, should it die.
pub async fn a_due_check_is_taken_once(store: Arc<dyn Store>) {
    organizations(&store, 1).await;
    let mut due: Vec<_> = (1..=4).map(|n| claim_to(n, 1, &format!("{n}.example"))).collect();
    for domain in &due {
        assert!(add(&store, domain).await);
    }
    let platform = store.platform().domains();
    let again_at = after(60);
    assert_eq!(platform.take_due_check(after(1).minus(MS), again_at).await.unwrap(), None);
    let taken = join_all((0..16).map(|_| platform.take_due_check(after(3), again_at))).await;
    let mut taken: Vec<_> = taken.into_iter().filter_map(Result::unwrap).collect();
    taken.sort_by_key(|domain| domain.created_at);
    for domain in &mut due[..3] {
        domain.checks.next_at = Some(again_at);
    }
    assert_eq!(taken, due[..3], "as they are, but for the next check");

    let first = platform.take_due_check(again_at, after(120)).await.unwrap().unwrap();
    assert_eq!(first.id(), domain(4), "the longest due");
    let again = join_all((0..8).map(|_| platform.take_due_check(again_at, after(120)))).await;
    assert_eq!(again.into_iter().filter_map(Result::unwrap).count(), 3, "nobody finished them");
}

async fn next_check(store: &Arc<dyn Store>, n: u64) -> Option<Timestamp> {
    found(store, domain(n)).await.unwrap().checks.next_at
}

/// Every claim of it, also under a wildcard; nobody else's, and none that waits for nothing.
pub async fn a_handshake_hastens_a_waiting_names_check(store: Arc<dyn Store>) {
    organizations(&store, 2).await;
    let later = Some(after(3_600));
    let names = [
        (1, 1, "a.b.example"),
        (2, 2, "a.b.example"),
        (3, 1, "*.b.example"),
        (4, 1, "b.example"),
        (5, 1, "*.example"),
    ];
    for (n, of, host) in names {
        let mut waiting = claim_to(n, of, host);
        waiting.checks.next_at = later;
        assert!(add(&store, &waiting).await);
    }
    let (platform, now) = (store.platform().domains(), after(60));
    let host = Hostname::parse("a.b.example").unwrap();
    let hastened = join_all((0..8).map(|_| platform.hasten(&host, START, now))).await;
    assert_eq!(hastened.into_iter().map(Result::unwrap).sum::<u64>(), 3, "once each");
    for (n, next) in [(1, Some(now)), (2, Some(now)), (3, Some(now)), (4, later), (5, later)] {
        assert_eq!(next_check(&store, n).await, next, "{n}");
    }
    let unknown = Hostname::parse("unknown.test").unwrap();
    assert_eq!(platform.hasten(&unknown, START, now).await.unwrap(), 0);
}

/// However many handshakes there are, and whether the check says anything or not.
pub async fn a_name_is_hastened_once_in_a_while(store: Arc<dyn Store>) {
    organizations(&store, 2).await;
    let mut own = claim_to(1, 1, "a.example");
    own.checks.next_at = Some(after(3_600));
    let held = owned(claim_to(2, 2, "a.example"), Ownership::Verified);
    assert!(add(&store, &own).await && add(&store, &held).await);
    let platform = store.platform().domains();
    let host = Hostname::parse("a.example").unwrap();
    let hasten = async |now: Timestamp| {
        platform.hasten(&host, now.minus(Duration::from_mins(1)), now).await.unwrap()
    };
    assert_eq!(hasten(after(60)).await, 1);
    // The check says nothing.
    assert_eq!(
        platform.take_due_check(after(60), after(3_600)).await.unwrap().unwrap().id(),
        domain(2)
    );
    assert_eq!(
        platform.take_due_check(after(60), after(3_600)).await.unwrap().unwrap().id(),
        domain(1)
    );
    assert_eq!((hasten(after(61)).await, hasten(after(119)).await), (0, 0));
    assert_eq!(hasten(after(120)).await, 1);
    // The next one does.
    own.checks = Checks { last_at: Some(after(150)), count: 2, ..own.checks };
    assert!(update(&store, &own).await);
    assert_eq!((hasten(after(180)).await, hasten(after(209)).await), (0, 0));
    assert_eq!(hasten(after(210)).await, 1);
}

/// A member sees how many would be lost.
pub async fn live_secrets_of_a_domain_are_counted(store: Arc<dyn Store>) {
    for n in 1..=4 {
        let mut new = secret(n, 1);
        new.secret.domain = domain(if n == 4 { 2 } else { 1 });
        assert!(create(&store, tenant(1), &new).await);
    }
    bound(&store, 5).await;
    assert!(burn(&store, secret(1, 1).secret.id, START).await);
    let live =
        async |of, n| store.read(tenant(of)).domains().live_secrets(domain(n)).await.unwrap();
    assert_eq!((live(1, 1).await, live(1, 2).await, live(1, 3).await), (3, 1, 0));
    assert_eq!(live(2, 1).await, 0);
}

/// By any id, whatever is asked.
pub async fn another_tenants_domains_are_out_of_reach(store: Arc<dyn Store>) {
    organizations(&store, 2).await;
    let own = owned(claim_to(1, 1, "a.example"), Ownership::Verified);
    assert!(add(&store, &own).await);
    let change = AxisChange::Gate(Gate::Open, Gate::Suspended);
    record(&store, &own, &event(1, 1, START, change)).await;
    over_accounts(&store, |unit| {
        Box::pin(async move {
            unit.domains().keep_report(domain(1), "{}").await?;
            unit.domains().announce(domain(1), START).await
        })
    })
    .await;

    let mut reader = store.read(tenant(2));
    let domains = reader.domains();
    assert_eq!(domains.find(domain(1)).await.unwrap(), None);
    assert_eq!(domains.list(None, 200).await.unwrap(), []);
    assert_eq!(domains.report(domain(1)).await.unwrap(), None);
    assert_eq!(domains.brand(domain(1)).await.unwrap(), None);
    assert_eq!(domains.history(domain(1), None, 200).await.unwrap(), []);
    assert_eq!(reader.organization().domains().await.unwrap(), []);
    assert_eq!(
        store.read(tenant(1)).domains().history(domain(1), None, 200).await.unwrap().len(),
        1
    );
}

/// `<slug>.<suffix>`, which follows the short name.
pub async fn organizations_without_their_host_are_found_until_they_have_it(store: Arc<dyn Store>) {
    organizations(&store, 3).await;
    let suffix = Hostname::parse("houses.example").unwrap();
    let without = async |limit| {
        let found = store.platform().domains().tenants_without_host(&suffix, limit).await.unwrap();
        found.into_iter().map(|tenant| tenant.id).collect::<Vec<_>>()
    };
    let mut all = [1, 2, 3].map(|n| tenant(n).tenant());
    all.sort_by_key(ToString::to_string);
    assert_eq!(without(9).await, all);
    assert_eq!(without(2).await, all[..2]);
    for n in 1..=2 {
        let host = format!("{}.{suffix}", organization(n).slug);
        assert!(add(&store, &owned(claim_to(n, n, &host), Ownership::Verified)).await);
    }
    assert_eq!(without(9).await, [tenant(3).tenant()]);
    let renamed = Tenant { slug: "another".into(), ..organization(1) };
    let scope = tenant(1);
    let work = store.write(&scope, move |uow| {
        let renamed = renamed.clone();
        Box::pin(async move { uow.organization().update(&renamed).await })
    });
    assert!(work.await.unwrap());
    assert_eq!(without(9).await.len(), 2);
}

//! What an order store promises, on every database that we have and in memory.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

use std::{sync::Arc, time::Duration};

use wax_acme::{
    AccountThumbprint, Answer, Bucket, Budget, Certificate, Chain, Change, Charge, Detail, Facts,
    InUse, Issuance, IssuerId, Lane, Lease, MemoryOrders, Method, OrderStore, Plan, Reason,
    SealedKey, Step, StoreFault, StoredAccount, Token, Trouble, Validity,
};
use wax_kernel::{CertificateId, DomainId, HostPattern, Rng, SeededRng, TenantId, Timestamp};
use wax_model::{
    Brand, Domain, Tenant, TenantScope,
    domain::{AxisChange, CertificateState, DomainEvent, Transport},
};
use wax_store::{DomainPlatform, NewDomain, Store as _};
use wax_store_sql::{Settings, SqlStore};
use wax_testkit::database::PostgresDatabase;

const NOW: Timestamp = Timestamp::from_ms(1_795_363_200_000);
const LATER: Timestamp = Timestamp::from_ms(1_795_363_290_000);

fn issuance(n: u64, lane: Lane) -> Issuance {
    let rng: &dyn Rng = &SeededRng::new(n);
    let name = HostPattern::parse(&format!("h{n}.d{n}.example")).unwrap();
    let (domain, tenant) = (DomainId::random(rng), TenantId::random(rng));
    Issuance::first(domain, tenant, name, IssuerId::new("ca"), lane, NOW)
}

async fn claimed(store: &Arc<dyn OrderStore>, now: Timestamp) -> (Issuance, Lease) {
    store.claim(now, now.plus(Duration::from_secs(90))).await.unwrap().expect("one is due")
}

async fn an_issuance_is_added_once_and_reads_back(store: Arc<dyn OrderStore>) {
    let one = issuance(1, Lane::New);
    assert!(store.add(&one).await.unwrap());
    let other = Issuance { lane: Lane::Bulk, ..one.clone() };
    assert!(!store.add(&other).await.unwrap());
    assert_eq!(store.issuance(&one.domain).await.unwrap(), Some(one));
    assert_eq!(store.issuance(&issuance(2, Lane::New).domain).await.unwrap(), None);
}

async fn the_most_urgent_that_is_due_is_claimed_and_by_one_only(store: Arc<dyn OrderStore>) {
    let (bulk, new) = (issuance(1, Lane::Bulk), issuance(2, Lane::New));
    let not_yet = Issuance { next_at: LATER, ..issuance(3, Lane::Expiring) };
    for one in [&bulk, &new, &not_yet] {
        assert!(store.add(one).await.unwrap());
    }
    assert_eq!(claimed(&store, NOW).await.0, new);
    assert_eq!(claimed(&store, NOW).await.0, bulk);
    assert_eq!(store.claim(NOW, LATER).await.unwrap(), None);
    assert_eq!(claimed(&store, LATER).await.0, not_yet, "also before those whose lease is over");
}

async fn who_has_lost_the_lease_writes_nothing(store: Arc<dyn OrderStore>) {
    let one = issuance(1, Lane::New);
    assert!(store.add(&one).await.unwrap());
    let (_, first) = claimed(&store, NOW).await;
    let (_, second) = claimed(&store, LATER).await;
    let mine = Issuance { next_at: Timestamp::from_ms(7), ..one.clone() };
    let change = || Change::to(mine.clone(), None);
    let charges = [charge("", 100)];
    assert_eq!(store.save(&first, change(), NOW).await, Err(StoreFault::Lost));
    assert_eq!(store.spend(&first, change(), &charges, NOW).await, Err(StoreFault::Lost));
    assert_eq!(store.issuance(&one.domain).await.unwrap(), Some(one));
    assert_eq!(store.save(&second, change(), NOW).await, Ok(()));
    assert_eq!(
        store.save(&second, change(), NOW).await,
        Err(StoreFault::Lost),
        "it was given back"
    );
}

async fn a_lease_that_is_prolonged_is_nobody_elses(store: Arc<dyn OrderStore>) {
    let one = issuance(1, Lane::New);
    assert!(store.add(&one).await.unwrap());
    let (_, lease) = claimed(&store, NOW).await;
    let until = LATER.plus(Duration::from_secs(1));
    store.save(&lease, Change::to(one.clone(), Some(until)), NOW).await.unwrap();
    assert_eq!(store.claim(LATER, until).await.unwrap(), None);
    assert_eq!(claimed(&store, until).await.0, one);
}

fn charge(key: &str, capacity: i64) -> Charge {
    let bucket =
        Bucket { issuer: IssuerId::new("ca"), budget: Budget::Orders, key: key.to_owned() };
    Charge { bucket, interval_ms: 60_000, capacity }
}

async fn the_ledger_is_charged_with_the_row_or_not_at_all(store: Arc<dyn OrderStore>) {
    let one = issuance(1, Lane::Expiring);
    assert!(store.add(&one).await.unwrap());
    let (_, lease) = claimed(&store, NOW).await;
    let ordering = Issuance { step: Step::Ordering, ..one.clone() };
    let change = || Change::to(ordering.clone(), Some(LATER));
    let charges = [charge("wide", 100), charge("narrow", 1)];
    assert_eq!(store.spend(&lease, change(), &charges, NOW).await, Ok(Ok(())));
    assert_eq!(store.issuance(&one.domain).await.unwrap(), Some(ordering.clone()));

    let queued = Change::to(one.clone(), Some(LATER));
    let arrival = |key: &str| (charge(key, 1).bucket, NOW.plus(Duration::from_secs(60)));
    let known = store.buckets(&[charges[0].clone(), charges[1].clone(), charge("full", 1)]).await;
    assert_eq!(known.unwrap(), [arrival("wide"), arrival("narrow")].into());

    let wait = store.spend(&lease, queued, &charges, NOW).await.unwrap().unwrap_err();
    assert_eq!(
        (wait.bucket.key.as_str(), wait.until),
        ("narrow", NOW.plus(Duration::from_secs(60)))
    );
    assert_eq!(store.issuance(&one.domain).await.unwrap(), Some(ordering.clone()), "untouched");

    let back = Change { give_back: vec![charge("narrow", 1)], ..change() };
    store.save(&lease, back, NOW).await.unwrap();
    assert_eq!(store.spend(&lease, change(), &charges, NOW).await, Ok(Ok(())));
    let again = Change { give_back: vec![charge("narrow", 1)], ..change() };
    assert_eq!(store.spend(&lease, again, &charges, NOW).await, Ok(Ok(())), "given back and taken");

    let empty = Change {
        empty: Some((charge("wide", 100).bucket, LATER.plus(Duration::from_secs(6_000)))),
        ..change()
    };
    store.save(&lease, empty, NOW).await.unwrap();
    let wait =
        store.spend(&lease, change(), &[charge("wide", 100)], NOW).await.unwrap().unwrap_err();
    assert!(wait.until > LATER);
}

async fn many_at_once_never_take_more_than_there_is(store: Arc<dyn OrderStore>) {
    let mut leases = Vec::new();
    for n in 0..16 {
        assert!(store.add(&issuance(n, Lane::Expiring)).await.unwrap());
        leases.push(claimed(&store, NOW).await);
    }
    let spending = leases.into_iter().map(|(issuance, lease)| {
        let store = Arc::clone(&store);
        async move {
            let change = Change::to(issuance, Some(LATER));
            store.spend(&lease, change, &[charge("", 5)], NOW).await.unwrap().is_ok()
        }
    });
    let granted = futures_util::future::join_all(spending).await;
    assert_eq!(granted.iter().filter(|granted| **granted).count(), 5);
}

async fn a_certificate_comes_with_its_row_and_the_last_is_found(store: Arc<dyn OrderStore>) {
    let one = issuance(1, Lane::New);
    assert!(store.add(&one).await.unwrap());
    assert_eq!(store.certificate(&one.domain).await.unwrap(), None);
    let (_, lease) = claimed(&store, NOW).await;
    for n in [2, 3, 1] {
        let certificate = certificate(&one, n);
        let change = Change::to(one.clone(), Some(LATER));
        store.save(&lease, Change { certificate: Some(certificate), ..change }, NOW).await.unwrap();
    }
    assert_eq!(store.certificate(&one.domain).await.unwrap(), Some(certificate(&one, 1)));
}

fn certificate(issuance: &Issuance, n: u64) -> Certificate {
    let ends = NOW.plus(Duration::from_secs(86_400 * n));
    Certificate {
        id: CertificateId::random(&SeededRng::new(n)),
        domain: issuance.domain,
        name: issuance.name.clone(),
        issuer: Some(IssuerId::new("ca")),
        chain: Chain::from_pem(include_str!("chain.pem")).unwrap(),
        key: SealedKey::from_bytes(vec![1, 2, 3]),
        facts: Facts {
            validity: Validity { not_before: NOW, not_after: ends },
            names: vec![issuance.name.to_string()],
            issuer: "CN=root".to_owned(),
            ari: None,
            rsa: false,
        },
    }
}

fn answer(issuance: &Issuance, token: &str) -> Answer {
    Answer {
        method: Method::Http01,
        name: issuance.name.clone(),
        token: Token::parse(token).unwrap(),
        account: AccountThumbprint::from_text("thumbprint".to_owned()),
    }
}

fn publishing(issuance: &Issuance, answer: &Answer) -> Issuance {
    let step = Step::Publishing { order: "https://ca.example/1".into(), answer: answer.clone() };
    Issuance { step, ..issuance.clone() }
}

async fn answers_and_certificates_of_many_domains_are_read_at_once(store: Arc<dyn OrderStore>) {
    let all = [1, 2, 3].map(|n| issuance(n, Lane::New));
    let answers = [0, 1].map(|of| answer(&all[of], &format!("token-{of}")));
    // The one that came last is shown, whichever ends last.
    let ends = [&[15, 17, 16][..], &[22], &[33]];
    for (of, one) in all.iter().enumerate() {
        assert!(store.add(one).await.unwrap());
        let (one, lease) = claimed(&store, NOW).await;
        let to = answers.get(of).map_or(one.clone(), |answer| publishing(&one, answer));
        for ends in ends[of] {
            let certificate = Some(certificate(&one, *ends));
            let change = Change { certificate, ..Change::to(to.clone(), Some(LATER)) };
            store.save(&lease, change, NOW).await.unwrap();
        }
    }
    let mut asked: Vec<_> = (100..1_097).map(|n| issuance(n, Lane::New).domain).collect();
    assert_eq!(store.certificates(&asked).await.unwrap(), []);
    assert_eq!(store.answers(&asked).await.unwrap(), []);
    assert_eq!(store.certificates(&[]).await.unwrap(), []);
    asked.extend(all.iter().map(|one| one.domain));
    let mut found = store.certificates(&asked).await.unwrap();
    found.sort_by_key(|one| one.facts.validity.not_after);
    let expected = [(0, 16), (1, 22), (2, 33)].map(|(of, n)| certificate(&all[of], n));
    assert_eq!(found, expected);
    let mut found = store.answers(&asked).await.unwrap();
    found.sort_by_key(|(_, answer)| answer.token.as_str().to_owned());
    let [one, two] = answers;
    assert_eq!(found, [(all[0].domain, one), (all[1].domain, two)]);
}

async fn what_is_mended_goes_on_at_once_and_nothing_else(store: Arc<dyn OrderStore>) {
    let waiting = Issuance { next_at: LATER, ..issuance(1, Lane::New) };
    let blocked = Issuance { step: Step::Blocked, next_at: LATER, ..issuance(2, Lane::New) };
    let active = Issuance { step: Step::Active, next_at: LATER, ..issuance(3, Lane::New) };
    for one in [&waiting, &blocked, &active] {
        assert!(store.add(one).await.unwrap());
    }
    for (one, mended) in [(&waiting, true), (&blocked, true), (&active, false)] {
        assert_eq!(store.mend(&one.domain, NOW).await.unwrap(), mended);
    }
    assert!(!store.mend(&issuance(4, Lane::New).domain, NOW).await.unwrap());
    for _ in 0..2 {
        assert_eq!(claimed(&store, NOW).await.0.step, Step::Queued);
    }
    assert_eq!(store.claim(NOW, LATER).await.unwrap(), None);
}

async fn what_is_brought_takes_the_place_of_everything_and_is_cleared_with_what_follows_it(
    store: Arc<dyn OrderStore>,
) {
    let one = issuance(1, Lane::New);
    assert!(store.add(&one).await.unwrap());
    let (_, lease) = claimed(&store, NOW).await;
    let change = Change::to(one.clone(), Some(LATER));
    let ordered = Change { certificate: Some(certificate(&one, 9)), ..change.clone() };
    store.save(&lease, ordered, NOW).await.unwrap();
    let own = Certificate { issuer: None, ..certificate(&one, 5) };
    store.bring(&one.tenant, &own, None).await.unwrap();
    assert_eq!(store.certificate(&one.domain).await.unwrap(), Some(own));
    assert_eq!(store.issuance(&one.domain).await.unwrap(), None);
    assert_eq!(
        store.save(&lease, change, NOW).await,
        Err(StoreFault::Lost),
        "it is nobody's order"
    );
    let next = Certificate { issuer: None, ..certificate(&one, 6) };
    let successor = Issuance { next_at: LATER, ..one.clone() };
    store.bring(&one.tenant, &next, Some(&successor)).await.unwrap();
    assert_eq!(store.issuance(&one.domain).await.unwrap(), Some(successor));
    assert!(store.clear(&one.domain).await.unwrap());
    assert_eq!(store.certificate(&one.domain).await.unwrap(), None);
    assert_eq!(store.issuance(&one.domain).await.unwrap(), None);
    assert!(!store.clear(&one.domain).await.unwrap());
}

async fn those_that_wait_for_their_first_certificate_are_counted(store: Arc<dyn OrderStore>) {
    let tenant = issuance(1, Lane::New).tenant;
    assert_eq!(store.waiting(&tenant).await.unwrap(), 0);
    for n in 1..=3 {
        assert!(store.add(&Issuance { tenant, ..issuance(n, Lane::New) }).await.unwrap());
    }
    assert_eq!(store.waiting(&tenant).await.unwrap(), 3);
    let (one, lease) = claimed(&store, NOW).await;
    let in_use = Some(InUse {
        id: CertificateId::random(&SeededRng::new(7)),
        issuer: one.issuer.clone(),
        validity: Validity { not_before: NOW, not_after: LATER },
        ari: None,
        plan: Plan { window: None, renew_at: LATER, poll_at: LATER, unanswered: 0 },
    });
    let change = Change::to(Issuance { in_use, ..one }, None);
    store.save(&lease, change, NOW).await.unwrap();
    assert_eq!(store.waiting(&tenant).await.unwrap(), 2);
}

async fn an_account_is_written_by_whoever_was_first(store: Arc<dyn OrderStore>) {
    let account = |n: u8, url: Option<&str>| StoredAccount {
        issuer: IssuerId::new("ca"),
        key: SealedKey::from_bytes(vec![n]),
        thumbprint: AccountThumbprint::from_text(n.to_string()),
        url: url.map(str::to_owned),
        next: None,
    };
    let (one, two) = (account(1, None), account(2, None));
    assert!(store.put_account(None, &one).await.unwrap());
    assert!(!store.put_account(None, &two).await.unwrap());
    assert!(!store.put_account(Some(&two), &two).await.unwrap());
    let known = account(1, Some("https://ca.example/account/1"));
    assert!(store.put_account(Some(&one), &known).await.unwrap());
    assert_eq!(store.account(&IssuerId::new("ca")).await.unwrap(), Some(known));
    assert_eq!(store.account(&IssuerId::new("other")).await.unwrap(), None);
}

macro_rules! on_every_store {
    ($($promise:ident)*) => {
        mod memory { $(#[tokio::test] async fn $promise() {
            super::$promise(std::sync::Arc::new(super::MemoryOrders::default())).await;
        })* }
        mod sqlite_memory { $(#[tokio::test] async fn $promise() {
            super::$promise(super::opened(&super::Settings::SqliteMemory).await).await;
        })* }
        mod sqlite_file { $(#[tokio::test] async fn $promise() {
            let folder = tempfile::tempdir().unwrap();
            let settings = super::Settings::SqliteFile(folder.path().join("waxseal.db"));
            super::$promise(super::opened(&settings).await).await;
        })* }
        mod postgres { $(#[tokio::test] async fn $promise() {
            let database = super::PostgresDatabase::migrated().await;
            super::$promise(super::opened(&database.settings(8)).await).await;
        })* }
    };
}

async fn opened(settings: &Settings) -> Arc<SqlStore> {
    let store = SqlStore::open(settings).await.unwrap();
    store.migrate().await.unwrap();
    store
}

on_every_store! {
    an_issuance_is_added_once_and_reads_back
    the_most_urgent_that_is_due_is_claimed_and_by_one_only
    who_has_lost_the_lease_writes_nothing
    a_lease_that_is_prolonged_is_nobody_elses
    the_ledger_is_charged_with_the_row_or_not_at_all
    many_at_once_never_take_more_than_there_is
    a_certificate_comes_with_its_row_and_the_last_is_found
    answers_and_certificates_of_many_domains_are_read_at_once
    what_is_mended_goes_on_at_once_and_nothing_else
    what_is_brought_takes_the_place_of_everything_and_is_cleared_with_what_follows_it
    those_that_wait_for_their_first_certificate_are_counted
    an_account_is_written_by_whoever_was_first
}

/// A tenant's first domain, which is to get a certificate.
async fn domain(store: &Arc<SqlStore>) -> Issuance {
    let issuance = issuance(1, Lane::New);
    let tenant = Tenant {
        id: issuance.tenant,
        slug: "acme".into(),
        name: "Acme".into(),
        plan: wax_model::PlanId::self_hosted(),
        limited: false,
        created_at: NOW,
        deletion_due_at: None,
    };
    store.platform().ensure_tenant(&tenant).await.unwrap();
    let Issuance { domain, tenant, name, .. } = issuance.clone();
    let domain = Domain::given(domain, tenant, name, Transport::Acme, NOW);
    let new = NewDomain { domain, brand: Brand::plain("Acme") };
    assert!(store.platform().ensure_domain(&new).await.unwrap());
    issuance
}

/// What edges were told, counted, and what the domain's history says, oldest first.
#[expect(clippy::disallowed_methods, reason = "the test made the tenant")]
async fn told(store: &Arc<SqlStore>, of: &Issuance) -> (i64, Vec<DomainEvent>) {
    let mut reader = store.read(TenantScope::proven(of.tenant));
    let mut events = reader.domains().history(of.domain, None, 200).await.unwrap();
    events.reverse();
    (DomainPlatform::position(&**store).await.unwrap(), events)
}

/// How it was, how it became, and how often edges had been told of something by then.
async fn edges_and_history_are_told(store: Arc<SqlStore>) {
    use CertificateState::{Active, Backoff, Ordering, Queued};
    let queued = domain(&store).await;
    assert!(store.add(&queued).await.unwrap());
    let orders: Arc<dyn OrderStore> = Arc::<SqlStore>::clone(&store);
    let (_, lease) = claimed(&orders, NOW).await;
    let answer = answer(&queued, "abc");
    let (order, key) = ("https://ca.example/1".to_owned(), SealedKey::from_bytes(vec![1]));
    let certificate = certificate(&queued, 30);
    let validity = certificate.facts.validity;
    let in_use = InUse {
        id: certificate.id,
        issuer: queued.issuer.clone(),
        validity,
        ari: None,
        plan: Plan::first(&queued.name, validity, NOW),
    };
    let trouble = Trouble {
        reason: Reason::CaaForbids,
        at: NOW,
        again_at: None,
        detail: Detail::new("CAA says no"),
    };
    let at = |step| Issuance { step, ..queued.clone() };
    let active = Issuance { in_use: Some(in_use), ..at(Step::Active) };
    let failed = Issuance { step: Step::Queued, trouble: Some(trouble), ..active.clone() };
    let finalizing = Step::Finalizing { order: order.clone(), certificate: certificate.id, key };
    let steps = [
        (at(Step::Ordering), None, 1),
        (publishing(&queued, &answer), None, 2),
        (at(Step::Asking { order, answer }), None, 2),
        (at(finalizing), None, 3),
        (active, Some(certificate), 4),
        (failed, None, 4),
    ];
    for (n, (issuance, certificate, announced)) in (1..).zip(steps) {
        let change = Change { certificate, ..Change::to(issuance.clone(), Some(LATER)) };
        let now = Timestamp::from_ms(NOW.as_ms() + n);
        let nobodys = Lease { fence: lease.fence + 1, ..lease };
        let lost = store.save(&nobodys, change.clone(), now).await;
        assert_eq!(lost, Err(StoreFault::Lost));
        store.save(&lease, change, now).await.unwrap();
        assert_eq!(told(&store, &queued).await.0, announced, "{:?}", issuance.step.phase());
    }
    let (_, events) = told(&store, &queued).await;
    let changes: Vec<_> =
        events.iter().map(|event| (event.change, event.at.as_ms() - NOW.as_ms())).collect();
    let expected = [
        (CertificateState::None, Queued, 0),
        (Queued, Ordering, 1),
        (Ordering, Active, 5),
        (Active, Backoff, 6),
    ];
    assert_eq!(
        changes,
        expected.map(|(was, became, at)| (AxisChange::Certificate(was, became), at))
    );
    let last = events.last().unwrap();
    assert_eq!(last.code.as_deref(), Some("caa-forbids"));
    let evidence = last.evidence.as_deref().unwrap();
    assert!(evidence.contains(r#""detail":"CAA says no""#), "{evidence}");
}

#[tokio::test]
async fn edges_and_the_domains_history_are_told_with_the_change_on_sqlite() {
    edges_and_history_are_told(opened(&Settings::SqliteMemory).await).await;
}

#[tokio::test]
async fn edges_and_the_domains_history_are_told_with_the_change_on_postgres() {
    let database = PostgresDatabase::migrated().await;
    edges_and_history_are_told(opened(&database.settings(8)).await).await;
}

//! What Pebble cannot do: windows, limits, pauses, pages, lies and silence.

use std::time::Duration;

use wax_acme::{
    Account, Budget, Change, Charge, Engine, InUse, Issuance, Method, OrderStore as _, Phase, Plan,
    Reason, Validity,
};
use wax_kernel::{CertificateId, Clock as _, DomainId};
use wax_model::domain::CertificateState;
use wax_testkit::{CaFault as Fault, CaServed as Served, ScriptedCa};

use crate::house::{House, START, at_script};

const DAY: i64 = 86_400;

struct Stage {
    ca: ScriptedCa,
    house: House,
}

impl Stage {
    async fn set() -> Self {
        let ca = ScriptedCa::start(START.as_secs(), 90).await;
        Self { ca, house: House::at(START) }
    }

    /// One certificate, after whatever was scripted.
    async fn issue(&self, name: &str) -> DomainId {
        let engine = self.house.engine([at_script("ca", &self.ca)]).await;
        let domain = self.house.add(name).await;
        self.house.until(&engine, &[Phase::Active]).await;
        domain
    }

    /// The first thing that goes wrong, however long it takes.
    async fn first_trouble(&self, engine: &Engine, domain: &DomainId) -> Reason {
        loop {
            if let Some(trouble) = self.house.issuance(domain).await.trouble {
                return trouble.reason;
            }
            if !engine.work().await.unwrap() {
                self.house.clock.set(self.house.store.next_at().unwrap());
            }
        }
    }

    /// What it comes to until it has to wait.
    async fn try_once(&self, name: &str) -> Issuance {
        let engine = self.house.engine([at_script("ca", &self.ca)]).await;
        let domain = self.house.add(name).await;
        while engine.work().await.unwrap() {}
        self.house.issuance(&domain).await
    }
}

fn trouble(issuance: &Issuance) -> (Reason, Option<Duration>) {
    let trouble = issuance.trouble.as_ref().expect("something went wrong");
    (trouble.reason, trouble.again_at.map(|again| trouble.at.until(again)))
}

#[tokio::test]
async fn whatever_breaks_once_there_is_one_certificate_in_the_end() {
    let places = [
        Served::Nonce,
        Served::NewOrder,
        Served::Order,
        Served::Authorization,
        Served::Challenge,
        Served::Finalize,
        Served::Certificate,
    ];
    let faults = [
        Fault::Page(502),
        Fault::Close,
        Fault::Lost,
        Fault::Garbage,
        Fault::Endless,
        Fault::Hang,
        Fault::Problem(500, "serverInternal", "again, please", None),
        Fault::Problem(503, "rateLimited", "busy", Some(3)),
        Fault::Problem(400, "badNonce", "used", None),
    ];
    let stage = Stage::set().await;
    let engine = stage.house.engine([at_script("ca", &stage.ca)]).await;
    let mut names = 0;
    for place in places {
        for fault in &faults {
            names += 1;
            let domain = stage.house.add(&format!("n{names}.d{names}.example")).await;
            stage.ca.fault(place, fault.clone());
            stage.house.until(&engine, &[Phase::Active]).await;
            assert_eq!(stage.ca.issued().len(), names, "{fault:?} at {place:?}");
            assert_eq!(stage.house.certificates().len(), names, "{fault:?} at {place:?}");
            assert_eq!(stage.house.issuance(&domain).await.trouble, None);
        }
    }
}

#[tokio::test]
async fn a_certificate_is_renewed_in_the_window_and_says_what_it_replaces() {
    let stage = Stage::set().await;
    let start = START.as_secs();
    stage.ca.suggest(start + 20 * DAY, start + 22 * DAY, 21_600);
    let engine = stage.house.engine([at_script("ca", &stage.ca)]).await;
    let domain = stage.house.add("a.example").await;
    stage.house.until(&engine, &[Phase::Active]).await;
    let ari = stage.house.certificates()[0].facts.ari.clone().unwrap();

    while stage.house.certificates().len() == 1 {
        if !engine.work().await.unwrap() {
            stage.house.clock.set(stage.house.store.next_at().unwrap());
            stage.ca.set_now(stage.house.clock.now().as_secs());
        }
    }

    let renewed = stage.house.clock.now().as_secs() - start;
    assert!((20 * DAY..22 * DAY).contains(&renewed), "after {renewed} s");
    assert_eq!(stage.ca.replacing(), [None, Some(ari.as_str().to_owned())]);
    // 20 to 22 days of polls every six hours, and not more.
    assert!(
        (80..=90).contains(&stage.ca.asked(Served::RenewalInfo)),
        "{}",
        stage.ca.asked(Served::RenewalInfo)
    );
    assert_eq!(
        stage.house.issuance(&domain).await.axis(stage.house.clock.now()),
        CertificateState::Active
    );
}

#[tokio::test]
async fn a_renewal_whose_order_was_lost_is_ordered_again_without_what_it_replaces() {
    let stage = Stage::set().await;
    let start = START.as_secs();
    stage.ca.suggest(start - DAY, start, 3_600);
    let engine = stage.house.engine([at_script("ca", &stage.ca)]).await;
    stage.house.add("a.example").await;
    // The first order goes through; the answer to the renewal's is lost, and asking again is refused with 409.
    while stage.house.certificates().is_empty() {
        assert!(engine.work().await.unwrap());
    }
    stage.ca.suggest(start + 100, start + 101, 3_600);
    stage.ca.fault(Served::NewOrder, Fault::Lost);
    while stage.house.certificates().len() == 1 {
        if !engine.work().await.unwrap() {
            let next = stage.house.store.next_at().unwrap();
            stage.house.clock.set(next.max(stage.house.clock.now()));
        }
    }
    let replacing: Vec<_> = stage.ca.replacing().iter().map(Option::is_some).collect();
    assert_eq!(replacing, [false, true, false], "first, lost, without");
    assert_eq!(stage.ca.issued().len(), 2);
}

#[tokio::test]
async fn each_refusal_says_who_acts_and_when_it_is_tried_again() {
    let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
    let cases = [
        (
            Served::NewOrder,
            Fault::Problem(429, "rateLimited", "too many new orders (300)", Some(5_400)),
            (Reason::RateLimited, minutes(90)),
        ),
        (
            Served::NewOrder,
            Fault::Problem(
                429,
                "rateLimited",
                "Your account is temporarily prevented from it",
                None,
            ),
            (Reason::Paused, None),
        ),
        (
            Served::NewOrder,
            Fault::Problem(400, "rejectedIdentifier", "not this one", None),
            (Reason::NameRefused, minutes(1)),
        ),
        (
            Served::NewOrder,
            Fault::Problem(403, "userActionRequired", "read this", None),
            (Reason::TermsChanged, None),
        ),
        (
            Served::NewOrder,
            Fault::Problem(400, "invalidProfile", "no such profile", None),
            (Reason::ProfileRefused, minutes(1)),
        ),
        (Served::Challenge, Fault::ProofFails("caa"), (Reason::CaaForbids, minutes(1))),
        (Served::Challenge, Fault::ProofFails("connection"), (Reason::HostUnreachable, minutes(1))),
        (Served::Challenge, Fault::ProofFails("unauthorized"), (Reason::WrongAnswer, minutes(1))),
        (Served::Challenge, Fault::ProofFails("dns"), (Reason::HostDns, minutes(1))),
        (
            Served::Finalize,
            Fault::Problem(400, "badCSR", "no", None),
            (Reason::BadRequest, minutes(1)),
        ),
        (
            Served::Finalize,
            Fault::Problem(403, "caa", "rechecked", None),
            (Reason::CaaForbids, minutes(1)),
        ),
        (Served::Finalize, Fault::OtherKey, (Reason::WrongCertificate, minutes(1))),
        (Served::Finalize, Fault::OtherHost, (Reason::WrongCertificate, minutes(1))),
        (Served::Finalize, Fault::Over, (Reason::WrongCertificate, minutes(1))),
        (Served::Finalize, Fault::Shuffled, (Reason::WrongCertificate, minutes(1))),
    ];
    for (at, fault, expected) in cases {
        let stage = Stage::set().await;
        stage.ca.fault(at, fault.clone());
        let issuance = stage.try_once("a.example").await;
        assert_eq!(trouble(&issuance), expected, "{fault:?}");
        assert!(stage.house.certificates().is_empty(), "{fault:?}");
        assert!(stage.house.answers.out().is_empty(), "{fault:?}");
    }
}

#[tokio::test]
async fn what_waits_for_a_person_goes_on_when_they_say_so_and_not_before() {
    let stage = Stage::set().await;
    let detail = "Your account is temporarily prevented from it. Please visit: https://portal.example/unpause";
    stage.ca.fault(Served::NewOrder, Fault::Problem(429, "rateLimited", detail, None));
    let issuance = stage.try_once("a.example").await;
    assert_eq!(issuance.axis(START), CertificateState::Blocked);
    assert!(issuance.trouble.unwrap().detail.text().contains("https://portal.example/unpause"));

    let engine = stage.house.engine([at_script("ca", &stage.ca)]).await;
    stage.house.pass(Duration::from_secs(400 * 86_400));
    assert!(!engine.work().await.unwrap());
    stage.house.clock.set(START);
    let mended = stage.house.store.mend(&issuance.domain, START);
    assert!(mended.await.unwrap());
    stage.house.until(&engine, &[Phase::Active]).await;
    assert_eq!(stage.ca.issued(), ["a.example"]);
}

#[tokio::test]
async fn failed_proofs_are_tried_less_and_less_each_by_the_next_method() {
    let stage = Stage::set().await;
    let engine =
        stage.house.engine([at_script("ca", &stage.ca), at_script("other", &stage.ca)]).await;
    let domain = stage.house.add("a.example").await;
    let mut pauses = Vec::new();
    let mut methods = Vec::new();
    for _ in 0..5 {
        stage.ca.fault(Served::Challenge, Fault::ProofFails("connection"));
        let due = stage.house.store.next_at().unwrap();
        stage.house.clock.set(due.max(stage.house.clock.now()));
        let before = stage.house.issuance(&domain).await;
        methods.push(before.failures.proofs);
        while engine.work().await.unwrap() {}
        let issuance = stage.house.issuance(&domain).await;
        assert_eq!(issuance.issuer.as_str(), "ca", "another issuer would see the same");
        pauses.push(trouble(&issuance).1.unwrap().as_secs());
    }
    assert_eq!(pauses, [60, 600, 6_000, 86_400, 86_400]);
    assert_eq!(methods, [0, 1, 2, 3, 4]);
    let issuance = stage.house.issuance(&domain).await;
    assert_eq!(issuance.methods, [Method::Http01, Method::TlsAlpn01, Method::Dns01]);
}

#[tokio::test]
async fn an_issuer_that_lies_or_says_nothing_is_left_for_the_second_one() {
    for lie in [true, false] {
        let (stage, second) = (Stage::set().await, ScriptedCa::start(START.as_secs(), 90).await);
        let engine =
            stage.house.engine([at_script("ca", &stage.ca), at_script("second", &second)]).await;
        let domain = stage.house.add("a.example").await;
        for _ in 0..100 {
            if lie {
                stage.ca.fault(Served::Finalize, Fault::OtherKey);
            } else {
                stage.ca.fault(Served::NewOrder, Fault::Page(502));
            }
        }
        stage.house.until(&engine, &[Phase::Active]).await;
        assert_eq!(second.issued(), ["a.example"]);
        let issuance = stage.house.issuance(&domain).await;
        assert_eq!(issuance.in_use.unwrap().issuer.as_str(), "second");
        let took = START.until(stage.house.clock.now());
        assert!(took < Duration::from_secs(2 * 3_600), "{took:?}");
    }
}

#[tokio::test]
async fn an_account_is_made_once_whatever_is_lost() {
    let stage = Stage::set().await;
    let issuer = at_script("ca", &stage.ca);
    let wire = stage.house.wire(&issuer);
    let open = || Account::open(&issuer, &wire, &*stage.house.store, &stage.house.vault);
    stage.ca.fault(Served::NewAccount, Fault::Lost);
    assert!(open().await.is_err());
    let first = open().await.unwrap().thumbprint().clone();
    assert_eq!(stage.ca.accounts(), 1);

    stage.ca.fault(Served::KeyChange, Fault::Lost);
    let change = || Account::change_key(&issuer, &wire, &*stage.house.store, &stage.house.vault);
    assert!(change().await.is_err());
    let second = open().await.unwrap().thumbprint().clone();
    assert_ne!(first, second, "the issuer has the new key, and so have we");

    stage.ca.fault(Served::KeyChange, Fault::Close);
    assert!(change().await.is_err());
    let third = open().await.unwrap().thumbprint().clone();
    assert_ne!(second, third, "what was begun is finished");
    assert_eq!(stage.ca.accounts(), 1);
    stage.issue("a.example").await;
}

#[tokio::test]
async fn a_limit_that_the_issuer_names_stops_the_account_and_nothing_else() {
    let stage = Stage::set().await;
    let detail = "too many new orders (300) from this account in the last 3h0m0s";
    stage.ca.fault(Served::NewOrder, Fault::Problem(429, "rateLimited", detail, Some(7_200)));
    let issuance = stage.try_once("a.example").await;
    assert_eq!(trouble(&issuance).1, Some(Duration::from_secs(7_200)));
    let orders = stage.ca.asked(Served::NewOrder);

    let other = stage.try_once("b.example").await;
    assert_eq!(stage.ca.asked(Served::NewOrder), orders, "the ledger knows");
    let waits = START.until(other.next_at).as_secs();
    assert!(
        (7_200..3 * 3_600).contains(&waits),
        "{waits} s: not sooner, and a few tokens are the renewals'"
    );
    let spent: Vec<Charge> = issuance.spent;
    assert!(spent.iter().any(|charge| charge.bucket.budget == Budget::Orders));
}

#[tokio::test]
async fn a_certificate_of_a_clock_that_is_ahead_is_waited_for_and_not_ordered_again() {
    let stage = Stage::set().await;
    stage.ca.fault(Served::Finalize, Fault::Early);
    let engine = stage.house.engine([at_script("ca", &stage.ca)]).await;
    let domain = stage.house.add("a.example").await;
    assert_eq!(stage.first_trouble(&engine, &domain).await, Reason::NotYetGood);
    stage.house.until(&engine, &[Phase::Active]).await;
    assert_eq!(stage.ca.issued().len(), 1);
    assert_eq!(START.until(stage.house.clock.now()), Duration::from_secs(300));
}

/// The first issuer's bucket of orders is empty for ten days; the certificate in use ends after one.
#[tokio::test]
async fn a_certificate_that_would_lapse_in_the_queue_comes_from_the_second_issuer() {
    let (stage, second) = (Stage::set().await, ScriptedCa::start(START.as_secs(), 90).await);
    let engine =
        stage.house.engine([at_script("ca", &stage.ca), at_script("second", &second)]).await;
    let days = |days: u32| START.plus(Duration::from_secs(86_400) * days);
    let in_use = |ends| {
        let validity = Validity { not_before: START, not_after: ends };
        let first = stage.house.first("ending.example");
        let plan = Plan::first(&first.name, validity, START);
        let (id, issuer) = (CertificateId::from_bytes([1; 16]), first.issuer.clone());
        let in_use = InUse { id, issuer, validity, ari: None, plan };
        Issuance { in_use: Some(in_use), ..first }
    };
    let [ending, lasting] = [in_use(days(1)), in_use(days(80))];
    assert!(stage.house.store.add(&ending).await.unwrap());
    let (own, lease) = stage.house.store.claim(START, START).await.unwrap().unwrap();
    let issuer = &at_script("ca", &stage.ca);
    let charges = Charge::for_order(&issuer.id, issuer.limits, &own.name, false);
    let orders = charges.iter().find(|charge| charge.bucket.budget == Budget::Orders).unwrap();
    let empty = Some((orders.bucket.clone(), days(10)));
    let change = Change { empty, ..Change::to(own, None) };
    stage.house.store.save(&lease, change, START).await.unwrap();
    assert!(stage.house.store.add(&lasting).await.unwrap());
    assert!(engine.estimate(&lasting, 0).await.unwrap() > days(9));

    while engine.work().await.unwrap() {}
    assert_eq!((stage.ca.issued().len(), second.issued().len()), (0, 1));
    let lasting = stage.house.issuance(&lasting.domain).await;
    assert_eq!((lasting.issuer.as_str(), lasting.step.phase()), ("ca", Phase::Queued));
}

#[tokio::test]
async fn a_proof_that_is_not_decided_is_ordered_again() {
    let stage = Stage::set().await;
    stage.ca.fault(Served::Challenge, Fault::Undecided);
    let engine = stage.house.engine([at_script("ca", &stage.ca)]).await;
    let domain = stage.house.add("a.example").await;
    assert_eq!(stage.first_trouble(&engine, &domain).await, Reason::ProofUndecided);
    let took = START.until(stage.house.clock.now());
    assert!(took <= Duration::from_secs(1_200), "{took:?}");
    stage.house.until(&engine, &[Phase::Active]).await;
    assert_eq!(stage.ca.issued().len(), 1);
}

#[tokio::test]
async fn the_issuer_is_not_told_to_look_before_the_answer_is_everywhere() {
    let stage = Stage::set().await;
    let engine = stage.house.engine([at_script("ca", &stage.ca)]).await;
    stage.house.answers.hold(true);
    let domain = stage.house.add("a.example").await;
    assert_eq!(stage.first_trouble(&engine, &domain).await, Reason::NotPublished);
    assert_eq!(stage.ca.asked(Served::Challenge), 0);
    stage.house.answers.hold(false);
    stage.house.until(&engine, &[Phase::Active]).await;
    assert_eq!((stage.ca.asked(Served::Challenge), stage.ca.asked(Served::NewOrder)), (1, 1));
}

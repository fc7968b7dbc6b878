//! A small Internet, a tenant with a claim, and a check of it.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use wax_dns::{
    Change, Claim, ClaimToken, Code, Dns, EdgePlaces, Evidence, Expected, Finding, Issuance,
    Report, TenantHost,
};
use wax_dns_tree::Tree;
use wax_i18n::Lang;
use wax_kernel::{Hostname, ManualClock, SeededRng, TenantId, Timestamp};
use wax_testkit::TreeWire;

/// In 2026, when good signatures are valid.
pub(crate) const NOW_MS: i64 = 1_790_000_000_000;

pub(crate) struct World {
    pub(crate) tree: Tree,
    pub(crate) dns: Dns,
    pub(crate) expected: Expected,
}

/// What the tenant's TXT record should say.
pub(crate) const TARGET: &str = "k3vfy2mbgpq7x5ehn4wtd6ozla.edge.example.net";
pub(crate) const EDGE_V4: &str = "9.9.9.1";
pub(crate) const EDGE_V6: &str = "2620:fe::1";

impl World {
    /// `example.com` with two servers of its own and one at another provider's, and nothing in it for the host.
    pub(crate) fn new(host: &str) -> Self {
        let tree = Tree::new();
        tree.zone("com", &["a.nic.com", "b.nic.com"]);
        tree.zone("net", &["a.nic.net"]);
        tree.zone("jp", &["a.dns.jp"]);
        tree.zone("example.net", &["ns1.example.net"]);
        tree.zone("example.com", &["ns1.example.com", "ns2.example.com", "ns1.example.net"]);
        Self::of(tree, host)
    }

    pub(crate) fn of(tree: Tree, host: &str) -> Self {
        let clock = Arc::new(ManualClock::at_ms(NOW_MS));
        let dns = TreeWire::dns(&tree, clock, Arc::new(SeededRng::new(5)));
        Self { tree, dns, expected: expected(host) }
    }

    pub(crate) fn token(&self) -> String {
        self.expected.claim.token.record()
    }

    pub(crate) async fn evidence(&self) -> Evidence {
        let claim = &self.expected.claim;
        self.dns.evidence(&claim.host, &self.expected.edge.zone).await
    }

    /// A check within its budget, whose findings can all be said in both languages.
    pub(crate) async fn report(&self) -> Report {
        self.report_after(None).await
    }

    pub(crate) async fn report_after(&self, clears_before: Option<Timestamp>) -> Report {
        self.tree.take_asked();
        let begun = Instant::now();
        let evidence = self.evidence().await;
        assert!(begun.elapsed() <= Duration::from_millis(4_100), "{:?}", begun.elapsed());
        let asked = self.tree.take_asked();
        assert!(asked.len() <= 64, "{} questions", asked.len());
        assert!(asked.iter().all(|one| !one.recursion), "nobody else is to ask for us");
        let report = Report::new(evidence, &self.expected, clears_before);
        report.findings.iter().for_each(assert_said);
        report
    }
}

pub(crate) fn expected(host: &str) -> Expected {
    let platform = [Hostname::parse("app.waxseal.io").unwrap()];
    Expected {
        claim: Claim {
            host: TenantHost::parse(host, &platform).unwrap(),
            tenant: TenantId::from_bytes([7; 16]),
            token: ClaimToken::draw(&SeededRng::new(1)),
            target: Hostname::parse(TARGET).unwrap(),
        },
        edge: EdgePlaces {
            zone: Hostname::parse("edge.example.net").unwrap(),
            addresses: [EDGE_V4, EDGE_V6].map(|address| address.parse().unwrap()).to_vec(),
        },
        issuance: Issuance {
            authority: "letsencrypt.org".to_owned(),
            account: Some("https://ca.example/acct/7".to_owned()),
            methods: ["http-01", "dns-01"].map(str::to_owned).to_vec(),
            wildcard: host.starts_with('*'),
        },
    }
}

fn assert_said(finding: &Finding) {
    for lang in Lang::ALL {
        for said in [Some(finding.found(lang)), finding.advice(lang)].into_iter().flatten() {
            assert!(!said.contains(['{', '}']) && !said.starts_with("dns."), "{said}");
        }
    }
}

pub(crate) fn codes(report: &Report) -> Vec<Code> {
    report.findings.iter().map(|finding| finding.code).collect()
}

pub(crate) fn finding(report: &Report, code: Code) -> &Finding {
    let found = report.findings.iter().find(|finding| finding.code == code);
    found.unwrap_or_else(|| panic!("no {code:?} in {:?}", codes(report)))
}

/// The edits of a finding, as `add A @ 9.9.9.1`: what it should say, or what it says now.
pub(crate) fn edits(finding: &Finding) -> Vec<String> {
    finding.changes.iter().map(edit).collect()
}

pub(crate) fn edit(change: &Change) -> String {
    let json = serde_json::to_value(change).unwrap();
    let of = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
    let value = change.to.as_ref().or(change.from.as_ref()).cloned().unwrap_or_default();
    format!("{} {} {} {value}", of("do"), of("type"), change.relative)
}

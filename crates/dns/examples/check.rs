//! Checks a host: `cargo run -p wax-dns --example check -- secrets.example.com [--json] [--lang ja] [--demo]`.
//!
//! The claim is made up, so a host of the Internet is never proven; `--demo` asks a tree of servers in this process,
//! in which `secrets.example.com` is half right.

use std::{error::Error, sync::Arc};

use serde_json::Value;
use wax_dns::{
    Anchors, Claim, ClaimToken, Dns, EdgePlaces, Expected, Issuance, Limits, Reach, Report, Roots,
    Sockets, TenantHost,
};
use wax_dns_tree::{Fault, Listening, Tree};
use wax_i18n::{Lang, text};
use wax_kernel::{Hostname, SeededRng, SystemClock, SystemRng, TenantId};

const TARGET: &str = "k3vfy2mbgpq7x5ehn4wtd6ozla.edge.example.net";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let lang =
        if arguments.windows(2).any(|pair| pair == ["--lang", "ja"]) { Lang::Ja } else { Lang::En };
    let named = arguments.iter().find(|argument| argument.contains('.'));
    let host = named.map_or("secrets.example.com", String::as_str);
    let host = match TenantHost::parse(host, &[]) {
        Ok(host) => host,
        Err(fault) => return Err(text(lang, &format!("dns.host.{}", fault.code()), &[]).into()),
    };
    let demo = if has("--demo") { Some(demo().await?) } else { None };
    let roots = demo.as_ref().map_or_else(Roots::internet, |(tree, listening)| {
        let (algorithm, key) = tree.anchor();
        let anchors = Anchors::of(algorithm, key);
        Roots::of(tree.roots(), listening.port(), Reach::Everywhere, anchors)
    });
    let dns = Dns {
        wire: Arc::new(Sockets),
        rng: Arc::new(SystemRng),
        clock: Arc::new(SystemClock),
        roots,
        limits: Limits::default(),
    };
    let expected = expected(host)?;
    let evidence = dns.evidence(&expected.claim.host, &expected.edge.zone).await;
    let report = Report::new(evidence, &expected, None);
    let said =
        if has("--json") { serde_json::to_string_pretty(&report)? } else { said(&report, lang) };
    show(&said);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the example is for")]
fn show(said: &str) {
    println!("{said}");
}

fn said(report: &Report, lang: Lang) -> String {
    let json = serde_json::to_value(report).unwrap_or_default();
    let word = |key: &str, value: &Value| {
        text(lang, &format!("dns.{key}.{}", value.as_str().unwrap_or_default()), &[])
    };
    let mut lines =
        vec![format!("{} ({})", word("verdict", &json["verdict"]), word("actor", &json["actor"]))];
    for (finding, json) in
        report.findings.iter().zip(json["findings"].as_array().into_iter().flatten())
    {
        lines.push(format!("\n[{}] {}", word("severity", &json["severity"]), finding.found(lang)));
        lines.extend(finding.advice(lang));
        lines.extend(finding.changes.iter().map(|change| {
            let [from, to] = [&change.from, &change.to].map(|text| text.as_deref().unwrap_or("–"));
            format!("  {:?} {:?} {}: {from} → {to}", change.action, change.kind, change.name)
        }));
    }
    lines.extend(report.hints.iter().map(|hint| format!("\n{}", hint.text(lang))));
    lines.push(format!("\n{}: {} queries", report.evidence.host, report.evidence.queries));
    lines.join("\n")
}

fn expected(host: TenantHost) -> Result<Expected, Box<dyn Error>> {
    let wildcard = host.is_wildcard();
    Ok(Expected {
        claim: Claim {
            host,
            tenant: TenantId::from_bytes([7; 16]),
            token: ClaimToken::draw(&SeededRng::new(1)),
            target: Hostname::parse(TARGET)?,
        },
        edge: EdgePlaces {
            zone: Hostname::parse("edge.example.net")?,
            addresses: vec!["9.9.9.1".parse()?],
        },
        issuance: Issuance {
            authority: "letsencrypt.org".to_owned(),
            account: None,
            methods: ["http-01", "tls-alpn-01", "dns-01"].map(str::to_owned).to_vec(),
            wildcard,
        },
    })
}

/// One server has the new record, one has the old one, and one does not answer.
async fn demo() -> Result<(Tree, Listening), Box<dyn Error>> {
    let tree = Tree::new();
    tree.zone("com", &["a.nic.com"]);
    tree.zone("example.com", &["ns1.example.com", "ns2.example.com", "ns3.example.com"]);
    tree.add("example.com CAA 0 issue \"other.example\"");
    tree.add_at("ns1.example.com", &format!("secrets.example.com CNAME {TARGET}"));
    tree.add_at("ns2.example.com", "secrets.example.com A 8.8.8.8");
    tree.fault("ns3.example.com", Fault::Refused);
    let listening = tree.listen().await?;
    Ok((tree, listening))
}

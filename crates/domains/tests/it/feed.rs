//! Certificates that others got.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use serde_json::{Value, json};
use wax_domains::{Chunk, Feed, FeedFault};
use wax_testkit::PlatformApp;

use crate::kit::{Added, DAY, HOUR, MINUTE, Tenant, pass, tenant, told, told_to};

/// Grows, and may be broken.
#[derive(Debug, Default)]
struct Memory {
    bytes: std::sync::Mutex<Vec<u8>>,
    broken: AtomicBool,
}

#[async_trait]
impl Feed for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    async fn read(&self, from: u64, most: usize) -> Result<Chunk, FeedFault> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(FeedFault::Unreachable);
        }
        let bytes = self.bytes.lock().unwrap();
        let start = usize::try_from(from).unwrap().min(bytes.len());
        let end = (start + most).min(bytes.len());
        Ok(Chunk { from: start as u64, bytes: bytes[start..end].to_vec() })
    }
}

impl Memory {
    fn log(&self, app: &PlatformApp, names: &[&str], serial: &str) {
        let line = json!({
            "names": names, "serial": serial, "issuer": "CN=Another",
            "logged_at_ms": app.now_ms(),
        });
        self.write(&format!("{line}\n"));
    }

    fn write(&self, text: &str) {
        self.bytes.lock().unwrap().extend_from_slice(text.as_bytes());
    }
}

struct World {
    app: PlatformApp,
    feed: Arc<Memory>,
    acme: Tenant,
    domain: Added,
}

/// A host that is served, and a feed that both places follow.
async fn world() -> World {
    let app = PlatformApp::new().await;
    let feed = Arc::new(Memory::default());
    for place in [&app.names.here, &app.names.there] {
        place.follow(Arc::clone(&feed) as Arc<dyn Feed>);
    }
    let acme = tenant(&app, "acme").await;
    let domain = acme.add(&app, "secrets.example.com").await;
    domain.point(&app);
    pass(&app, MINUTE).await;
    app.names.certify(domain.id, DAY * 90).await;
    pass(&app, MINUTE * 11).await;
    told_to(&app, &acme).await;
    World { app, feed, acme, domain }
}

impl World {
    /// What the owner is told by the time that both places have read it.
    async fn told(&self, after: Duration) -> Vec<&'static str> {
        pass(&self.app, after).await;
        self.app.names.work(&self.app.names.there).await;
        told_to(&self.app, &self.acme).await
    }

    async fn seen(&self) -> Vec<Value> {
        let path = format!("/{}/history", self.domain.id);
        let rows = self.acme.ask(&self.app, http::Method::GET, &path, None).await.json;
        let rows = rows["items"].as_array().unwrap().clone();
        let is_seen =
            |row: &Value| row["code"] == "foreign-certificate" || row["code"] == "look-alike";
        rows.into_iter().filter(is_seen).collect()
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_ours_is_told_once_with_its_issuer() {
    let world = world().await;
    for names in [&["secrets.example.com"][..], &["www.example.com", "SECRETS.example.com"]] {
        world.feed.log(&world.app, names, "0x00AB:cd");
    }
    assert_eq!(world.told(MINUTE * 5).await, [""; 0], "it may be ours, and on its way");
    assert_eq!(world.told(MINUTE * 6).await, ["domain-foreign-certificate"]);
    world.feed.log(&world.app, &["*.example.com"], "abcd");
    assert_eq!(world.told(HOUR).await, [""; 0], "once");
    let seen = world.seen().await;
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (&seen[0]["evidence"]["serial"], &seen[0]["evidence"]["issuer"], &seen[0]["to"]),
        (&json!("abcd"), &json!("CN=Another"), &seen[0]["from"])
    );
    let audit = world.app.get(&world.acme.house.path("/audit"), &world.acme.owner.token).await.json;
    assert!(audit.to_string().contains("domain.foreign_certificate_seen"));
}

#[tokio::test]
async fn our_own_certificates_are_not_told_nor_are_those_that_were_brought() {
    let world = world().await;
    let log_ours = async || {
        let chains = world.app.names.orders.chains(&world.domain.id).await.unwrap();
        assert!(!chains.is_empty());
        for chain in &chains {
            let serial = wax_testkit::serial_of(chain.leaf());
            world.feed.log(&world.app, &["secrets.example.com"], &serial);
        }
    };
    log_ours().await;
    assert_eq!(world.told(HOUR).await, [""; 0]);
    let (chain, key) = world.app.names.pem("secrets.example.com", DAY * 90);
    let body = json!({"chain": chain, "key": key, "fallback": false});
    let path = format!("/{}/certificate", world.domain.id);
    let brought = world.acme.ask(&world.app, http::Method::PUT, &path, Some(&body)).await;
    assert_eq!(brought.status, 200, "{:?}", brought.json);
    log_ours().await;
    world.feed.log(&world.app, &["example.com", "other.example.com"], "77");
    assert_eq!(world.told(HOUR).await, [""; 0]);
    assert_eq!(world.seen().await, [json!(null); 0]);
}

#[tokio::test]
async fn a_look_alike_is_told_by_its_name_once_and_the_tenants_own_is_not() {
    let world = world().await;
    for (name, serial) in [("www.examp1e.com", "1"), ("examp1e.com", "2"), ("example.net", "3")] {
        world.feed.log(&world.app, &[name], serial);
    }
    assert_eq!(world.told(HOUR).await, ["domain-look-alike", "domain-look-alike"]);
    let seen = world.seen().await;
    let of = |row: &Value| {
        let evidence = &row["evidence"];
        (evidence["name"].as_str().unwrap().to_owned(), evidence["likeness"].clone())
    };
    let mut names: Vec<_> = seen.iter().map(of).collect();
    names.sort_by(|a, b| a.0.cmp(&b.0));
    let word = |name: &str, word: &str| (name.to_owned(), json!(word));
    assert_eq!(names, [word("examp1e.com", "confusable"), word("example.net", "other-ending")]);
    assert_eq!(world.told(DAY).await, [""; 0], "once");
}

#[tokio::test]
async fn whoever_logs_a_hundred_look_alikes_sends_five_mails_a_day() {
    let world = world().await;
    for n in 0..100_u8 {
        let letter = char::from(b'a' + n % 26);
        let name = match n / 26 {
            0 => format!("exampl{letter}.com"),
            1 => format!("examp{letter}e.com"),
            2 => format!("exam{letter}le.com"),
            _ => format!("exa{letter}ple.com"),
        };
        world.feed.log(&world.app, &[&name], &format!("{n:x}1"));
    }
    assert_eq!(world.told(HOUR).await.len(), 5);
    assert!(world.seen().await.len() <= 50);
}

#[tokio::test]
async fn a_feed_that_lies_or_fails_changes_nothing_else() {
    let world = world().await;
    world.feed.write("<html>\n{\"names\": 7}\n");
    world.feed.write(&"x".repeat(3 * 1_024 * 1_024));
    world.feed.write("\n");
    world.feed.log(&world.app, &["secrets.example.com"], "1");
    world.feed.broken.store(true, Ordering::Relaxed);
    assert_eq!(world.told(HOUR).await, [""; 0]);
    assert_eq!(world.acme.one(&world.app, &world.domain).await["service"], "full");
    world.feed.broken.store(false, Ordering::Relaxed);
    assert_eq!(world.told(HOUR).await, ["domain-foreign-certificate"], "behind what is no line");
}

#[tokio::test]
async fn nobody_is_told_of_a_host_that_is_not_theirs() {
    let world = world().await;
    let rival = tenant(&world.app, "rival").await;
    rival.add(&world.app, "secrets.example.com").await;
    world.feed.log(&world.app, &["secrets.example.com"], "1");
    pass(&world.app, HOUR).await;
    let foreign = told(&world.app).await;
    let foreign: Vec<_> =
        foreign.iter().filter(|(_, kind)| *kind == "domain-foreign-certificate").collect();
    assert_eq!(foreign.len(), 1);
    assert_ne!(foreign[0].0, rival.owner.email);
}

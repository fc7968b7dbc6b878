//! The same promises in every shape: one process, an edge and its services apart, and two of each.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio::time::timeout;
use wax_client_sdk::{Client, Code, Draft, Error, Options, Retry, Session, Shared, StatusStream};
use wax_crypto::{AckPreimage, ClaimKey, Delivered, DeviceKey, Ikm, Link, Origin, open_text};
use wax_kernel::SystemRng;
use wax_model::{ClaimState, Expires, SecretState};
use wax_testkit::database::PostgresDatabase;
use waxseal_tests::fleet::{Fleet, Shape};

const TEXT: &str = "the same in every shape";

/// A fleet that runs, and what it needs to live.
struct Running {
    fleet: Fleet,
    _folder: TempDir,
    database: Option<PostgresDatabase>,
}

impl Running {
    async fn on_postgres(shape: Shape) -> Self {
        let (folder, database) = (tempfile::tempdir().unwrap(), PostgresDatabase::empty().await);
        let mut fleet = Fleet::new(shape, folder.path(), &database.url());
        fleet.start().await;
        Self { fleet, _folder: folder, database: Some(database) }
    }

    async fn on_sqlite(shape: Shape) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut fleet = Fleet::new(shape, folder.path(), &sqlite(folder.path()));
        fleet.start().await;
        Self { fleet, _folder: folder, database: None }
    }

    /// Where the sender goes, and where everybody else goes: two edges, if there are two.
    fn clients(&self) -> (Client, Client) {
        let edges = &self.fleet.edges;
        (edges[0].client(), edges[edges.len() - 1].client())
    }
}

fn sqlite(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("waxseal.db").display())
}

async fn share(client: &Client, views: u32) -> Shared {
    let draft = Draft { text: TEXT, views, expires: Expires::AfterS(3_600), passphrase: None };
    client.share(&draft, &SystemRng).await.unwrap()
}

fn claim_key(link: &Link) -> ClaimKey {
    Ikm::without_passphrase(link.token()).claim_key(&link.id())
}

/// Opens what was delivered: the text, and what confirms it.
fn open(link: &Link, delivery: &wax_client_sdk::Delivery) -> (String, AckPreimage) {
    let delivered = Delivered {
        header: &delivery.header,
        policy: &delivery.policy,
        wrapped_key: &delivery.wrapped_key,
        content: &delivery.content,
    };
    let opened = open_text(&Ikm::without_passphrase(link.token()), &link.id(), &delivered).unwrap();
    (opened.text.expose().clone(), opened.ack)
}

/// The next line of a receipt that is followed must come within a second of the change.
async fn told(receipt: &mut StatusStream) -> wax_client_sdk::Receipt {
    let line = timeout(Duration::from_secs(1), receipt.next()).await;
    line.expect("told within a second").unwrap().expect("the stream goes on")
}

/// A sender and a recipient, each at an edge of their own: shared, claimed, recovered, confirmed, and seen.
async fn story(running: &Running) {
    let (sender, recipient) = running.clients();
    let shared = share(&sender, 1).await;
    let mut receipt = sender.status(&shared.receipt).await.unwrap();
    assert_eq!(told(&mut receipt).await.state, SecretState::Ready);

    let (link, device) = (&shared.link, DeviceKey::generate());
    let (mut session, yours) = Session::start(&recipient, link, &device).await.unwrap();
    assert_eq!(yours, None);
    session.claim(&claim_key(link)).await.unwrap();
    assert_eq!(told(&mut receipt).await.state, SecretState::Draining);

    // The answer was lost; the device asks at another edge.
    let (mut session, yours) = Session::start(&sender, link, &device).await.unwrap();
    assert_eq!(yours, Some(ClaimState::Open));
    let delivery = session.recover().await.unwrap().unwrap();
    let (text, ack) = open(link, &delivery);
    assert_eq!(text, TEXT);

    let (mut session, _) = Session::start(&recipient, link, &device).await.unwrap();
    session.ack(delivery.id, delivery.counter + 1, &ack).await.unwrap();
    assert_eq!(told(&mut receipt).await.state, SecretState::Destroyed);
    assert!(receipt.next().await.unwrap().is_none(), "nothing can change any more");

    let late = DeviceKey::generate();
    let (mut session, _) = Session::start(&recipient, link, &late).await.unwrap();
    let refused = session.claim(&claim_key(link)).await;
    assert!(matches!(refused, Err(Error::Problem(problem)) if problem.code == Code::Gone));
}

/// The sender takes it back while somebody follows the receipt at another edge.
async fn burned(running: &Running) {
    let (sender, other) = running.clients();
    let shared = share(&sender, 2).await;
    let mut receipt = other.status(&shared.receipt).await.unwrap();
    assert_eq!(told(&mut receipt).await.state, SecretState::Ready);
    sender.burn(&shared.receipt).await.unwrap();
    assert_eq!(told(&mut receipt).await.state, SecretState::Burned);
}

macro_rules! shapes {
    ($($name:ident: $database:ident, $shape:ident;)+) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let running = Running::$database(Shape::$shape).await;
            story(&running).await;
            burned(&running).await;
        }
    )+ };
}

shapes! {
    a_link_lives_its_life_in_one_process: on_postgres, One;
    a_link_lives_its_life_with_edge_and_secrets_apart: on_postgres, Two;
    a_link_lives_its_life_with_edge_and_secrets_apart_on_sqlite: on_sqlite, Two;
    a_link_lives_its_life_on_two_edges_and_two_secrets_nodes: on_postgres, Many;
}

/// A patient person with one device: asks again for as long as nobody knows, and recovers what was taken.
async fn opens_in_the_end(client: &Client, link: &Link) -> String {
    let device = DeviceKey::generate();
    loop {
        match attempt(client, link, &device).await {
            Ok(text) => return text,
            Err(Error::Network(_)) => {}
            Err(Error::Problem(problem))
                if matches!(problem.code, Code::NoAnswer | Code::Unavailable) => {}
            Err(error) => panic!("an honest device was refused: {error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn attempt(client: &Client, link: &Link, device: &DeviceKey) -> Result<String, Error> {
    let (mut session, yours) = Session::start(client, link, device).await?;
    let delivery = match yours {
        None => session.claim(&claim_key(link)).await?,
        Some(ClaimState::Open) => session.recover().await?.expect("an open claim is delivered"),
        Some(state) => panic!("nobody has confirmed it, and it is {state:?}"),
    };
    Ok(open(link, &delivery).0)
}

/// Killed without warning, with claims on their way: what was taken is taken once, and its device gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_secrets_node_loses_nothing_and_the_other_answers() {
    let mut running = Running::on_postgres(Shape::Many).await;
    let (sender, reader) = running.clients();
    let links: Vec<Link> =
        stream::iter(0..60).then(|_| share(&sender, 1)).map(|shared| shared.link).collect().await;
    let opened = AtomicUsize::new(0);
    let readers = stream::iter(&links).for_each_concurrent(12, |link| async {
        assert_eq!(opens_in_the_end(&reader, link).await, TEXT);
        opened.fetch_add(1, SeqCst);
    });
    let kills = async {
        for kill in 0..4 {
            while opened.load(SeqCst) < 10 * (kill + 1) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let victim = &mut running.fleet.secrets[kill % 2];
            victim.kill();
            victim.start().await;
        }
    };
    tokio::join!(readers, kills);
    assert_eq!(opened.into_inner(), links.len());
}

/// A client that asks once: every error would be seen.
fn impatient(origin: Origin) -> Client {
    let retry = Retry { attempts: 1, ..Retry::default() };
    Client::new(origin, &Options { retry, ..Options::default() }).unwrap()
}

/// As in an update, one node after the other: no client notices, not even one that never asks twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_nodes_that_are_stopped_politely_cost_no_request() {
    let mut running = Running::on_postgres(Shape::Many).await;
    let clients = running.fleet.edges.iter().map(|edge| impatient(edge.origin()));
    let clients: Vec<Client> = clients.collect();
    let mut receipt = {
        let shared = share(&clients[0], 1).await;
        clients[0].status(&shared.receipt).await.unwrap()
    };
    told(&mut receipt).await;

    let (over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let asking = stream::iter(0..8).for_each_concurrent(None, |number| {
        let (client, over, asked) = (&clients[number % 2], &over, &asked);
        async move {
            while !over.load(SeqCst) {
                let shared = share(client, 1).await;
                client.peek(&shared.link, None).await.unwrap();
                asked.fetch_add(1, SeqCst);
            }
        }
    });
    let restarts = async {
        for node in &mut running.fleet.secrets {
            node.stop().await;
            node.start().await;
        }
        over.store(true, SeqCst);
    };
    tokio::join!(asking, restarts);
    assert!(asked.into_inner() > 20, "too little happened to be sure");
    while let Some(last) = receipt.next().await.expect("a stream ends, it does not break") {
        assert_eq!(last.state, SecretState::Ready);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edge_with_an_expired_key_is_refused_and_consumes_nothing() {
    let mut running = Running::on_postgres(Shape::Two).await;
    let client = impatient(running.fleet.edges[0].origin());
    let shared = share(&client, 1).await;

    running.fleet.secrets[0].stop().await;
    let database = running.database.as_ref().unwrap();
    database.execute("UPDATE context_keys SET expires_at_ms = 1").await;
    running.fleet.secrets[0].start().await;

    let device = DeviceKey::generate();
    let refused = Session::start(&client, &shared.link, &device).await.map(drop);
    assert!(matches!(refused, Err(Error::Problem(problem)) if problem.code == Code::Unavailable));
    let log = running.fleet.secrets[0].log();
    assert!(log.contains("the context's key has expired"), "{log}");

    // It makes a new key when it starts.
    let edge = &mut running.fleet.edges[0];
    edge.stop().await;
    edge.start().await;
    assert_eq!(opens_in_the_end(&edge.client(), &shared.link).await, TEXT);
}

/// What two machines show each other: `ca.pem`, `machine.pem` and `machine.key` in the folder, for `localhost`.
fn certify(folder: &Path) -> [(&'static str, String); 3] {
    let (ca_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let mut machine = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    machine.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let machine = machine.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
    let files = [
        ("WAXSEAL_UPSTREAM__CA", "ca.pem", ca_pem),
        ("WAXSEAL_UPSTREAM__CERTIFICATE", "machine.pem", machine.pem()),
        ("WAXSEAL_UPSTREAM__KEY", "machine.key", key.serialize_pem()),
    ];
    files.map(|(variable, name, pem)| {
        let path = folder.join(name);
        std::fs::write(&path, pem).unwrap();
        (variable, path.display().to_string())
    })
}

/// One node serves everything that edges ask for.
fn upstreams(endpoint: &str) -> [(&'static str, &str); 2] {
    ["WAXSEAL_UPSTREAM__SECRETS", "WAXSEAL_UPSTREAM__ACCOUNTS"].map(|name| (name, endpoint))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_machines_both_sides_show_a_certificate() {
    let (folder, database) = (tempfile::tempdir().unwrap(), PostgresDatabase::empty().await);
    let mut fleet = Fleet::new(Shape::Two, folder.path(), &database.url());
    let certificates = certify(folder.path());
    let endpoint = format!("https://localhost:{}", fleet.secrets[0].port());
    let mut secrets = fleet.secrets[0].command();
    secrets.envs(certificates.clone());
    fleet.secrets[0].start_as(secrets).await;
    let mut edge = fleet.edges[0].command();
    edge.envs(certificates).envs(upstreams(&endpoint));
    fleet.edges[0].start_as(edge).await;

    let client = fleet.edges[0].client();
    let shared = share(&client, 1).await;
    assert_eq!(opens_in_the_end(&client, &shared.link).await, TEXT);

    // Another authority's certificate opens nothing, in either direction.
    fleet.edges[0].stop().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let mut stranger = fleet.edges[0].command();
    stranger.envs(certify(elsewhere.path())).envs(upstreams(&endpoint));
    fleet.edges[0].start_as(stranger).await;
    let refused = impatient(fleet.edges[0].origin()).peek(&shared.link, None).await;
    assert!(matches!(refused, Err(Error::Problem(problem)) if problem.code == Code::Unavailable));
}

/// A mebibyte each way, in more pieces than a window of HTTP/2 has by default.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_longest_text_passes_between_processes() {
    let running = Running::on_postgres(Shape::Two).await;
    let (client, _) = running.clients();
    let text = "x".repeat(1_000_000);
    let draft = Draft { text: &text, views: 1, expires: Expires::AfterS(3_600), passphrase: None };
    let link = client.share(&draft, &SystemRng).await.unwrap().link;
    assert_eq!(opens_in_the_end(&client, &link).await, text);
}

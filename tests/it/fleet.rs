//! The same promises in every shape: one process, an edge and its services apart, and two of each.

use std::{path::Path, time::Duration};

use tempfile::TempDir;
use tokio::time::timeout;
use wax_client_sdk::{Client, Code, Draft, Error, Session, Shared, StatusStream};
use wax_crypto::{AckPreimage, ClaimKey, Delivered, DeviceKey, Ikm, Link, open_text};
use wax_kernel::SystemRng;
use wax_model::{ClaimState, Expires, SecretState};
use wax_testkit::database::PostgresDatabase;
use waxseal_tests::fleet::{Fleet, Shape};

const TEXT: &str = "the same in every shape";

/// A fleet that runs, and what it needs to live.
struct Running {
    fleet: Fleet,
    _folder: TempDir,
    _database: Option<PostgresDatabase>,
}

impl Running {
    async fn on_postgres(shape: Shape) -> Self {
        let (folder, database) = (tempfile::tempdir().unwrap(), PostgresDatabase::empty().await);
        let mut fleet = Fleet::new(shape, folder.path(), &database.url());
        fleet.start().await;
        Self { fleet, _folder: folder, _database: Some(database) }
    }

    async fn on_sqlite(shape: Shape) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut fleet = Fleet::new(shape, folder.path(), &sqlite(folder.path()));
        fleet.start().await;
        Self { fleet, _folder: folder, _database: None }
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
}

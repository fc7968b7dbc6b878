//! What is left in the files of a secret that was destroyed.

use std::path::{Path, PathBuf};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use sqlx::{
    ConnectOptions as _, Connection as _, Row as _, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};
use wax_client_sdk::{Client, Delivery, Draft, Session};
use wax_crypto::{Delivered, DeviceKey, Ikm, Link, open_text};
use wax_kernel::SystemRng;
use wax_model::{Expires, SecretState};
use wax_testkit::database::PostgresDatabase;

use crate::server::Server;

/// Everything of a secret that must go: the sealed columns of both tables.
const REMAINS: &str = "SELECT w.data_key, w.claim_mac, w.wrapped_key, c.data_key, c.header, c.policy, c.content \
                       FROM secret_wraps w JOIN secret_contents c ON c.tenant_id = w.tenant_id AND c.secret_id = w.secret_id";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_destroyed_secret_is_left_in_sqlites_files_or_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Server::waxseald(folder.path(), None);
    server.start().await;
    let (link, device, delivery) = claimed(&server.client()).await;
    let options = SqliteConnectOptions::new().filename(data.join("waxseal.db"));
    let mut database = options.connect().await.unwrap();
    let remains = sqlx::query(REMAINS).fetch_one(&mut database).await.unwrap();
    let remains: Vec<Vec<u8>> = (0..7).map(|column| remains.get(column)).collect();
    database.close().await.unwrap();
    let files = || files_below(&data, "waxseal.db");
    assert_eq!(found(&remains, &files()), 7, "the search does not find what is there");

    confirm(&server.client(), &link, &device, &delivery).await;
    server.stop();
    assert_eq!(found(&remains, &files()), 0, "something is left in the database's files");
    let mut written = remains;
    written.push(link.token().expose().to_vec());
    written.push(delivery.content);
    assert_eq!(found(&written, &[folder.path().join("server.log")]), 0, "something is in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_destroyed_secret_is_left_in_postgres_tables_after_vacuum() {
    let (folder, database) = (tempfile::tempdir().unwrap(), PostgresDatabase::empty().await);
    let mut server = Server::waxseald(folder.path(), Some(database.url()));
    server.start().await;
    let (link, device, delivery) = claimed(&server.client()).await;
    let options: PgConnectOptions = database.url().parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let remains = sqlx::query(REMAINS).fetch_one(&mut connection).await.unwrap();
    let remains: Vec<Vec<u8>> = (0..7).map(|column| remains.get(column)).collect();
    let directory: String = sqlx::query_scalar(
        "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database WHERE datname = current_database()",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    let directory = PathBuf::from(directory);
    sqlx::query("CHECKPOINT").execute(&mut connection).await.unwrap();
    assert_eq!(
        found(&remains, &files_below(&directory, "")),
        7,
        "the search does not find what is there"
    );

    confirm(&server.client(), &link, &device, &delivery).await;
    server.stop();
    for statement in ["VACUUM secret_wraps", "VACUUM secret_contents", "CHECKPOINT"] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    assert_eq!(found(&remains, &files_below(&directory, "")), 0, "something is left in the tables");
}

/// A shared secret and the device that has claimed it, not yet confirmed.
async fn claimed(client: &Client) -> (Link, DeviceKey, Delivery) {
    let text = "what must not be found ".repeat(40);
    let draft = Draft { text: &text, views: 1, expires: Expires::AfterS(3_600), passphrase: None };
    let link = client.share(&draft, &SystemRng).await.unwrap().link;
    let device = DeviceKey::generate();
    let key = Ikm::without_passphrase(link.token()).claim_key(&link.id());
    let delivery =
        Session::start(client, &link, &device).await.unwrap().0.claim(&key).await.unwrap();
    (link, device, delivery)
}

async fn confirm(client: &Client, link: &Link, device: &DeviceKey, delivery: &Delivery) {
    let delivered = Delivered {
        header: &delivery.header,
        policy: &delivery.policy,
        wrapped_key: &delivery.wrapped_key,
        content: &delivery.content,
    };
    let opened = open_text(&Ikm::without_passphrase(link.token()), &link.id(), &delivered).unwrap();
    let (mut session, _) = Session::start(client, link, device).await.unwrap();
    let state = session.ack(delivery.id, delivery.counter + 1, &opened.ack).await.unwrap();
    assert_eq!(state, SecretState::Destroyed);
}

/// How many of the values stand in any of the files, raw or written as hex or base64. A window of each is enough, and finds a
/// value that a database has cut in two.
fn found(values: &[Vec<u8>], files: &[PathBuf]) -> usize {
    let contents: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    values.iter().filter(|value| contents.iter().any(|content| holds(content, value))).count()
}

fn holds(content: &[u8], value: &[u8]) -> bool {
    const WINDOW: usize = 18;
    // Multiples of three keep base64 aligned, wherever the writer began.
    let windows = value.chunks_exact(WINDOW).take(40);
    windows.into_iter().any(|window| {
        let hex = hex(window);
        let base64 = STANDARD.encode(window);
        let base64url = URL_SAFE_NO_PAD.encode(window);
        let forms = [window, hex.as_bytes(), base64.as_bytes(), base64url.as_bytes()];
        let upper = hex.to_uppercase();
        forms.iter().chain([&upper.as_bytes()]).any(|form| contains(content, form))
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn contains(content: &[u8], form: &[u8]) -> bool {
    let first = form[0];
    let mut rest = content;
    while let Some(at) = rest.iter().position(|byte| *byte == first) {
        if rest[at..].starts_with(form) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// The files of a directory whose names start with `prefix`.
fn files_below(directory: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("the test may read the database's directory");
    let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(prefix)).collect()
}

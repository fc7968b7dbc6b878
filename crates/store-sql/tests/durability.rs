//! What stays, and what does not, in the database's files.
#![expect(clippy::unwrap_used, reason = "these are tests; an error is a failure")]

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

use wax_model::SecretState;
use wax_store::{
    SecretFilter, Store, StoreError,
    conformance::fixtures::{self, START, create, find, row, secret, tenant},
};
use wax_store_sql::{Settings, SqlStore};
use wax_testkit::database::{self, PostgresDatabase};

/// Every file of the folder with the bytes looked for.
fn files_with(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let holds =
        |path: &Path| fs::read(path).unwrap().windows(bytes.len()).any(|part| part == bytes);
    files
        .filter(|path| holds(path))
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_checkpoint_no_file_of_sqlite_holds_what_was_destroyed() {
    let (store, folder) = database::sqlite_file().await;
    let mut new = secret(1, 1);
    // Longer than a page, so that overflow pages are looked at too.
    new.content.content = fixtures::bytes::<20_000>(50, 1).to_vec();
    assert!(create(&store, tenant(1), &new).await);
    let stored: Vec<Vec<u8>> = vec![
        new.claim_mac.to_vec(),
        new.wrap.data_key.clone(),
        new.wrap.wrapped_key.clone(),
        new.content.data_key.clone(),
        new.content.header.clone(),
        new.content.policy.clone(),
        new.content.content[..1_000].to_vec(),
        new.content.content[19_000..].to_vec(),
    ];
    for (n, bytes) in stored.iter().enumerate() {
        assert!(
            !files_with(folder.path(), bytes).is_empty(),
            "value {n} is found while it is there"
        );
    }
    store.platform().checkpoint().await.unwrap();
    let claim = fixtures::taken(&store, &new, 1, START).await;
    fixtures::ack(&store, fixtures::call(&claim, 1, START)).await;
    assert_eq!(row(&store, &new).await.state, SecretState::Destroyed);
    store.platform().checkpoint().await.unwrap();
    for (n, bytes) in stored.iter().enumerate() {
        assert_eq!(files_with(folder.path(), bytes), Vec::<String>::new(), "value {n}");
    }
    assert!(!files_with(folder.path(), &new.secret.ack_sha256).is_empty(), "the tombstone stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_checkpoint_no_file_of_sqlite_holds_what_only_the_first_claim_needed() {
    let (store, folder) = database::sqlite_file().await;
    let new = fixtures::device_bound(1);
    assert!(create(&store, tenant(1), &new).await);
    let wrap: [&[u8]; 3] = [&new.claim_mac, &new.wrap.data_key, &new.wrap.wrapped_key];
    let content: [&[u8]; 3] =
        [&new.content.data_key, &new.content.header, &new.content.content[..200]];
    let found = |values: [&[u8]; 3]| {
        values.iter().filter(|bytes| !files_with(folder.path(), bytes).is_empty()).count()
    };
    assert_eq!((found(wrap), found(content)), (3, 3), "found while they are there");
    let claim = fixtures::taken(&store, &new, 1, START).await;
    fixtures::ack(&store, fixtures::call(&claim, 1, START)).await;
    assert_eq!(row(&store, &new).await.state, SecretState::Bound);
    store.platform().checkpoint().await.unwrap();
    assert_eq!((found(wrap), found(content)), (0, 3));
    assert!(fixtures::burn(&store, new.secret.id, START).await);
    store.platform().checkpoint().await.unwrap();
    assert_eq!((found(wrap), found(content)), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_their_owner_reads_the_files_of_sqlite() {
    let (store, folder) = database::sqlite_file().await;
    assert!(create(&store, tenant(1), &secret(1, 1)).await);
    let files = fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(files.len(), 3, "database, WAL and its index: {files:?}");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_file_opens_again_with_everything_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::SqliteFile(folder.path().join("waxseal.db"));
    for n in 0..3 {
        let closing = SqlStore::open(&settings).await.unwrap();
        closing.migrate().await.unwrap();
        let store: Arc<dyn Store> = closing.clone();
        for earlier in 0..n {
            assert!(find(&store, secret(earlier, 1).secret.id).await.is_some());
        }
        assert!(create(&store, tenant(1), &secret(n, 1)).await);
        closing.close().await;
        let refused = fixtures::try_unit(&store, tenant(1), |_| Box::pin(async { Ok(()) })).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_may_write_one_file() {
    let (store, folder) = database::sqlite_file().await;
    let settings = Settings::SqliteFile(folder.path().join("waxseal.db"));
    let other: Arc<dyn Store> = SqlStore::open(&settings).await.unwrap();
    let writes = (0..100).map(|n| {
        let store = Arc::clone(if n % 2 == 0 { &store } else { &other });
        async move { create(&store, tenant(1), &secret(n, 1)).await }
    });
    let made = futures_util::future::join_all(writes).await;
    assert_eq!(made.iter().filter(|made| **made).count(), 100);
    let listed =
        other.read(tenant(1)).secrets().list(&SecretFilter::default(), None, 200).await.unwrap();
    assert_eq!(listed.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_may_be_run_by_several_processes_at_once() {
    let database = PostgresDatabase::empty().await;
    let settings = database.settings(2);
    let starts = (0..4).map(|_| async {
        let store = SqlStore::open(&settings).await.unwrap();
        store.migrate().await.unwrap();
        store
    });
    let stores = futures_util::future::join_all(starts).await;
    let store: Arc<dyn Store> = stores[0].clone();
    assert!(create(&store, tenant(1), &secret(1, 1)).await);
}

/// An operator who trades safety for speed is told, before anything is acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_does_not_wait_for_the_disk_is_refused() {
    let database = PostgresDatabase::migrated().await;
    let settings = database.settings(2);
    let running = SqlStore::open(&settings).await.unwrap();
    running.close().await;

    let alter = format!("ALTER DATABASE {} SET synchronous_commit = off", database.name());
    database.execute(&alter).await;
    match SqlStore::open(&settings).await {
        Err(StoreError::NotDurable { setting, value, remedy }) => {
            assert_eq!((setting, &*value), ("synchronous_commit", "off"));
            assert!(remedy.contains("synchronous_commit = on"));
        }
        other => panic!("it was to be refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_unavailable() {
    let missing = Settings::SqliteFile("/nonexistent/folder/waxseal.db".into());
    let nowhere = Settings::Postgres {
        url: wax_kernel::Redacted::new("postgres://nobody:hunter2@127.0.0.1:1/nothing".into()),
        connections: 1,
    };
    for settings in [missing, nowhere] {
        let error = SqlStore::open(&settings).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        assert!(!format!("{settings:?} {error:?}").contains("hunter2"));
    }
}

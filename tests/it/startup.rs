//! A server that would break its promises does not start.

use wax_testkit::database::PostgresDatabase;

use crate::server::Server;

#[tokio::test]
async fn a_server_refuses_a_database_that_would_lose_what_it_acknowledged() {
    let (folder, database) = (tempfile::tempdir().unwrap(), PostgresDatabase::empty().await);
    let turn_off = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$";
    database.execute(turn_off).await;
    let server = Server::waxseald(folder.path(), Some(database.url()));
    let output = server.command().output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(told.contains("synchronous_commit"), "{told}");
}

#[tokio::test]
async fn a_server_refuses_a_key_directory_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("data/keys");
    std::fs::create_dir_all(&keys).unwrap();
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = Server::waxseald(folder.path(), None).command().output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(told.contains("keys"), "{told}");
}

//! A road to Postgres on which the answer to a COMMIT is lost.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use wax_kernel::Redacted;
use wax_store_sql::{Settings, SqlStore};

use crate::{Commit, database::PostgresDatabase};

/// How the driver sends a COMMIT: a simple query's text and its end (its protocol's "Message Formats", Query).
const COMMIT: &[u8] = b"COMMIT\0";

/// A TCP proxy for one database. Everything passes but what [`CommitProxy::set`] says of commits.
#[derive(Debug)]
pub struct CommitProxy {
    options: PgConnectOptions,
    commits: Arc<Mutex<Commit>>,
}

impl CommitProxy {
    /// Nothing is lost until told.
    ///
    /// # Panics
    /// If it cannot listen.
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    pub async fn start(database: &PostgresDatabase) -> Self {
        let options: PgConnectOptions = database.url().parse().expect("a database has a URL");
        let to = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let port = listener.local_addr().expect("it listens").port();
        let commits = Arc::new(Mutex::new(Commit::Answered));
        let proxy = Self { options: options.host("127.0.0.1").port(port), commits };
        let commits = Arc::clone(&proxy.commits);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (to, commits) = (to.clone(), Arc::clone(&commits));
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(to).await {
                        pass(client, server, &commits).await;
                    }
                });
            }
        });
        proxy
    }

    /// What becomes of all commits from now on.
    pub fn set(&self, commits: Commit) {
        *self.commits.lock().unwrap_or_else(PoisonError::into_inner) = commits;
    }

    /// A store that reaches its database through the proxy.
    ///
    /// # Panics
    /// If it does not.
    pub async fn store(&self) -> Arc<SqlStore> {
        let url = Redacted::new(self.options.to_url_lossy().to_string());
        let settings = Settings::Postgres { url, connections: 4 };
        SqlStore::open(&settings).await.expect("the database is behind the proxy")
    }
}

/// Passes bytes on in both directions, until either side ends or a commit is to be lost.
async fn pass(mut client: TcpStream, mut server: TcpStream, commits: &Mutex<Commit>) {
    let (mut up, mut down) = (vec![0; 64 * 1_024], vec![0; 64 * 1_024]);
    loop {
        let passed = tokio::select! {
            read = client.read(&mut up) => match read {
                Ok(0) | Err(_) => return,
                Ok(bytes) => {
                    let commit = up[..bytes].windows(COMMIT.len()).any(|part| part == COMMIT);
                    let fate = *commits.lock().unwrap_or_else(PoisonError::into_inner);
                    match (commit, fate) {
                        (true, Commit::Lost) => return,
                        (true, Commit::Written) => {
                            // The server has answered, and so has committed; nobody hears it.
                            drop(server.write_all(&up[..bytes]).await);
                            drop(server.read(&mut down).await);
                            return;
                        }
                        _ => server.write_all(&up[..bytes]).await,
                    }
                }
            },
            read = server.read(&mut down) => match read {
                Ok(0) | Err(_) => return,
                Ok(bytes) => client.write_all(&down[..bytes]).await,
            },
        };
        if passed.is_err() {
            return;
        }
    }
}

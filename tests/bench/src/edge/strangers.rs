//! Whoever names a host that nobody has.

use std::sync::Arc;

use anyhow::{Result, ensure};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::cycle::Process;
use crate::load::{count, rate};

const CALLERS: usize = 16;

/// CPU of the server for one of them, in microseconds: the connection, the `ClientHello`, the alert.
pub(super) async fn refuse(server: &Process, port: u16, strangers: usize) -> Result<f64> {
    let hello = Arc::new(hello()?);
    let before = server.usage()?;
    rate(CALLERS, strangers / CALLERS, move |_| {
        let hello = Arc::clone(&hello);
        async move { one(port, &hello).await }
    })
    .await?;
    Ok(server.usage()?.since(&before, "") / count(strangers / CALLERS * CALLERS))
}

async fn one(port: u16, hello: &[u8]) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(hello).await?;
    let mut said = Vec::new();
    stream.read_to_end(&mut said).await?;
    // A fatal alert, `unrecognized_name` (RFC 8446 §6.2).
    ensure!(said.ends_with(&[2, 112]), "a stranger was told {said:?}");
    Ok(())
}

/// What a client of our kind says first. It is the same each time: nothing is agreed on.
fn hello() -> Result<Vec<u8>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let name = ServerName::try_from("stranger.localhost")?;
    let mut bytes = Vec::new();
    ClientConnection::new(Arc::new(config), name)?.write_tls(&mut bytes)?;
    Ok(bytes)
}

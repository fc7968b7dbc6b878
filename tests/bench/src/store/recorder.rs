//! What a store really sends to Postgres: a proxy that reads along.
//!
//! It understands the four messages of the frontend that matter here (`Parse`, `Bind`, `Query` and the nameless start)
//! of the protocol (version 3.0, "Message Formats" in Postgres' manual).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, Bytes};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, tcp};
use tokio::task::JoinSet;

/// A statement, and its values as SQL text understands them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) sql: String,
    pub(crate) values: Vec<Option<String>>,
}

/// Listens until it is dropped.
pub(crate) struct Recorder {
    pub(crate) port: u16,
    sent: Arc<Mutex<Vec<Sent>>>,
    _listening: JoinSet<Result<()>>,
}

impl Recorder {
    /// Forwards to the server at this port of this machine.
    pub(crate) async fn start(server: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let sent = Arc::new(Mutex::new(Vec::new()));
        let (mut listening, log) = (JoinSet::new(), Arc::clone(&sent));
        listening.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await?;
                connections.spawn(relay(client, server, Arc::clone(&log)));
            }
        });
        Ok(Self { port, sent, _listening: listening })
    }

    /// What was sent since the last time.
    pub(crate) fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn relay(client: TcpStream, server: u16, log: Arc<Mutex<Vec<Sent>>>) -> Result<()> {
    let server = TcpStream::connect(("127.0.0.1", server)).await?;
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = server.into_split();
    let read_along = read_along(from_client, to_server, log);
    let answers =
        async { Ok(tokio::io::copy(&mut from_server, &mut to_client).await.map(|_| ())?) };
    tokio::try_join!(read_along, answers).map(|_| ())
}

async fn read_along(
    mut client: tcp::OwnedReadHalf,
    mut server: tcp::OwnedWriteHalf,
    log: Arc<Mutex<Vec<Sent>>>,
) -> Result<()> {
    let mut statements = HashMap::new();
    // The first message has no kind: only its length, then the start-up parameters.
    let start = body(&mut client).await?;
    server.write_all(&framed(None, &start)).await?;
    while let Ok(kind) = client.read_u8().await {
        let message = body(&mut client).await?;
        if let Some(sent) = read(kind, message.clone(), &mut statements)? {
            log.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
        }
        server.write_all(&framed(Some(kind), &message)).await?;
    }
    Ok(())
}

async fn body(client: &mut tcp::OwnedReadHalf) -> Result<Bytes> {
    let length = client.read_u32().await? as usize;
    let mut body = vec![0; length.checked_sub(4).context("a message shorter than its length")?];
    client.read_exact(&mut body).await?;
    Ok(body.into())
}

fn framed(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    kind.into_iter().chain(length.to_be_bytes()).chain(body.iter().copied()).collect()
}

/// A prepared statement: its text and the types of its values.
struct Prepared {
    sql: String,
    types: Vec<u32>,
}

fn read(
    kind: u8,
    mut message: Bytes,
    statements: &mut HashMap<String, Prepared>,
) -> Result<Option<Sent>> {
    match kind {
        b'Q' => Ok(Some(Sent { sql: text(&mut message)?, values: Vec::new() })),
        b'P' => {
            let (name, sql) = (text(&mut message)?, text(&mut message)?);
            let types = (0..message.try_get_u16()?).map(|_| message.try_get_u32());
            let types = types.collect::<Result<_, _>>()?;
            statements.insert(name, Prepared { sql, types });
            Ok(None)
        }
        b'B' => {
            let (_portal, name) = (text(&mut message)?, text(&mut message)?);
            let prepared = statements.get(&name).context("a statement that was not prepared")?;
            let values = values(&mut message, &prepared.types)?;
            Ok(Some(Sent { sql: prepared.sql.clone(), values }))
        }
        _ => Ok(None),
    }
}

fn values(message: &mut Bytes, types: &[u32]) -> Result<Vec<Option<String>>> {
    for _ in 0..message.try_get_u16()? {
        ensure!(message.try_get_u16()? == 1, "a value that is not sent in binary");
    }
    ensure!(usize::from(message.try_get_u16()?) == types.len(), "values without types");
    types.iter().map(|of| value(message, *of)).collect()
}

/// Types by their number in the catalogue `pg_type`. Columns of the store have no others (docs/adr/0004).
fn value(message: &mut Bytes, of: u32) -> Result<Option<String>> {
    const BYTEA: u32 = 17;
    const INT8: u32 = 20;
    const TEXT: u32 = 25;
    let Ok(length) = usize::try_from(message.try_get_i32()?) else { return Ok(None) };
    ensure!(message.len() >= length, "a value shorter than its length");
    let mut value = message.split_to(length);
    Ok(Some(match of {
        BYTEA => value.iter().fold("\\x".to_owned(), |text, byte| text + &format!("{byte:02x}")),
        INT8 => value.try_get_i64()?.to_string(),
        TEXT => String::from_utf8(value.into())?,
        other => bail!("a value of type {other}, which the store does not use"),
    }))
}

/// Up to the zero byte that ends it.
fn text(message: &mut Bytes) -> Result<String> {
    let end = message.iter().position(|byte| *byte == 0).context("a text without an end")?;
    let text = message.split_to(end);
    message.advance(1);
    Ok(String::from_utf8(text.into())?)
}

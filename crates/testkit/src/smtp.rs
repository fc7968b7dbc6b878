//! A mail server that keeps what it gets, and refuses as it is told.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    sync::Notify,
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, rustls};

/// What every mail server of a test answers to.
pub const MAIL_HOST: &str = "localhost";

/// How a client may speak to the catcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatcherTls {
    /// From the first byte.
    Implicit,
    /// After `STARTTLS`; a letter before it is refused.
    StartTls,
    /// Not at all.
    None,
}

/// What happens instead of taking the next letter. Each is used once, in order.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// This reply to `MAIL FROM`.
    Sender(&'static str),
    /// This reply to `RCPT TO`.
    Recipient(&'static str),
    /// This reply to the letter.
    Letter(&'static str),
    /// The letter is taken, and the connection closed without an answer.
    TakenUnanswered,
    /// Never an answer to `RCPT TO`.
    Silence,
    /// Half a letter is read, and never answered.
    HalfALetter,
    /// The connection is closed at `MAIL FROM`.
    Drop,
}

/// A letter as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caught {
    /// `MAIL FROM`.
    pub from: String,
    /// `RCPT TO`.
    pub to: String,
    /// Headers and body, with CRLF.
    pub text: String,
}

impl Caught {
    /// A header's value, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let (head, _) = self.text.split_once("\r\n\r\n")?;
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let mut lines = unfolded.split("\r\n").filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    }
}

/// A mail server on a free port of this machine.
#[derive(Debug)]
pub struct Catcher {
    address: SocketAddr,
    authority: String,
    state: Arc<State>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    caught: Mutex<Vec<Caught>>,
    troubles: Mutex<VecDeque<Trouble>>,
    connections: Mutex<usize>,
    password: Mutex<Option<String>>,
    arrived: Notify,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Catcher {
    /// Starts one.
    ///
    /// # Panics
    /// Without a free port.
    pub async fn start(tls: CatcherTls) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (acceptor, authority) = certificate();
        let state = Arc::new(State::default());
        let serving = Arc::clone(&state);
        let task = spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *lock(&serving.connections) += 1;
                let (state, acceptor) = (Arc::clone(&serving), acceptor.clone());
                spawn(async move {
                    // A client that leaves is a client that leaves.
                    let _ = serve(stream, &state, tls, acceptor).await;
                });
            }
        });
        Self { address, authority, state, task }
    }

    /// Where it listens.
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// The authority behind its certificate, as PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Asks for this user and password from now on, as `AUTH PLAIN` sends them: base64 of `\0user\0password`.
    pub fn require(&self, plain: impl Into<String>) {
        *lock(&self.state.password) = Some(plain.into());
    }

    /// Has trouble with the next letters.
    pub fn trouble(&self, troubles: impl IntoIterator<Item = Trouble>) {
        lock(&self.state.troubles).extend(troubles);
    }

    /// Everything that came, in its order.
    pub fn caught(&self) -> Vec<Caught> {
        lock(&self.state.caught).clone()
    }

    /// Waits until so many letters came.
    pub async fn wait_for(&self, letters: usize) -> Vec<Caught> {
        loop {
            let arrived = self.state.arrived.notified();
            let caught = self.caught();
            if caught.len() >= letters {
                return caught;
            }
            arrived.await;
        }
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        *lock(&self.state.connections)
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[expect(clippy::disallowed_methods, reason = "a server of a test ends with the test's runtime")]
fn spawn(task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(task)
}

fn certificate() -> (TlsAcceptor, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"))
        .expect("an authority signs itself");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec![MAIL_HOST.to_owned()]).expect("a name");
    let leaf = leaf.signed_by(&key, &authority).expect("an authority signs");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .expect("a certificate and its key");
    (TlsAcceptor::from(Arc::new(config)), authority.pem())
}

async fn serve(
    stream: tokio::net::TcpStream,
    state: &State,
    tls: CatcherTls,
    acceptor: TlsAcceptor,
) -> io::Result<()> {
    if tls == CatcherTls::Implicit {
        let mut stream = BufReader::new(acceptor.accept(stream).await?);
        reply(&mut stream, "220 catcher").await?;
        return talk(&mut stream, state, false).await.map(|_| ());
    }
    let mut stream = BufReader::new(stream);
    reply(&mut stream, "220 catcher").await?;
    if talk(&mut stream, state, tls == CatcherTls::StartTls).await? {
        let mut stream = BufReader::new(acceptor.accept(stream.into_inner()).await?);
        talk(&mut stream, state, false).await?;
    }
    Ok(())
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One dialogue (RFC 5321 §3). `true`: the client wants TLS now.
async fn talk(
    stream: &mut BufReader<impl Stream>,
    state: &State,
    starttls: bool,
) -> io::Result<bool> {
    let (mut from, mut to, mut known) = (String::new(), String::new(), false);
    let mut trouble = None;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(false);
        }
        let line = line.trim_end();
        let command = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let argument = || {
            line.split_once('<').map_or("", |(_, rest)| rest.split('>').next().unwrap_or_default())
        };
        let refused = starttls || (lock(&state.password).is_some() && !known);
        match &*command {
            "EHLO" if starttls => reply(stream, "250-catcher\r\n250 STARTTLS").await?,
            "EHLO" => reply(stream, "250-catcher\r\n250 AUTH PLAIN").await?,
            "STARTTLS" if starttls => {
                reply(stream, "220 go ahead").await?;
                return Ok(true);
            }
            "AUTH" => {
                let given = line.rsplit(' ').next().map(str::to_owned);
                known = *lock(&state.password) == given;
                let answer = if known { "235 2.7.0 welcome" } else { "535 5.7.8 wrong password" };
                reply(stream, answer).await?;
            }
            "MAIL" if refused => reply(stream, "530 5.7.0 not like this").await?,
            "MAIL" => {
                from = argument().to_owned();
                trouble = lock(&state.troubles).pop_front();
                match trouble {
                    Some(Trouble::Drop) => return Ok(false),
                    Some(Trouble::Sender(answer)) => reply(stream, answer).await?,
                    _ => reply(stream, "250 2.1.0 ok").await?,
                }
            }
            "RCPT" => {
                to = argument().to_owned();
                match trouble {
                    Some(Trouble::Recipient(answer)) => reply(stream, answer).await?,
                    Some(Trouble::Silence) => std::future::pending().await,
                    _ => reply(stream, "250 2.1.5 ok").await?,
                }
            }
            "DATA" => {
                reply(stream, "354 go ahead").await?;
                if matches!(trouble, Some(Trouble::HalfALetter)) {
                    stream.read_line(&mut String::new()).await?;
                    std::future::pending::<()>().await;
                }
                let caught =
                    Caught { from: from.clone(), to: to.clone(), text: letter(stream).await? };
                match trouble.take() {
                    Some(Trouble::Letter(answer)) => reply(stream, answer).await?,
                    Some(Trouble::TakenUnanswered) => {
                        keep(state, caught);
                        return Ok(false);
                    }
                    _ => {
                        keep(state, caught);
                        reply(stream, "250 2.0.0 queued as 1").await?;
                    }
                }
            }
            "QUIT" => {
                reply(stream, "221 bye").await?;
                return Ok(false);
            }
            _ => reply(stream, "250 ok").await?,
        }
    }
}

fn keep(state: &State, caught: Caught) {
    lock(&state.caught).push(caught);
    state.arrived.notify_waiters();
}

/// To the line of a single dot, with the doubled dots undone (RFC 5321 §4.5.2).
async fn letter(stream: &mut BufReader<impl Stream>) -> io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

async fn reply(stream: &mut BufReader<impl Stream>, text: &str) -> io::Result<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    stream.flush().await
}

//! Hands letters to a mail server (RFC 5321, submission by RFC 6409), over TLS.
//!
//! Connections are lettre's, the pool is not: lettre's takes a connection back that was dropped in the middle of a
//! letter, and the next letter would become part of it. Here only a connection that has just heard "250" is used again.

use std::{
    error::Error as _,
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use lettre::{
    Address,
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::ClientId,
    },
};
use wax_kernel::Redacted;

use crate::{Accepted, Failure, Letter, Remedy, Transport};

/// A connection that nobody used for so long may be gone, and servers close after 5 minutes (RFC 5321 §4.5.3.2.7).
const IDLE: Duration = Duration::from_secs(60);

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 §3.3). To be preferred: nobody between can keep it from beginning.
    Implicit,
    /// STARTTLS (RFC 3207); without it nothing is sent.
    StartTls,
    /// None. For a relay on this machine only.
    Plain,
}

/// The mail server.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its name, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// User and password, if it asks for them. Never sent in the clear but to this machine.
    pub credentials: Option<(String, Redacted<String>)>,
    /// A PEM file's text: the authority to trust instead of those compiled in.
    pub authority: Option<Vec<u8>>,
    /// What this server calls itself (EHLO).
    pub hello: String,
    /// Longest time for one letter, from connecting to the last answer.
    pub timeout: Duration,
}

/// The mail server cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadSetup(String);

/// Letters go to one mail server.
pub struct Smtp {
    server: Server,
    tls: Option<TlsParameters>,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("server", &self.server).finish_non_exhaustive()
    }
}

/// Where in the dialogue a refusal came.
#[derive(Clone, Copy)]
enum Stage {
    /// Before the recipient was named: it is about us.
    Us,
    /// The recipient.
    Recipient,
    /// The letter itself.
    Letter,
}

impl Smtp {
    /// Prepares, and connects to nobody yet.
    ///
    /// # Errors
    /// A certificate that cannot be read.
    pub fn new(server: Server) -> Result<Self, BadSetup> {
        let tls = match server.security {
            Security::Plain => None,
            Security::Implicit | Security::StartTls => Some(tls(&server)?),
        };
        Ok(Self { server, tls, idle: Mutex::default() })
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, Failure> {
        while let Some((mut connection, since)) = self.parked() {
            if since.elapsed() < IDLE && connection.test_connected().await {
                return Ok(connection);
            }
        }
        self.connect().await
    }

    fn parked(&self) -> Option<(AsyncSmtpConnection, Instant)> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let Server { host, port, security, credentials, hello, timeout, .. } = &self.server;
        let hello = ClientId::Domain(hello.clone());
        let implicit = self.tls.clone().filter(|_| *security == Security::Implicit);
        let at = (host.as_str(), *port);
        let connecting =
            AsyncSmtpConnection::connect_tokio1(at, Some(*timeout), &hello, implicit, None);
        let mut connection = connecting.await.map_err(|error| judge(&error, Stage::Us))?;
        if let (Security::StartTls, Some(tls)) = (security, &self.tls) {
            if !connection.can_starttls() {
                return Err(Failure::later(
                    "no-starttls",
                    "the server offers no STARTTLS; nothing was sent",
                ));
            }
            connection
                .starttls(tls.clone(), &hello)
                .await
                .map_err(|error| judge(&error, Stage::Us))?;
        }
        if let Some((user, password)) = credentials {
            let credentials = Credentials::new(user.clone(), password.expose().clone());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            let signed_in = connection.auth(&mechanisms, &credentials).await;
            signed_in.map_err(|error| judge(&error, Stage::Us))?;
        }
        Ok(connection)
    }

    async fn hand_over(&self, letter: &Letter) -> Result<Accepted, Failure> {
        let from = address(letter.from.as_str())?;
        let to = address(letter.to.as_str())?;
        let mut connection = self.connection().await?;
        let at = |stage| move |error: Error| judge(&error, stage);
        connection.command(Mail::new(Some(from), vec![])).await.map_err(at(Stage::Us))?;
        connection.command(Rcpt::new(to, vec![])).await.map_err(at(Stage::Recipient))?;
        connection.command(Data).await.map_err(at(Stage::Letter))?;
        // The line's end before the closing dot is lettre's.
        let text = letter.bytes.strip_suffix(b"\r\n").unwrap_or(&letter.bytes);
        let answer = connection.message(text).await.map_err(at(Stage::Letter))?;
        let said = answer.message().collect::<Vec<_>>().join(" ");
        let idle = (connection, Instant::now());
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
        Ok(Accepted(format!("{} {said}", answer.code())))
    }
}

#[async_trait]
impl Transport for Smtp {
    async fn send(&self, letter: &Letter) -> Result<Accepted, Failure> {
        let late = |_| Failure::later("timeout", "no answer in time");
        tokio::time::timeout(self.server.timeout, self.hand_over(letter)).await.map_err(late)?
    }
}

fn tls(server: &Server) -> Result<TlsParameters, BadSetup> {
    let mut builder = TlsParameters::builder(server.host.clone());
    if let Some(pem) = &server.authority {
        let unreadable = |_| BadSetup("mail.smtp_ca holds no certificate in PEM form".to_owned());
        let authority = Certificate::from_pem(pem).map_err(unreadable)?;
        builder = builder
            .certificate_store(lettre::transport::smtp::client::CertificateStore::None)
            .add_root_certificate(authority);
    }
    builder.build_rustls().map_err(|error| BadSetup(error.to_string()))
}

fn address(text: &str) -> Result<Address, Failure> {
    text.parse().map_err(|_| Failure::refused("address", "it cannot stand in an envelope"))
}

/// What a failure means. A refusal for good counts against the address only where it is about the address.
fn judge(error: &Error, stage: Stage) -> Failure {
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    let (remedy, reason) = match error.status() {
        Some(code) => {
            let code = u16::from(code);
            (remedy(code, enhanced(&words), stage), format!("reply-{code}"))
        }
        None if error.is_tls() => (Remedy::Later, "tls".to_owned()),
        None if error.is_timeout() => (Remedy::Later, "timeout".to_owned()),
        None => (Remedy::Later, "connection".to_owned()),
    };
    Failure { remedy, reason, words: format!("{error}") }
}

/// The reply code (RFC 5321 §4.2.3) and the enhanced one, if there is one (RFC 3463), at a stage.
fn remedy(code: u16, enhanced: Option<(u8, u16, u16)>, stage: Stage) -> Remedy {
    match (stage, code, enhanced) {
        // Wrong password, unknown sender: our operator mends it, and what waits then goes out.
        (Stage::Us, ..) | (_, ..500, _) => Remedy::Later,
        // Bad mailbox (X.1.1), system (X.1.2), syntax (X.1.3), moved (X.1.6), null MX (X.1.10); mailbox disabled (X.2.1).
        (Stage::Recipient, _, Some((5, 1, 1 | 2 | 3 | 6 | 10) | (5, 2, 1)))
        | (Stage::Recipient, 550 | 551 | 553, None) => Remedy::Suppress,
        // Full, too large, against a policy: about this letter or this moment.
        _ => Remedy::GiveUp,
    }
}

/// `5.1.1` at the start of a reply's text.
fn enhanced(words: &str) -> Option<(u8, u16, u16)> {
    let mut parts = words.split_whitespace().next()?.split('.');
    let class = parts.next()?.parse().ok()?;
    let (subject, detail) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some((class, subject, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_mailbox_counts_against_the_address() {
        let recipient = |code, words| remedy(code, enhanced(words), Stage::Recipient);
        assert_eq!(recipient(550, "5.1.1 no such user"), Remedy::Suppress);
        assert_eq!(recipient(550, "no such user"), Remedy::Suppress);
        assert_eq!(recipient(553, "5.1.3 bad address"), Remedy::Suppress);
        assert_eq!(recipient(550, "5.2.1 mailbox disabled"), Remedy::Suppress);
        assert_eq!(recipient(550, "5.7.1 you are on a list"), Remedy::GiveUp);
        assert_eq!(recipient(552, "5.2.2 mailbox full"), Remedy::GiveUp);
        assert_eq!(recipient(554, "no"), Remedy::GiveUp);
        assert_eq!(recipient(450, "4.2.0 greylisted"), Remedy::Later);
        assert_eq!(remedy(554, enhanced("5.7.1 spam"), Stage::Letter), Remedy::GiveUp);
        assert_eq!(remedy(550, enhanced("5.1.1 odd"), Stage::Letter), Remedy::GiveUp);
        assert_eq!(remedy(535, enhanced("5.7.8 wrong password"), Stage::Us), Remedy::Later);
        assert_eq!(remedy(550, enhanced("5.1.8 bad sender"), Stage::Us), Remedy::Later);
    }

    #[test]
    fn an_enhanced_code_is_three_numbers() {
        assert_eq!(enhanced("5.1.10 x"), Some((5, 1, 10)));
        for words in ["", "no such user", "5.1", "5.1.1.1", "550 5.1.1"] {
            assert_eq!(enhanced(words), None, "{words}");
        }
    }
}

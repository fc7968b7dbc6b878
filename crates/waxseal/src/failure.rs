//! How a run ends when it does not end well: a sentence, advice, and an exit code that scripts can rely on.

use std::{io, path::Path, process::ExitCode};

use wax_client_sdk::{Code, Error, FolderError, HostKeyError, NetworkError, Problem};
use wax_crypto::{LinkError, channel::HostPublicKey};

use crate::{
    outcome,
    output::{Output, Stream, Style},
    terminal::one_line,
    words::Words,
};

/// How a run ends. The codes are documented in the README and in `--help`, and never renumbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something on this machine: a file, the terminal, a closed pipe.
    Local,
    /// The command line or the settings are wrong.
    Usage,
    /// There is nothing to open, or nothing any more.
    Gone,
    /// Wrong passphrase, tries held back, or locked.
    Passphrase,
    /// No connection, or the server failed. Trying again later may help.
    Server,
    /// The link is damaged, or no link.
    Link,
    /// The server's rules forbid it: a limit, a rate, a value.
    Refused,
    /// What the server sent does not match the seal, or it is not the server that is known.
    Seal,
    /// Nobody is signed in, or who is may not do that, or must be confirmed first.
    Access,
    /// Of `verify-page`, as of `diff` and `cmp`: compared, and not the same. Of `domains`: looked at, and not ready.
    Different,
    /// Of `verify-page`: not compared.
    Uncompared,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Local | Self::Different => 1,
            Self::Usage | Self::Uncompared => 2,
            Self::Gone => 3,
            Self::Passphrase => 4,
            Self::Server => 5,
            Self::Link => 6,
            Self::Refused => 7,
            Self::Seal => 8,
            Self::Access => 9,
        }
    }
}

/// Why and how a run ends.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    /// Somebody said no, or a comparison did: that is no error.
    is_error: bool,
    /// Empty: nobody listens, say nothing.
    message: String,
    advice: Vec<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, is_error: true, message: message.into(), advice: Vec::new() }
    }

    /// Asked, and answered with no.
    pub(crate) fn declined(message: impl Into<String>) -> Self {
        Self { is_error: false, ..Self::local(message) }
    }

    /// Compared, and not the same; looked at, and not as it should be.
    pub(crate) fn different(message: impl Into<String>) -> Self {
        Self { is_error: false, ..Self::new(Exit::Different, message) }
    }

    /// Whatever kept it from being compared.
    pub(crate) fn uncompared(self) -> Self {
        match self.exit {
            Exit::Different => self,
            _ => Self { exit: Exit::Uncompared, ..self },
        }
    }

    pub(crate) fn local(message: impl Into<String>) -> Self {
        Self::new(Exit::Local, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Adds what to do about it.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice.push(advice.into());
        self
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(words: Words, path: &Path, error: &io::Error) -> Self {
        let (file, reason) = (path.display().to_string(), error.to_string());
        Self::local(words.say("file.failed", &[("file", &file), ("reason", &reason)]))
    }

    /// Standard output failed. A closed pipe (`| head`) is no news to anybody.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        let closed = error.kind() == io::ErrorKind::BrokenPipe;
        Self::local(if closed { String::new() } else { error.to_string() })
    }

    /// A text that is not the link that was asked for.
    pub(crate) fn link(words: Words, error: LinkError, advice: &str) -> Self {
        let (message, advice) = match error {
            LinkError::Damaged => ("link.damaged", "link.damaged.advice"),
            LinkError::Malformed => ("link.malformed", advice),
            LinkError::UnknownVersion => ("link.version", "link.version.advice"),
        };
        Self::new(Exit::Link, words.plain(message)).advise(words.plain(advice))
    }

    /// What the client library reports.
    pub(crate) fn from_sdk(words: Words, error: &Error) -> Self {
        let say = |exit, key: &str| Self::new(exit, words.plain(key));
        match error {
            Error::Problem(problem) => Self::from_problem(words, problem),
            Error::Network(error) => Self::from_network(words, error),
            Error::Status(status) => Self::new(
                Exit::Server,
                words.say("server.status", &[("status", &status.to_string())]),
            )
            .advise(words.plain("server.status.advice")),
            Error::Answer(_) => {
                say(Exit::Server, "server.answer").advise(words.plain("server.status.advice"))
            }
            Error::Seal(_) => {
                say(Exit::Seal, "seal.broken").advise(words.plain("seal.broken.advice"))
            }
            Error::WrongPassphrase => say(Exit::Passphrase, "passphrase.wrong"),
            Error::PassphraseNeeded => say(Exit::Passphrase, "passphrase.needed")
                .advise(words.plain("passphrase.needed.advice")),
            Error::Lapsed => say(Exit::Gone, "gone.lapsed").advise(words.plain("gone.advice")),
            Error::Passphrase(error) => Self::usage(outcome::passphrase_error(words, *error)),
            Error::Draft(error) => outcome::draft_error(words, *error),
            Error::NoChannel => {
                say(Exit::Server, "channel.none").advise(words.plain("channel.none.advice"))
            }
            Error::NotBound => say(Exit::Gone, "give.not-here"),
            Error::Host(error) => Self::from_host_key(words, error),
            Error::Devices(error) => Self::from_folder(words, "devices.failed", error)
                .advise(words.plain("devices.failed.advice")),
            Error::Certificates(_) => Self::usage(words.plain("ca.invalid")),
            Error::Start(error) => Self::local(error.to_string()),
        }
    }

    /// The host is not the one it was, or what is known of it is lost.
    pub(crate) fn from_host_key(words: Words, error: &HostKeyError) -> Self {
        match error {
            HostKeyError::Changed { host, known, offered } => {
                let [known, offered] = [known, offered].map(HostPublicKey::to_base64url);
                let key = |key: &str, value: &str| words.say(key, &[("key", &value)]);
                Self::new(Exit::Seal, words.say("host.changed", &[("host", host)]))
                    .advise(key("host.changed.known", &known))
                    .advise(key("host.changed.offered", &offered))
                    .advise(words.say("host.changed.advice", &[("host", host)]))
            }
            HostKeyError::Damaged { host } => {
                Self::local(words.say("host.damaged", &[("host", host)]))
                    .advise(words.say("host.changed.advice", &[("host", host)]))
            }
            HostKeyError::Folder(error) => Self::from_folder(words, "host.failed", error)
                .advise(words.plain("host.failed.advice")),
        }
    }

    fn from_folder(words: Words, key: &str, error: &FolderError) -> Self {
        let (folder, reason) = (error.folder.display().to_string(), error.source.to_string());
        Self::local(words.say(key, &[("folder", &folder), ("reason", &reason)]))
    }

    /// The server wrote title and detail in the caller's language.
    fn from_problem(words: Words, problem: &Problem) -> Self {
        let detail = one_line(&problem.detail);
        let (exit, advice) = match problem.code {
            Code::SignedOut | Code::Forbidden => {
                return Self::new(Exit::Access, words.plain("access.key"))
                    .advise(words.plain("access.key.advice"));
            }
            Code::MembersOnly => (Exit::Access, "members-only.advice"),
            // What to do stands in the detail: it depends on who asks.
            Code::PlanLimit | Code::OrganizationLimited => {
                return Self::new(Exit::Access, format!("{}: {detail}", one_line(&problem.title)));
            }
            Code::NotAvailable => (Exit::Gone, "gone.missing.advice"),
            Code::Gone => return outcome::gone(words, problem.state, &problem.openings),
            Code::WrongKey => return outcome::wrong_key(words, problem.tries),
            Code::HeldBack => return outcome::held_back(words, problem),
            Code::Locked => {
                return Self::new(Exit::Passphrase, words.plain("locked"))
                    .advise(words.plain("locked.advice"));
            }
            Code::Invalid | Code::TooLarge | Code::Conflict => (Exit::Refused, "refused.advice"),
            Code::RateLimited => (Exit::Refused, "server.later"),
            Code::NoAnswer | Code::Unavailable | Code::Timeout | Code::DomainHeld => {
                (Exit::Server, "server.later")
            }
            Code::Misdirected => (Exit::Server, "server.status.advice"),
            _ => (Exit::Server, "server.report"),
        };
        Self::new(exit, format!("{}: {detail}", one_line(&problem.title)))
            .advise(words.plain(advice))
    }

    fn from_network(words: Words, error: &NetworkError) -> Self {
        let (key, source) = match error {
            NetworkError::Timeout(source) => ("network.timeout", source),
            NetworkError::Broken(source) => ("network.broken", source),
            NetworkError::Connect(source) => ("network.connect", source),
            _ => return Self::new(Exit::Server, error.to_string()),
        };
        let cause = root_cause(source);
        let trust = cause.contains("certificate");
        let advice = if trust { "network.trust.advice" } else { "network.advice" };
        Self::new(Exit::Server, words.say(key, &[("reason", &one_line(&cause).as_ref())]))
            .advise(words.plain(advice))
    }

    /// Says it on standard error and gives the exit code.
    pub(crate) fn report(&self, words: Words, output: &Output) -> ExitCode {
        if !self.message.is_empty() {
            let bad = |text: &str| output.styled(Stream::Err, Style::Bad, text);
            output.tell(&match self.exit {
                Exit::Different => bad(&self.message),
                _ if self.is_error => format!("{}{}", bad(&words.plain("error")), self.message),
                _ => self.message.clone(),
            });
            for advice in &self.advice {
                output.tell(advice);
            }
        }
        ExitCode::from(self.exit.code())
    }
}

/// The innermost error says what happened; the others say who was told.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

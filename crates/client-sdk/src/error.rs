//! Why something did not work, sorted by who can do something about it.

use std::time::Duration;

use wax_crypto::{OpenError, PassphraseError, SealError};

use crate::{Code, FolderError, HostKeyError, Problem};

/// Why a request or a whole flow failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server answered with a problem.
    #[error("the server refused: {:?} ({})", .0.code, .0.status)]
    Problem(Box<Problem>),
    /// No answer came, or not all of it.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// An HTTP status without a problem document: something that is not Waxseal answered.
    #[error("the server answered with HTTP status {0} and no explanation")]
    Status(u16),
    /// An answer that the protocol does not allow.
    #[error("the server's answer is not one of the protocol: {0}")]
    Answer(&'static str),
    /// The host has no channel. Every server of ours has one, so nothing was sent.
    #[error("the host has no channel")]
    NoChannel,
    /// The host's key is not the one that is known, so nothing was sent.
    #[error(transparent)]
    Host(#[from] HostKeyError),
    /// What was delivered is not what the sender sealed.
    #[error("what the server sent does not match the seal: {0}")]
    Seal(OpenError),
    /// The passphrase does not open what was recovered. The server was not asked and counted nothing.
    #[error("the passphrase does not match")]
    WrongPassphrase,
    /// The secret has a passphrase and none was given.
    #[error("a passphrase is needed")]
    PassphraseNeeded,
    /// This device's opening was interrupted for too long: its window is over.
    #[error("the interrupted opening can no longer be recovered")]
    Lapsed,
    /// Nothing here is bound to this device.
    #[error("this device does not have the secret")]
    NotBound,
    /// A passphrase that cannot be used, or parameters that must not be.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// A text that cannot be sealed.
    #[error(transparent)]
    Draft(#[from] SealError),
    /// The device's keys could not be kept, so nothing was claimed.
    #[error(transparent)]
    Devices(#[from] FolderError),
    /// The extra certificates are not PEM.
    #[error("the certificates cannot be read: {0}")]
    Certificates(#[source] reqwest::Error),
    /// The HTTP client cannot start (no usable trust store, for example).
    #[error("the HTTP client cannot start: {0}")]
    Start(#[source] reqwest::Error),
}

/// Why no whole answer came. The URL is left out: it says which host, and that is all one needs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// No connection: name unknown, refused, unreachable, or a certificate that is not trusted.
    #[error("cannot connect")]
    Connect(#[source] reqwest::Error),
    /// The server took too long.
    #[error("the server took too long to answer")]
    Timeout(#[source] reqwest::Error),
    /// The connection ended in the middle.
    #[error("the connection was interrupted")]
    Broken(#[source] reqwest::Error),
}

impl From<reqwest::Error> for NetworkError {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_connect() {
            Self::Connect(error)
        } else if error.is_timeout() {
            Self::Timeout(error)
        } else {
            Self::Broken(error)
        }
    }
}

impl Error {
    /// The problem's code, if the server answered with one.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            _ => None,
        }
    }

    /// Whether the request may or may not have been done, or was not and could be soon: asking again can help.
    pub(crate) fn may_be_lost(&self) -> bool {
        match self {
            Self::Network(_) | Self::Status(502..=504) => true,
            Self::Problem(problem) => {
                matches!(problem.code, Code::NoAnswer | Code::RateLimited | Code::Unavailable)
            }
            _ => false,
        }
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Problem(problem) => problem.retry_after,
            _ => None,
        }
    }
}

//! The channel: requests and answers sealed once more inside TLS, to a key that only the secrets service has
//! (protocol.md §11).
//!
//! ```text
//! server: HostKey ──signs──▶ ChannelConfig (host, the day's key) ──SignedConfig──▶ client
//! client: ChannelConfig::seal ──sealed request──▶ server: ChannelKey::open
//! server: AnswerSealer ──record, record, …──▶ client: AnswerOpener
//! ```

mod answer;
mod config;
mod padding;
mod request;

pub use answer::{AnswerOpener, AnswerSealer, AnswerStream};
pub use config::{
    ChannelConfig, ConfigBytes, ConfigError, ConfigSignature, HostKey, HostPublicKey, HostSeed,
    KeyId, SignedConfig,
};
pub use padding::padded_bytes;
pub use request::{ChannelKey, MAX_SEALED_REQUEST_BYTES, SealedRequest};

/// The content type of sealed requests and sealed answers.
pub const CONTENT_TYPE: &str = "application/waxseal-channel";

/// What was received is not what the other side sealed for this exchange. It does not say why: a server would be an
/// oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not sealed for this exchange")]
pub struct ChannelError;

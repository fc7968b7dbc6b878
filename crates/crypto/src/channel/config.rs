//! Which key to seal to, and who says so (protocol.md §11).

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use wax_kernel::{Rng, Timestamp};
use zeroize::Zeroizing;

use crate::{
    HpkePublicKey, Origin,
    derive::{hkdf, label, length_prefix, sha256},
    secret::{base64url_text, public_bytes, secret_bytes},
};

/// Longest config: a host name has at most 253 bytes, and a port five digits.
const MAX_CONFIG_BYTES: usize = 512;

public_bytes!(
    /// Names a channel key: the first 8 bytes of `H(public key)`.
    KeyId, 8
);

public_bytes!(
    /// The Ed25519 public key of a host (RFC 8032). It never changes, so a client can remember it.
    HostPublicKey, 32
);
base64url_text!(HostPublicKey, as_bytes);

public_bytes!(
    /// A host key's signature over a config (RFC 8032).
    ConfigSignature, 64
);
base64url_text!(ConfigSignature, as_bytes);

secret_bytes!(
    /// From which the host keys of a server are derived. Kept in the key store for ever.
    HostSeed, 32
);

/// Signs the configs of one host.
pub struct HostKey(Ed25519KeyPair);

/// The channel key of one host on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelConfig {
    host: String,
    key: HpkePublicKey,
    from: Timestamp,
    until: Timestamp,
}

/// The answer of `GET /v1/channel`, and the member `channel` of the problem `channel-key`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedConfig {
    /// What was signed.
    pub config: ConfigBytes,
    /// The signature over it.
    pub signature: ConfigSignature,
    /// Who signed, as the answer says: a client that remembers the host's key compares.
    pub host_key: HostPublicKey,
}

/// A config as it was signed: up to 512 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigBytes(Vec<u8>);
base64url_text!(ConfigBytes, as_bytes);

/// Why a config is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The host key did not sign these bytes.
    #[error("the host's key did not sign the channel's config")]
    Signature,
    /// Not a config of this version, or its key is none.
    #[error("not a channel config of this version")]
    Malformed,
    /// Of another host.
    #[error("the channel config of another host")]
    Host,
}

impl KeyId {
    /// The name of this key.
    pub fn of(key: &HpkePublicKey) -> Self {
        let digest = sha256(&[key.as_bytes()]);
        Self(*digest.first_chunk().expect("SHA-256 has more than 8 bytes"))
    }
}

impl HostSeed {
    /// A new seed.
    pub fn random(rng: &dyn Rng) -> Self {
        Self::written_by(|bytes| rng.fill(bytes))
    }
}

impl HostKey {
    /// The key of one host: `HKDF(seed, host, label("host-key"))` is its Ed25519 seed.
    pub fn derive(seed: &HostSeed, host: &Origin) -> Self {
        let mut own = Zeroizing::new([0; 32]);
        hkdf(seed.expose(), host.authority().as_bytes(), &[label!("host-key")], &mut own);
        let pair = Ed25519KeyPair::from_seed_unchecked(&own[..]);
        Self(pair.expect("every 32 bytes are an Ed25519 seed"))
    }

    /// The half that clients may remember.
    pub fn public(&self) -> HostPublicKey {
        let bytes = self.0.public_key().as_ref();
        HostPublicKey(bytes.try_into().expect("an Ed25519 public key has 32 bytes"))
    }

    /// Signs a config. Ed25519 draws nothing: the same config has one signature.
    pub fn sign(&self, config: &ChannelConfig) -> SignedConfig {
        let config = config.to_bytes();
        let signature = self.0.sign(&config);
        let signature = signature.as_ref().try_into().expect("an Ed25519 signature has 64 bytes");
        SignedConfig {
            config: ConfigBytes(config),
            signature: ConfigSignature(signature),
            host_key: self.public(),
        }
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostKey([redacted])")
    }
}

impl ChannelConfig {
    /// A key, and the time in which clients should use it.
    pub fn new(host: &Origin, key: HpkePublicKey, from: Timestamp, until: Timestamp) -> Self {
        Self { host: host.authority(), key, from, until }
    }

    /// `host[:port]`
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What to seal to.
    pub fn key(&self) -> &HpkePublicKey {
        &self.key
    }

    /// Names the key.
    pub fn key_id(&self) -> KeyId {
        KeyId::of(&self.key)
    }

    /// When the key's day begins.
    pub fn from(&self) -> Timestamp {
        self.from
    }

    /// When the key's day ends. The server accepts it for one more.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// `LP(label) ‖ LP(host) ‖ key id ‖ public key ‖ u64be(from_ms) ‖ u64be(until_ms)`
    pub fn to_bytes(&self) -> Vec<u8> {
        let (label, host) = (label!("channel-config"), self.host.as_bytes());
        let ms = |time: Timestamp| u64::try_from(time.as_ms()).unwrap_or(0).to_be_bytes();
        [
            &length_prefix(label)[..],
            label,
            &length_prefix(host),
            host,
            self.key_id().as_bytes(),
            self.key.as_bytes(),
            &ms(self.from),
            &ms(self.until),
        ]
        .concat()
    }

    /// Reads a config, which is no proof of who wrote it.
    fn parse(bytes: &[u8]) -> Result<Self, ConfigError> {
        let (label, rest) = split_prefixed(bytes).ok_or(ConfigError::Malformed)?;
        let (host, rest) = split_prefixed(rest).ok_or(ConfigError::Malformed)?;
        let (id, rest) = rest.split_first_chunk::<8>().ok_or(ConfigError::Malformed)?;
        let (key, rest) = rest.split_first_chunk::<65>().ok_or(ConfigError::Malformed)?;
        let (from, until) = rest.split_first_chunk::<8>().ok_or(ConfigError::Malformed)?;
        let until = until.try_into().map_err(|_| ConfigError::Malformed)?;
        let config = Self {
            host: std::str::from_utf8(host).map_err(|_| ConfigError::Malformed)?.to_owned(),
            key: HpkePublicKey::from_slice(key).map_err(|_| ConfigError::Malformed)?,
            from: time(*from)?,
            until: time(until)?,
        };
        let is_right = label == label!("channel-config")
            && config.key_id().as_bytes() == id
            && config.from < config.until;
        if is_right { Ok(config) } else { Err(ConfigError::Malformed) }
    }
}

impl SignedConfig {
    /// The config, if `host_key` signed it and it is this host's. Does not tell whether `host_key` is the right one.
    pub fn verify(&self, host: &Origin) -> Result<ChannelConfig, ConfigError> {
        UnparsedPublicKey::new(&ED25519, self.host_key.as_bytes())
            .verify(self.config.as_bytes(), self.signature.as_bytes())
            .map_err(|_| ConfigError::Signature)?;
        let config = ChannelConfig::parse(self.config.as_bytes())?;
        if config.host == host.authority() { Ok(config) } else { Err(ConfigError::Host) }
    }
}

impl ConfigBytes {
    /// Most bytes.
    pub const LEN: usize = MAX_CONFIG_BYTES;

    /// Takes at most [`Self::LEN`] bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, ConfigError> {
        if bytes.len() > Self::LEN { Err(ConfigError::Malformed) } else { Ok(Self(bytes.into())) }
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for ConfigBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConfigBytes(…)")
    }
}

/// `LP(x)` at the start, and what follows it.
fn split_prefixed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

fn time(bytes: [u8; 8]) -> Result<Timestamp, ConfigError> {
    let ms = i64::try_from(u64::from_be_bytes(bytes)).map_err(|_| ConfigError::Malformed)?;
    Ok(Timestamp::from_ms(ms))
}

//! The files of `tests/vectors/`, as its README describes them.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wax_crypto::{PassphraseParams, SealedBy};
use wax_kernel::{base64url_decode, base64url_encode};

/// A byte string: base64url in the files.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Bytes {
    fn from(bytes: &[u8; N]) -> Self {
        Self(bytes.to_vec())
    }
}

impl TryFrom<String> for Bytes {
    type Error = wax_kernel::Base64UrlError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        base64url_decode(&text).map(Self)
    }
}

impl From<Bytes> for String {
    fn from(bytes: Bytes) -> Self {
        base64url_encode(bytes.0)
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url_encode(&self.0))
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealCase {
    pub(crate) name: String,
    pub(crate) input: SealInput,
    pub(crate) output: SealOutput,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealInput {
    pub(crate) host: String,
    pub(crate) token: Bytes,
    pub(crate) receipt: Bytes,
    pub(crate) cek: Bytes,
    pub(crate) manifest_salt: Bytes,
    pub(crate) wrap_nonce: Bytes,
    pub(crate) kind: String,
    pub(crate) passphrase: Option<String>,
    pub(crate) params: Option<Params>,
    pub(crate) policy: Bytes,
    pub(crate) text: String,
    pub(crate) text_repeat: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealOutput {
    pub(crate) link: String,
    pub(crate) receipt_link: String,
    pub(crate) id: Bytes,
    pub(crate) rid: Bytes,
    pub(crate) peek: Bytes,
    pub(crate) peek_sha256: Bytes,
    pub(crate) passphrase_nfkc: Option<Bytes>,
    pub(crate) pw_salt: Option<Bytes>,
    pub(crate) pw: Option<Bytes>,
    pub(crate) ikm: Bytes,
    pub(crate) wrap: Bytes,
    pub(crate) claim: Bytes,
    pub(crate) commit: Bytes,
    pub(crate) ack: Bytes,
    pub(crate) ack_sha256: Bytes,
    pub(crate) receipt_sha256: Bytes,
    pub(crate) header: Bytes,
    pub(crate) wrapped_key: Bytes,
    pub(crate) content: Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    pub(crate) m_kib: u32,
    pub(crate) t: u32,
    pub(crate) p: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamCase {
    pub(crate) name: String,
    pub(crate) cek: Bytes,
    pub(crate) salt: Bytes,
    pub(crate) index: u32,
    pub(crate) plaintext_bytes: usize,
    pub(crate) part_key: Bytes,
    pub(crate) sealed: Bytes,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefuseCase {
    pub(crate) name: String,
    pub(crate) expect: String,
    pub(crate) link: String,
    pub(crate) passphrase: Option<String>,
    pub(crate) params: Option<Params>,
    pub(crate) sealed: String,
    pub(crate) policy: Bytes,
    pub(crate) header: Bytes,
    pub(crate) wrapped_key: Bytes,
    pub(crate) content: Bytes,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PadmeCase {
    pub(crate) name: String,
    pub(crate) body_bytes: usize,
    pub(crate) plaintext_bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceCase {
    pub(crate) name: String,
    pub(crate) private_key: Bytes,
    pub(crate) public_key: Bytes,
    pub(crate) thumbprint: Bytes,
    pub(crate) origin: String,
    pub(crate) path: String,
    pub(crate) body: String,
    pub(crate) challenge: Bytes,
    pub(crate) content_digest: String,
    pub(crate) signature_input: String,
    pub(crate) signature: String,
    pub(crate) base: String,
    pub(crate) valid: bool,
}

impl SealInput {
    /// The text, repeated as often as it says.
    pub(crate) fn whole_text(&self) -> String {
        self.text.repeat(self.text_repeat.unwrap_or(1))
    }
}

impl From<PassphraseParams> for Params {
    fn from(params: PassphraseParams) -> Self {
        Self { m_kib: params.m_kib(), t: params.t(), p: PassphraseParams::LANES.into() }
    }
}

impl Params {
    /// As a client takes them.
    pub(crate) fn accept(
        self,
        sealed: SealedBy,
    ) -> Result<PassphraseParams, wax_crypto::PassphraseError> {
        PassphraseParams::accept(self.m_kib, self.t, self.p, sealed)
    }
}

/// Byte `i` is `i mod 251`.
pub(crate) fn pattern(bytes: usize) -> Vec<u8> {
    (0..=250).cycle().take(bytes).collect()
}

/// A request through the channel, and its answer. `expect` names the side that refuses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelCase {
    pub(crate) name: String,
    pub(crate) expect: Option<String>,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) private_key: Bytes,
    pub(crate) public_key: Bytes,
    pub(crate) key_id: Bytes,
    pub(crate) ikm: Bytes,
    pub(crate) salt: Bytes,
    pub(crate) body: String,
    pub(crate) records: Vec<String>,
    pub(crate) request: Bytes,
    pub(crate) answer: Bytes,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigCase {
    pub(crate) name: String,
    pub(crate) expect: Option<String>,
    pub(crate) host: String,
    pub(crate) seed: Bytes,
    pub(crate) public_key: Bytes,
    pub(crate) key_id: Bytes,
    pub(crate) from_ms: i64,
    pub(crate) until_ms: i64,
    pub(crate) config: Bytes,
    pub(crate) signature: Bytes,
    pub(crate) host_key: Bytes,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoundCase {
    pub(crate) name: String,
    pub(crate) expect: Option<String>,
    pub(crate) id: Bytes,
    pub(crate) cek: Bytes,
    pub(crate) part_key: Bytes,
    pub(crate) header: Bytes,
    pub(crate) content: Bytes,
    pub(crate) text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandoverCase {
    pub(crate) name: String,
    pub(crate) expect: Option<String>,
    pub(crate) id: Bytes,
    pub(crate) from: Bytes,
    pub(crate) to: Bytes,
    pub(crate) receive_private: Bytes,
    pub(crate) receive: Bytes,
    pub(crate) nonce: Bytes,
    pub(crate) ikm: Bytes,
    pub(crate) part_key: Bytes,
    pub(crate) code: String,
    pub(crate) keys: Bytes,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PointCase {
    pub(crate) name: String,
    pub(crate) point: Bytes,
    pub(crate) valid: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyCase {
    pub(crate) name: String,
    pub(crate) expect: Option<String>,
    pub(crate) token: Bytes,
    pub(crate) id: Bytes,
    pub(crate) private_key: Bytes,
    pub(crate) public_key: Bytes,
    pub(crate) thumbprint: Bytes,
    pub(crate) cek: Bytes,
    pub(crate) header: Bytes,
    pub(crate) prf: Bytes,
    pub(crate) nonce: Bytes,
    pub(crate) salt: Bytes,
    pub(crate) copy: Bytes,
}

/// Where an implementation's file is.
pub(crate) fn path(implementation: &str, file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/vectors")
        .join(implementation)
        .join(file)
}

/// Reads a file of one implementation.
pub(crate) fn read<T: DeserializeOwned>(implementation: &str, file: &str) -> Vec<T> {
    let path = path(implementation, file);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

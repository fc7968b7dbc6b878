//! What stands in the files: JSON with a version, byte strings as base64url.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wax_crypto::{ContentKey, DeviceKey, HpkeKey, Link, PartKey, PeekKey};
use wax_kernel::{Redacted, SecretId, Timestamp, base64url_decode, base64url_encode};
use zeroize::Zeroizing;

use super::{Asking, Bound, BoundKey, Stored};
use crate::session::Handle;

/// Something that has a file for each secret.
pub(crate) trait Record: Sized {
    /// How the file's name ends.
    const SUFFIX: &'static str;

    fn id(&self) -> SecretId;
    fn to_bytes(&self) -> Zeroizing<Vec<u8>>;
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

#[derive(Serialize, Deserialize)]
struct OpeningFile {
    version: u8,
    link: Redacted<String>,
    device_pkcs8: Redacted<String>,
    created_at_ms: Timestamp,
}

/// The link is not in it: its secret opens nothing any more.
#[derive(Serialize, Deserialize)]
struct BoundFile {
    version: u8,
    id: SecretId,
    peek: PeekKey,
    device_pkcs8: Redacted<String>,
    key: KeyMember,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeyMember {
    Content { key: Redacted<String>, header: String },
    Manifest { key: Redacted<String> },
}

#[derive(Serialize, Deserialize)]
struct AskingFile {
    version: u8,
    id: SecretId,
    peek: PeekKey,
    device_pkcs8: Redacted<String>,
    receive: Redacted<String>,
}

impl Record for Stored {
    const SUFFIX: &'static str = ".opening";

    fn id(&self) -> SecretId {
        self.link.id()
    }

    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        write(&OpeningFile {
            version: 1,
            link: Redacted::new(self.link.to_url().to_string()),
            device_pkcs8: text(&self.device.to_pkcs8()),
            created_at_ms: self.created_at,
        })
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let file: OpeningFile = read(bytes).filter(|file: &OpeningFile| file.version == 1)?;
        Some(Self {
            link: Link::parse(file.link.expose()).ok()?,
            device: device(&file.device_pkcs8)?,
            created_at: file.created_at_ms,
        })
    }
}

impl Record for Bound {
    const SUFFIX: &'static str = ".bound";

    fn id(&self) -> SecretId {
        self.handle.id
    }

    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let Handle { id, peek } = self.handle.again();
        let key = match &self.key {
            BoundKey::Content { key, header } => {
                KeyMember::Content { key: text(key.expose()), header: base64url_encode(header) }
            }
            BoundKey::Manifest(key) => KeyMember::Manifest { key: text(key.expose()) },
        };
        write(&BoundFile { version: 1, id, peek, device_pkcs8: text(&self.device.to_pkcs8()), key })
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let file: BoundFile = read(bytes).filter(|file: &BoundFile| file.version == 1)?;
        let key = match &file.key {
            KeyMember::Content { key, header } => BoundKey::Content {
                key: ContentKey::from_slice(&bytes_of(key)?).ok()?,
                header: base64url_decode(header).ok()?,
            },
            KeyMember::Manifest { key } => {
                BoundKey::Manifest(PartKey::from_slice(&bytes_of(key)?).ok()?)
            }
        };
        let handle = Handle { id: file.id, peek: file.peek };
        Some(Self { handle, device: device(&file.device_pkcs8)?, key })
    }
}

impl Record for Asking {
    const SUFFIX: &'static str = ".asking";

    fn id(&self) -> SecretId {
        self.handle.id
    }

    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let Handle { id, peek } = self.handle.again();
        write(&AskingFile {
            version: 1,
            id,
            peek,
            device_pkcs8: text(&self.device.to_pkcs8()),
            receive: text(&*self.receive.to_bytes()),
        })
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let file: AskingFile = read(bytes).filter(|file: &AskingFile| file.version == 1)?;
        Some(Self {
            handle: Handle { id: file.id, peek: file.peek },
            device: device(&file.device_pkcs8)?,
            receive: HpkeKey::from_slice(&bytes_of(&file.receive)?).ok()?,
        })
    }
}

fn write(file: &impl Serialize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(serde_json::to_vec(file).expect("a record has text keys and cannot fail"))
}

fn read<F: DeserializeOwned>(bytes: &[u8]) -> Option<F> {
    serde_json::from_slice(bytes).ok()
}

fn text(bytes: &[u8]) -> Redacted<String> {
    Redacted::new(base64url_encode(bytes))
}

fn bytes_of(text: &Redacted<String>) -> Option<Zeroizing<Vec<u8>>> {
    base64url_decode(text.expose()).ok().map(Zeroizing::new)
}

fn device(pkcs8: &Redacted<String>) -> Option<DeviceKey> {
    DeviceKey::from_pkcs8(&bytes_of(pkcs8)?).ok()
}

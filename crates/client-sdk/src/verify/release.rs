//! The manifest of a release's web files: what a host should serve.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What a file is, for comparing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Its size before any compression.
    pub bytes: u64,
}

impl Fingerprint {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut sha256 = String::with_capacity(64);
        for byte in Sha256::digest(bytes) {
            write!(sha256, "{byte:02x}").expect("a String takes whatever is written");
        }
        Self { sha256, bytes: bytes.len() as u64 }
    }
}

/// One file of a release.
#[derive(Debug, Clone, Deserialize)]
pub struct ReleaseFile {
    /// Its path on the host, or `/shells/<page>.<lang>.html` for a page.
    pub path: String,
    /// What it is.
    #[serde(flatten)]
    pub fingerprint: Fingerprint,
    /// As in an `integrity` attribute. Source: W3C Subresource Integrity §3.1.
    pub integrity: String,
}

impl ReleaseFile {
    /// The page's name and language, if this is a page.
    pub(super) fn as_page(&self) -> Option<(&str, &str)> {
        self.path.strip_prefix("/shells/")?.strip_suffix(".html")?.split_once('.')
    }
}

/// All files of a release.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its version.
    pub release: String,
    /// The `Content-Security-Policy` of everything it serves.
    pub policy: String,
    /// Pages and assets.
    pub files: Vec<ReleaseFile>,
    bytes: Vec<u8>,
}

/// A text that is not a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// Not JSON of this form, or without files.
    #[error("it is not the manifest of a release")]
    Unreadable,
    /// Made by a later version.
    #[error("it has a form that this version does not know")]
    Format,
}

#[derive(Deserialize)]
struct Manifest {
    release: String,
    content_security_policy: String,
    files: Vec<ReleaseFile>,
}

impl Release {
    /// Reads `release.json`. Members that this version does not know are ignored.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReleaseError> {
        #[derive(Deserialize)]
        struct Form {
            format: u32,
        }
        let form: Form = serde_json::from_slice(bytes).map_err(|_| ReleaseError::Unreadable)?;
        if form.format != 1 {
            return Err(ReleaseError::Format);
        }
        let Manifest { release, content_security_policy: policy, files } =
            serde_json::from_slice(bytes).map_err(|_| ReleaseError::Unreadable)?;
        // A manifest without pages would find nothing wrong with any host.
        if !files.iter().any(|file| file.as_page().is_some()) {
            return Err(ReleaseError::Unreadable);
        }
        Ok(Self { release, policy, files, bytes: bytes.to_vec() })
    }

    pub(super) fn file(&self, path: &str) -> Option<&ReleaseFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether these are the bytes it was read from.
    pub(super) fn is(&self, bytes: &[u8]) -> bool {
        self.bytes == bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_find_nothing_wrong_is_no_manifest() {
        let manifest = |format: u32, files: &str| {
            let text = format!(
                r#"{{"format":{format},"release":"1","content_security_policy":"x","files":[{files}],"new":1}}"#
            );
            Release::parse(text.as_bytes()).map(|release| release.release)
        };
        let page =
            r#"{"path":"/shells/open.en.html","bytes":1,"sha256":"00","integrity":"x","new":1}"#;
        let script = r#"{"path":"/assets/a.js","bytes":1,"sha256":"00","integrity":"x"}"#;
        assert_eq!(manifest(1, page).as_deref(), Ok("1"));
        assert_eq!(manifest(2, page), Err(ReleaseError::Format));
        assert_eq!(manifest(1, script), Err(ReleaseError::Unreadable));
        assert_eq!(manifest(1, ""), Err(ReleaseError::Unreadable));
        assert_eq!(Release::parse(b"{}").unwrap_err(), ReleaseError::Unreadable);
    }
}

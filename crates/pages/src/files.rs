//! The files of one build of a web app, as they stand in this binary.

use std::{borrow::Cow, collections::HashMap};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha384};

use crate::{Cache, PagesError, Served, manifest::Manifest};

/// A build's folder: its files by their path, which begins with `/`.
pub(crate) struct Folder {
    find: fn(&str) -> Option<Cow<'static, [u8]>>,
    /// The policy that its pages, scripts and styles carry.
    policy: &'static str,
}

impl Folder {
    pub(crate) fn of<Dist: RustEmbed>(policy: &'static str) -> Self {
        Self::new(|path| Dist::get(path).map(|file| file.data), policy)
    }

    pub(crate) fn new(find: fn(&str) -> Option<Cow<'static, [u8]>>, policy: &'static str) -> Self {
        Self { find, policy }
    }

    /// Every file of the manifest by its path; one that is not what was built is found before it is served.
    pub(crate) fn intact<'m>(
        &self,
        manifest: &'m Manifest,
    ) -> Result<HashMap<&'m str, Bytes>, PagesError> {
        let files = manifest.files.iter().map(|file| {
            let path = file.path.as_str();
            let body = self.bytes(path).ok_or_else(|| PagesError::Incomplete(path.to_owned()))?;
            let intact = integrity(&body) == file.integrity;
            if intact { Ok((path, body)) } else { Err(PagesError::Altered(path.to_owned())) }
        });
        files.collect()
    }

    /// Those of the files that are assets.
    pub(crate) fn assets(&self, files: HashMap<&str, Bytes>) -> HashMap<String, Served> {
        let assets = files.into_iter().filter(|(path, _)| path.starts_with("/assets/"));
        let serve = |(path, body): (&str, Bytes)| {
            (path.to_owned(), self.served(path, body, Cache::Immutable))
        };
        assets.map(serve).collect()
    }

    /// A file in the encodings that were made of it.
    pub(crate) fn served(&self, path: &str, body: Bytes, cache: Cache) -> Served {
        let [brotli, gzip] = ["br", "gz"].map(|suffix| self.bytes(&format!("{path}.{suffix}")));
        Served::new(body, content_type(path), cache)
            .with_encodings(brotli, gzip)
            .under_policy(self.policy)
    }

    fn bytes(&self, path: &str) -> Option<Bytes> {
        (self.find)(path.trim_start_matches('/')).map(|file| match file {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        })
    }
}

/// Source: W3C Subresource Integrity §3.1.
pub(crate) fn integrity(bytes: &[u8]) -> String {
    format!("sha384-{}", BASE64_STANDARD.encode(Sha384::digest(bytes)))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

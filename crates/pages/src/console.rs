//! The console's files, and which of them answers a path on the platform's host.

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderMap, Response};
use rust_embed::RustEmbed;

use crate::{
    CONSOLE_POLICY, Cache, PagesError, RELEASE_PATH, Served, files::Folder, manifest::Manifest,
};

#[derive(RustEmbed)]
#[folder = "../../web/apps/console/dist"]
#[allow_missing = true]
struct Dist;

/// In `dist`, as every other file of the manifest.
const SHELL: &str = "/index.html";
const RELEASE: &str = "release/release.json";

/// What is never a place in the console. Links and receipts are tenants' alone: on a page of the console, the key in a
/// link's fragment would be within reach of its scripts.
const NOT_OURS: [&str; 8] =
    ["/s", "/r", "/v1", "/api", "/assets", "/brand", "/favicon", "/.well-known"];

/// The console, in memory: one shell, which reads the address itself, and its assets.
#[derive(Debug)]
pub struct Console {
    shell: Served,
    assets: HashMap<String, Served>,
    release: Served,
}

impl Console {
    /// Reads the files from the binary.
    pub fn load() -> Result<Self, PagesError> {
        let release = Dist::get(RELEASE).ok_or(PagesError::NotBuilt)?.data.into_owned();
        Self::read(&Folder::of::<Dist>(CONSOLE_POLICY), release)
    }

    fn read(dist: &Folder, release: Vec<u8>) -> Result<Self, PagesError> {
        let manifest: Manifest = serde_json::from_slice(&release).map_err(PagesError::Manifest)?;
        let mut files = dist.intact(&manifest)?;
        let shell = files.remove(SHELL).ok_or_else(|| PagesError::Incomplete(SHELL.to_owned()))?;
        Ok(Self {
            shell: dist.served(SHELL, shell, Cache::Never).not_indexed(),
            assets: dist.assets(files),
            release: Served::new(release, "application/json", Cache::Revalidate)
                .under_policy(CONSOLE_POLICY),
        })
    }

    /// The answer to a GET of a path on the platform's host, or `None` if the path is none of the console's.
    pub fn answer(&self, path: &str, request: &HeaderMap) -> Option<Response<Bytes>> {
        let file = match path {
            RELEASE_PATH => Some(&self.release),
            _ if path.starts_with("/assets/") => self.assets.get(path),
            _ => Some(&self.shell).filter(|_| is_ours(path)),
        };
        file.map(|file| file.respond(request))
    }
}

fn is_ours(path: &str) -> bool {
    // `/brand.json` is a tenant's as much as `/brand/logo` is.
    let ends = |rest: &str| rest.is_empty() || rest.starts_with(['/', '.']);
    !NOT_OURS.iter().any(|prefix| path.strip_prefix(prefix).is_some_and(ends))
}

#[cfg(test)]
mod tests;

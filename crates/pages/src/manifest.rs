//! What the build of the web files wrote down about itself (`web/apps/link/build/build.mjs`).

use std::borrow::Cow;

use rust_embed::RustEmbed;
use serde::Deserialize;

/// The manifest alone: who only wants to compare pages with their release does not carry the pages.
#[derive(RustEmbed)]
#[folder = "../../web/apps/link/dist/release"]
#[allow_missing = true]
struct Dist;

/// The manifest of this release's web files, JSON: every file with its size and hashes, and the policy of every page.
/// `None` if they were not built.
pub fn release_manifest() -> Option<Cow<'static, [u8]>> {
    Dist::get("release.json").map(|file| file.data)
}

/// What serving needs of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    /// Pages and assets, by path.
    pub(crate) files: Vec<File>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct File {
    /// Path inside `dist`, with a leading `/`: an asset's is its URL's, a page's is `/shells/<page>.<lang>.html`.
    pub(crate) path: String,
    /// As in an `integrity` attribute. Source: W3C Subresource Integrity §3.1.
    pub(crate) integrity: String,
}

//! What the build of the web files wrote down about itself (`web/apps/link/build/build.mjs`).

use std::collections::BTreeMap;

use serde::Deserialize;

/// `dist/manifest.json`, also served at `/assets/manifest.json` so that anyone can compare a page with its release.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    /// By URL path.
    pub(crate) assets: BTreeMap<String, Asset>,
    /// By page, then by language.
    pub(crate) shells: BTreeMap<String, BTreeMap<String, Shell>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Asset {
    /// As in an `integrity` attribute. Source: W3C Subresource Integrity §3.1.
    pub(crate) integrity: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Shell {
    /// Path inside `dist`.
    pub(crate) file: String,
}

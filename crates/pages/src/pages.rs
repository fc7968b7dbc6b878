//! The built web files, and which of them answers a path.

use std::{borrow::Cow, collections::HashMap};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha384};
use wax_i18n::Lang;

use crate::{BrandFiles, Cache, Served, language::reader_language, manifest::Manifest};

#[derive(RustEmbed)]
#[folder = "../../web/apps/link/dist"]
#[allow_missing = true]
struct Dist;

const MANIFEST: &str = "manifest.json";

/// A page that a tenant's host has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Page {
    /// `/`: share a secret.
    Home,
    /// `/s/<id>`: open one.
    Open,
    /// `/r/<rid>`: follow one.
    Receipt,
    /// Any other address.
    Missing,
}

impl Page {
    const ALL: [Self; 4] = [Self::Home, Self::Open, Self::Receipt, Self::Missing];

    /// The page at a path. Nothing after the prefix is read: every id has the same page.
    pub fn at(path: &str) -> Option<Self> {
        match path {
            "/" => Some(Self::Home),
            _ if path.starts_with("/s/") => Some(Self::Open),
            _ if path.starts_with("/r/") => Some(Self::Receipt),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Open => "open",
            Self::Receipt => "receipt",
            Self::Missing => "missing",
        }
    }

    const fn cache(self) -> Cache {
        match self {
            Self::Home => Cache::Revalidate,
            Self::Open | Self::Receipt | Self::Missing => Cache::Never,
        }
    }
}

/// The web files cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum PagesError {
    /// There are none in this binary, or in the folder it reads.
    #[error("the web pages are not built: run `npm ci && npm run build` in web/, then start again")]
    NotBuilt,
    /// The manifest is not what this version expects.
    #[error("the manifest of the web pages cannot be read")]
    Manifest(#[source] serde_json::Error),
    /// The manifest names a file that is not there.
    #[error("the web pages are incomplete: {0} is missing; build them again")]
    Incomplete(String),
    /// A file is not the one that was built: browsers would refuse it by its integrity.
    #[error("the web pages are not what was built: {0} was changed; build them again")]
    Altered(String),
}

/// Every shell and asset, in memory.
#[derive(Debug)]
pub struct Pages {
    shells: HashMap<(Page, Lang), Served>,
    assets: HashMap<String, Served>,
}

impl Pages {
    /// Reads the files from the binary, or from disk in a debug build.
    pub fn load() -> Result<Self, PagesError> {
        let manifest: Manifest =
            serde_json::from_slice(&embedded(MANIFEST).ok_or(PagesError::NotBuilt)?)
                .map_err(PagesError::Manifest)?;
        Ok(Self { shells: shells(&manifest)?, assets: assets(&manifest)? })
    }

    /// The shell of a page in a language. The same for every host and every id.
    pub fn shell(&self, page: Page, lang: Lang) -> &Served {
        &self.shells[&(page, lang)]
    }

    /// The file at an asset's path, `/assets/…`.
    pub fn asset(&self, path: &str) -> Option<&Served> {
        self.assets.get(path)
    }

    /// The answer to a GET of a path on a tenant's host, or `None` if the path is no page, asset or brand file.
    pub fn answer(
        &self,
        path: &str,
        request: &HeaderMap,
        brand: &BrandFiles,
    ) -> Option<Response<Bytes>> {
        let served = match path {
            "/brand.json" => Some(&brand.json),
            "/brand.css" => Some(&brand.stylesheet),
            "/brand/logo" => brand.logo.as_ref(),
            _ => match Page::at(path) {
                Some(page) => Some(self.shell(page, reader_language(request, brand.language))),
                None => self.asset(path),
            },
        };
        served.map(|file| file.respond(request))
    }

    /// The page for an address that has none, status 404.
    pub fn missing(&self, request: &HeaderMap, brand: &BrandFiles) -> Response<Bytes> {
        let mut response =
            self.shell(Page::Missing, reader_language(request, brand.language)).respond(request);
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    }
}

fn shells(manifest: &Manifest) -> Result<HashMap<(Page, Lang), Served>, PagesError> {
    let every = Page::ALL.into_iter().flat_map(|page| Lang::ALL.map(|lang| (page, lang)));
    every
        .map(|(page, lang)| {
            let shell =
                manifest.shells.get(page.name()).and_then(|languages| languages.get(lang.tag()));
            let file = shell.ok_or_else(|| {
                PagesError::Incomplete(format!("the page {} in {lang}", page.name()))
            })?;
            Ok(((page, lang), served(&file.file, page.cache())?.in_language(lang.tag())))
        })
        .collect()
}

fn assets(manifest: &Manifest) -> Result<HashMap<String, Served>, PagesError> {
    let named = manifest.assets.iter().map(|(path, asset)| {
        let file = served(path.trim_start_matches('/'), Cache::Immutable)?;
        let intact = integrity(file.body()) == asset.integrity;
        if intact { Ok((path.clone(), file)) } else { Err(PagesError::Altered(path.clone())) }
    });
    let list = std::iter::once_with(|| {
        Ok((format!("/assets/{MANIFEST}"), served(MANIFEST, Cache::Revalidate)?))
    });
    named.chain(list).collect()
}

fn served(file: &str, cache: Cache) -> Result<Served, PagesError> {
    let body = embedded(file).ok_or_else(|| PagesError::Incomplete(file.to_owned()))?;
    let [brotli, gzip] = ["br", "gz"].map(|suffix| embedded(&format!("{file}.{suffix}")));
    Ok(Served::new(body, content_type(file), cache).with_encodings(brotli, gzip))
}

/// Source: W3C Subresource Integrity §3.1.
fn integrity(bytes: &[u8]) -> String {
    format!("sha384-{}", BASE64_STANDARD.encode(Sha384::digest(bytes)))
}

fn embedded(file: &str) -> Option<Bytes> {
    Dist::get(file).map(|file| match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    })
}

fn content_type(file: &str) -> &'static str {
    match file.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;

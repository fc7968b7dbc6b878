//! The built web files, and which of them answers a path.

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use rust_embed::RustEmbed;
use wax_i18n::Lang;

use crate::{
    BrandFiles, CONTENT_SECURITY_POLICY, Cache, Served,
    files::Folder,
    language::reader_language,
    manifest::{Manifest, release_manifest},
};

#[derive(RustEmbed)]
#[folder = "../../web/apps/link/dist"]
#[allow_missing = true]
struct Dist;

/// Where the manifest of the release stands on every host, for `waxseal verify-page` and whoever else compares.
/// Source of the place: RFC 8615.
pub const RELEASE_PATH: &str = "/.well-known/waxseal/release.json";

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
    /// A host whose DNS names somebody else, instead of [`Self::Home`] and [`Self::Open`].
    Held,
}

impl Page {
    const ALL: [Self; 5] = [Self::Home, Self::Open, Self::Receipt, Self::Missing, Self::Held];

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
            Self::Held => "held",
        }
    }

    /// The status that it always has.
    const fn status(self) -> Option<StatusCode> {
        match self {
            Self::Missing => Some(StatusCode::NOT_FOUND),
            Self::Held => Some(StatusCode::SERVICE_UNAVAILABLE),
            Self::Home | Self::Open | Self::Receipt => None,
        }
    }

    const fn cache(self) -> Cache {
        match self {
            Self::Home => Cache::Revalidate,
            Self::Open | Self::Receipt | Self::Missing | Self::Held => Cache::Never,
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
    release: Served,
}

impl Pages {
    /// Reads the files from the binary.
    pub fn load() -> Result<Self, PagesError> {
        let bytes = release_manifest().ok_or(PagesError::NotBuilt)?;
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(PagesError::Manifest)?;
        let dist = dist();
        let files = dist.intact(&manifest)?;
        let release = Served::new(bytes.into_owned(), "application/json", Cache::Revalidate);
        Ok(Self { shells: shells(&dist, &files)?, assets: dist.assets(files), release })
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
            RELEASE_PATH => Some(&self.release),
            _ => match Page::at(path) {
                Some(page) => Some(self.shell(page, reader_language(request, brand.language))),
                None => self.asset(path),
            },
        };
        served.map(|file| file.respond(request))
    }

    /// A page that stands at no path of its own, with its status.
    pub fn instead(&self, page: Page, request: &HeaderMap, brand: &BrandFiles) -> Response<Bytes> {
        let mut response =
            self.shell(page, reader_language(request, brand.language)).respond(request);
        if let Some(status) = page.status() {
            *response.status_mut() = status;
        }
        response
    }
}

fn dist() -> Folder {
    Folder::of::<Dist>(CONTENT_SECURITY_POLICY)
}

fn shells(
    dist: &Folder,
    files: &HashMap<&str, Bytes>,
) -> Result<HashMap<(Page, Lang), Served>, PagesError> {
    let every = Page::ALL.into_iter().flat_map(|page| Lang::ALL.map(|lang| (page, lang)));
    every
        .map(|(page, lang)| {
            let path = format!("/shells/{}.{lang}.html", page.name());
            let body = files.get(&*path).ok_or_else(|| PagesError::Incomplete(path.clone()))?;
            let shell = dist.served(&path, body.clone(), page.cache()).in_language(lang.tag());
            Ok(((page, lang), shell))
        })
        .collect()
}

#[cfg(test)]
mod tests;

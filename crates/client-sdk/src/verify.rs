//! Whether a host's pages are those of a release: every file, byte by byte, as several visitors are given it.
//!
//! The host is never asked what is right: what it says about itself is only reported ([`Claim`]).

mod brand;
mod html;
mod release;
mod report;
mod visit;

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use wax_crypto::Origin;
use wax_kernel::{Rng, base64url_encode};

use crate::{Error, Options};
use visit::{Answer, Fetch, HELD, Wanted};

pub use release::{Fingerprint, Release, ReleaseError, ReleaseFile};
pub use report::{Checked, Claim, Difference, Fault, Report};
pub use visit::Visitor;

/// Where a host says which release it serves. Source of the place: RFC 8615.
const RELEASE_PATH: &str = "/.well-known/waxseal/release.json";

/// The organization's own colours and words, which no release has.
const BRAND: [&str; 2] = ["/brand.css", "/brand.json"];

/// Compares the pages of one host with a release.
#[derive(Debug)]
pub struct Verifier<'a> {
    release: &'a Release,
    fetch: Fetch,
    /// Where each page stands on a host.
    addresses: Vec<Address>,
}

/// One address of a page.
#[derive(Debug)]
struct Address {
    page: &'static str,
    path: String,
}

impl Address {
    /// Where one would share or open, a host that is held has one page.
    fn is_paused(&self, held: bool) -> bool {
        held && matches!(self.page, "home" | "open")
    }

    fn page(&self, held: bool) -> &'static str {
        if self.is_paused(held) { "held" } else { self.page }
    }

    fn status(&self, held: bool) -> u16 {
        match self.page(held) {
            "held" => HELD,
            "missing" => 404,
            _ => 200,
        }
    }
}

impl<'a> Verifier<'a> {
    /// A verifier of the host at `origin`. Pages that have an id are looked at under a made-up one, and under
    /// `path` if that is theirs: every id must have the same page.
    pub fn new(
        origin: &Origin,
        path: Option<&str>,
        release: &'a Release,
        options: &Options,
        rng: &dyn Rng,
    ) -> Result<Self, Error> {
        let given = path.filter(|path| path.starts_with("/s/") || path.starts_with("/r/"));
        let fetch = Fetch::new(origin, options)?;
        Ok(Self { release, fetch, addresses: addresses(given, rng) })
    }

    /// What the host says about itself.
    async fn claim(&self) -> Result<Claim, Error> {
        let answer = self.fetch.get(Visitor::Waxseal, RELEASE_PATH, Wanted::Other, None).await?;
        if answer.status != 200 {
            return Ok(Claim::Silent);
        }
        Ok(match Release::parse(&answer.body) {
            Ok(claimed) if claimed.release != self.release.release => {
                Claim::Other { claimed_release: claimed.release }
            }
            Ok(_) if self.release.is(&answer.body) => Claim::Same,
            _ => Claim::Altered,
        })
    }

    /// Looks at everything the release has, and at everything that the pages name besides. Looks at nothing if the
    /// host names another release.
    pub async fn compare(&self) -> Result<Report, Error> {
        let claim = self.claim().await?;
        let (mut files, mut held) = (Vec::new(), false);
        if !matches!(claim, Claim::Other { .. }) {
            held = self.is_held().await?;
            files = self.files(held).await?;
        }
        Ok(Report {
            host: self.fetch.origin().to_string(),
            release: self.release.release.clone(),
            claim,
            held,
            visitors: Visitor::ALL.to_vec(),
            files,
        })
    }

    /// Whether the host says, with the release's own page, that nothing is shared or opened there for now.
    async fn is_held(&self) -> Result<bool, Error> {
        let answer = self.fetch.get(Visitor::Waxseal, "/", Wanted::Page, None).await?;
        let found = answer.fingerprint();
        let is_page = |file: &ReleaseFile| file.as_page().is_some_and(|(page, _)| page == "held");
        let mut pages = self.release.files.iter().filter(|file| is_page(file));
        Ok(answer.status == HELD && pages.any(|file| file.fingerprint == found))
    }

    async fn files(&self, held: bool) -> Result<Vec<Checked>, Error> {
        let mut files = Vec::new();
        let mut named = BTreeSet::new();
        // What a person knows comes first.
        let (pages, assets): (Vec<_>, Vec<_>) =
            self.release.files.iter().partition(|file| file.as_page().is_some());
        for file in pages.into_iter().chain(assets) {
            let checked = match file.as_page() {
                Some((page, lang)) => self.page(file, page, lang, held, &mut named).await?,
                None => Some(self.asset(file, &mut named).await?),
            };
            files.extend(checked);
        }
        for path in named.iter().filter(|path| self.release.file(path).is_none()) {
            files.push(self.unlisted(path).await?);
        }
        for path in BRAND {
            files.push(self.brand(path).await?);
        }
        Ok(files)
    }

    /// `None`: the page stands nowhere on such a host.
    async fn page(
        &self,
        file: &ReleaseFile,
        page: &str,
        lang: &str,
        held: bool,
        named: &mut BTreeSet<String>,
    ) -> Result<Option<Checked>, Error> {
        let mut checked = None;
        for address in self.addresses.iter().filter(|address| address.page(held) == page) {
            let checked = checked.get_or_insert_with(|| Checked::new(file));
            let (path, status) = (&address.path, address.status(held));
            for (visitor, answer) in self.visit(path, Wanted::Page, Some(lang)).await? {
                if answer.status == HELD && status != HELD {
                    return Err(Error::Status(HELD));
                }
                let mut found = answer.against(file, status, &self.release.policy);
                let page = html::read(&String::from_utf8_lossy(&answer.body), self.release);
                // Of a page that is the release's, nothing needs to be said.
                if !found.is_empty() {
                    found.extend(page.differences);
                }
                named.extend(page.named);
                checked.add(visitor, path, found);
            }
        }
        Ok(checked)
    }

    async fn asset(
        &self,
        file: &ReleaseFile,
        named: &mut BTreeSet<String>,
    ) -> Result<Checked, Error> {
        let mut checked = Checked::new(file);
        for (visitor, answer) in self.visit(&file.path, Wanted::of(&file.path), None).await? {
            checked.add(visitor, &file.path, answer.against(file, 200, &self.release.policy));
            named.extend(assets_in(&String::from_utf8_lossy(&answer.body)));
        }
        Ok(checked)
    }

    /// A page names a file that the release does not have.
    async fn unlisted(&self, path: &str) -> Result<Checked, Error> {
        let mut checked = Checked::unknown(path);
        for (visitor, answer) in self.visit(path, Wanted::of(path), None).await? {
            checked.add(visitor, path, vec![Difference::Unlisted { found: answer.fingerprint() }]);
        }
        Ok(checked)
    }

    async fn brand(&self, path: &'static str) -> Result<Checked, Error> {
        let mut checked = Checked::unknown(path);
        for (visitor, answer) in self.visit(path, Wanted::of(path), None).await? {
            let harmless = answer.status == 200 && brand::is_harmless(path, &answer.body);
            let mut found = answer.guards(&self.release.policy);
            if !harmless {
                found.push(Difference::Brand);
            }
            checked.add(visitor, path, found);
        }
        Ok(checked)
    }

    /// The answer that each visitor gets, all at the same time.
    async fn visit(
        &self,
        path: &str,
        wanted: Wanted,
        lang: Option<&str>,
    ) -> Result<Vec<(Visitor, Answer)>, Error> {
        let visits = Visitor::ALL.map(|visitor| async move {
            Ok::<_, Error>((visitor, self.fetch.get(visitor, path, wanted, lang).await?))
        });
        try_join_all(visits).await
    }
}

fn addresses(given: Option<&str>, rng: &dyn Rng) -> Vec<Address> {
    let made_up = base64url_encode(rng.bytes::<16>());
    let address = |page, path: String| Address { page, path };
    let mut addresses = vec![
        address("home", "/".to_owned()),
        address("open", format!("/s/{made_up}")),
        address("receipt", format!("/r/{made_up}")),
        address("missing", format!("/{made_up}")),
    ];
    addresses.extend(given.map(|path| {
        address(if path.starts_with("/s/") { "open" } else { "receipt" }, path.to_owned())
    }));
    addresses
}

/// Every address below `/assets/` that a script or style has in it: workers and WebAssembly are named there only.
fn assets_in(text: &str) -> impl Iterator<Item = String> + '_ {
    text.match_indices("/assets/").filter_map(|(at, prefix)| {
        let rest = &text[at + prefix.len()..];
        let in_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let end = rest.find(|c| !in_name(c)).unwrap_or(rest.len());
        (end > 0).then(|| text[at..at + prefix.len() + end].to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_a_script_names_is_found() {
        let script =
            r#"x=new Worker("/assets/argon2.A.js");import('/assets/b-c_d.wasm?x');"/assets/""#;
        let found: Vec<_> = assets_in(script).collect();
        assert_eq!(found, ["/assets/argon2.A.js", "/assets/b-c_d.wasm"]);
    }
}

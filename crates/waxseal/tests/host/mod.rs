//! A host that serves the real pages, as the edge does, and can be made to lie about anything.

use std::{net::Ipv4Addr, path::PathBuf, process::Command, sync::Arc};

use axum::{Router, body::Body, extract::Request};
use bytes::Bytes;
use http::{HeaderMap, Response, header};
use wax_model::{Brand, DomainSettings, Entitlements};
use wax_pages::{BrandFiles, Page, Pages};

/// What was asked: the path and the headers.
pub(crate) struct Asked<'a> {
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
}

impl Asked<'_> {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A running host, and a home folder for the program under test.
pub(crate) struct Host {
    url: String,
    home: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Host {
    pub(crate) fn honest() -> Self {
        Self::lying(|_, _| {})
    }

    /// Every answer goes through `lie` before it is sent.
    pub(crate) fn lying(
        lie: impl Fn(&Asked<'_>, &mut Response<Bytes>) + Send + Sync + 'static,
    ) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        let url = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let app = router(Arc::new(lie));
            #[expect(clippy::disallowed_methods, reason = "a test's server ends with its runtime")]
            tokio::spawn(async move { axum::serve(listener, app).await });
            format!("http://secrets.acme.localhost:{port}")
        });
        Self { url, home: tempfile::tempdir().unwrap(), _runtime: runtime }
    }

    /// Changes what is sent where `chosen`, whoever asks: never compressed.
    pub(crate) fn rewriting(
        chosen: impl Fn(&Asked<'_>) -> bool + Send + Sync + 'static,
        change: impl Fn(&mut Vec<u8>) + Send + Sync + 'static,
    ) -> Self {
        let pages = Pages::load().unwrap();
        let brand = BrandFiles::render(
            &Brand::plain("Acme"),
            &Entitlements::SELF_HOSTED,
            &DomainSettings::default(),
        );
        Self::lying(move |asked, sent| {
            if chosen(asked) {
                let mut headers = asked.headers.clone();
                headers.remove(header::ACCEPT_ENCODING);
                *sent = answer(&pages, &brand, &Asked { headers: &headers, ..*asked });
                let mut bytes = sent.body().to_vec();
                change(&mut bytes);
                *sent.body_mut() = bytes.into();
            }
        })
    }

    /// A host whose DNS names somebody else, as the edge answers for it.
    pub(crate) fn held() -> Self {
        let pages = Pages::load().unwrap();
        let brand = BrandFiles::render(
            &Brand::plain("Acme"),
            &Entitlements::SELF_HOSTED,
            &DomainSettings::default(),
        );
        Self::lying(move |asked, sent| {
            if let Some(Page::Home | Page::Open) = Page::at(asked.path) {
                *sent = pages.instead(Page::Held, asked.headers, &brand);
            }
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs `waxseal verify-page` against this host, with further arguments.
    pub(crate) fn verify(&self, path: &str, arguments: &[&str]) -> Verdict {
        self.verify_at(&format!("{}{path}", self.url), arguments)
    }

    /// Against any address.
    pub(crate) fn verify_at(&self, address: &str, arguments: &[&str]) -> Verdict {
        let output = Command::new(env!("CARGO_BIN_EXE_waxseal"))
            .args(["verify-page", address])
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Verdict {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Verdict {
    #[track_caller]
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        let said = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(said, "{text} is not in\n{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// The paths of the release's files.
pub(crate) fn release_files() -> Vec<String> {
    let release: serde_json::Value = serde_json::from_slice(&manifest()).unwrap();
    let files = release["files"].as_array().unwrap().iter();
    files.map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

/// The one whose path has this in it.
pub(crate) fn release_file(part: &str) -> String {
    release_files().into_iter().find(|path| path.contains(part)).unwrap()
}

/// The manifest of this release, which needs the built web files.
pub(crate) fn manifest() -> Vec<u8> {
    wax_pages::release_manifest().expect("built web files: npm run build").into_owned()
}

type Lie = dyn Fn(&Asked<'_>, &mut Response<Bytes>) + Send + Sync;

fn router(lie: Arc<Lie>) -> Router {
    let pages = Arc::new(Pages::load().unwrap());
    let brand = Arc::new(BrandFiles::render(
        &Brand::plain("Acme"),
        &Entitlements::SELF_HOSTED,
        &DomainSettings::default(),
    ));
    Router::new().fallback(move |request: Request| {
        let (pages, brand, lie) = (Arc::clone(&pages), Arc::clone(&brand), Arc::clone(&lie));
        async move {
            let asked = Asked { path: request.uri().path(), headers: request.headers() };
            let mut answer = answer(&pages, &brand, &asked);
            lie(&asked, &mut answer);
            answer.map(Body::from)
        }
    })
}

/// In the best encoding that the visitor takes, as the edge answers.
fn answer(pages: &Pages, brand: &BrandFiles, asked: &Asked<'_>) -> Response<Bytes> {
    let found = pages.answer(asked.path, asked.headers, brand);
    found.unwrap_or_else(|| pages.instead(Page::Missing, asked.headers, brand))
}

//! Somebody with a browser, at one edge, who trusts only the authorities of the test.

use std::{error::Error as _, net::Ipv4Addr};

use reqwest::{Certificate, Client, ClientBuilder, redirect, tls::TlsInfo};
use wax_testkit::Pebble;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The host's certificate, in DER.
    pub(crate) certificate: Vec<u8>,
}

/// A host, as it is met at one edge. Every request is a handshake of its own.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    host: String,
    port: u16,
    roots: Vec<Vec<u8>>,
}

impl Visitor {
    pub(crate) fn new(host: &str, port: u16, roots: &[Vec<u8>]) -> Self {
        Self { host: host.to_owned(), port, roots: roots.to_vec() }
    }

    /// A page. An error is the whole story, from the outermost to the first.
    pub(crate) async fn get(&self, path: &str) -> Result<Answer, String> {
        self.send(self.client().get(self.url(path))).await
    }

    /// A call of the API with an empty object: enough to be refused for what it asks.
    pub(crate) async fn call(&self, path: &str) -> Result<Answer, String> {
        let post = self.client().post(self.url(path));
        self.send(post.header("content-type", "application/json").body("{}")).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, String> {
        let response = request.send().await.map_err(|error| story(&error))?;
        let shown = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
        let certificate = shown.unwrap_or_default().to_vec();
        let status = response.status().as_u16();
        let body = response.text().await.map_err(|error| story(&error))?;
        Ok(Answer { status, body, certificate })
    }

    fn client(&self) -> Client {
        let here = (Ipv4Addr::LOCALHOST, self.port).into();
        trusting(&self.roots).resolve(&self.host, here).tls_info(true).build().unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}:{}{path}", self.host, self.port)
    }
}

/// Trusts these and nobody else. Nothing is between it and this machine.
fn trusting(roots: &[Vec<u8>]) -> ClientBuilder {
    let roots = roots.iter().map(|root| Certificate::from_pem(root).unwrap());
    Client::builder().no_proxy().redirect(redirect::Policy::none()).tls_certs_only(roots)
}

fn story(error: &reqwest::Error) -> String {
    let mut story = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        story = format!("{story}: {error}");
        cause = error.source();
    }
    story
}

/// What an issuer says at its door for people: a path below its management address.
pub(crate) async fn told(issuer: &Pebble, path: &str) -> Vec<u8> {
    let client = trusting(&[issuer.authority().into()]).build().unwrap();
    let answer = client.get(format!("{}{path}", issuer.management())).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.bytes().await.unwrap().to_vec()
}

/// The authority behind what it issues, as PEM.
pub(crate) async fn root_of(issuer: &Pebble) -> Vec<u8> {
    told(issuer, "/roots/0").await
}

//! Somebody of an organization, signed in with a browser.

use std::net::Ipv4Addr;

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use wax_httpkit::auth::{CSRF_HEADER, DEVICE_COOKIE, SESSION_COOKIE, csrf_token};
use wax_kernel::{Rng, SystemRng, base64url_encode};

use super::world::World;

/// A browser with a session.
pub(crate) struct Member {
    http: Client,
    origin: String,
    device: String,
    session: Option<String>,
    /// Where their organization is.
    organization: String,
}

impl Member {
    /// Signs in by a link of the operator's, through the first edge, and makes an organization.
    pub(crate) async fn of(world: &World, name: &str, slug: &str) -> Self {
        let link = world.admin(&["owner", "create", &format!("owner@{slug}.example")]);
        let (_, token) = link.trim().split_once('#').unwrap();
        let port = world.edges[0].process.port();
        let host = "app.localhost";
        let http = Client::builder().no_proxy().resolve(host, (Ipv4Addr::LOCALHOST, port).into());
        let mut member = Self {
            http: http.build().unwrap(),
            origin: format!("http://{host}:{port}"),
            device: base64url_encode((&SystemRng as &dyn Rng).bytes::<32>()),
            session: None,
            organization: String::new(),
        };
        member.sign_in(token).await;
        let made = json!({"name": name, "slug": slug});
        let (status, made) = member.ask(Method::POST, "/v1/organizations", Some(&made)).await;
        assert_eq!(status, 201, "{made}");
        member.organization = format!("/v1/organizations/{}", made["id"].as_str().unwrap());
        member
    }

    async fn sign_in(&mut self, token: &str) {
        let body = json!({"token": token});
        let path = "/v1/sign-in/link/finish";
        let answer = self.send(Method::POST, path, Some(&body)).await;
        let cookies = answer.headers().get_all("set-cookie").iter();
        let mut lines = cookies.filter_map(|line| line.to_str().ok()?.split(';').next());
        let session = lines.find_map(|pair| pair.strip_prefix(SESSION_COOKIE)?.strip_prefix('='));
        self.session = Some(session.expect("a session").to_owned());
    }

    /// Adds a host: the domain with its records.
    pub(crate) async fn add(&self, host: &str) -> Value {
        let (status, domain) = self.post("/domains", &json!({"host": host})).await;
        assert_eq!(status, 201, "{domain}");
        domain
    }

    /// A domain as it is now.
    pub(crate) async fn domain(&self, id: &str) -> Value {
        let path = format!("{}/domains/{id}", self.organization);
        let (status, domain) = self.ask(Method::GET, &path, None).await;
        assert_eq!(status, 200, "{domain}");
        domain
    }

    /// A check that somebody asks for: the domain after it, or nothing if the last was a moment ago.
    pub(crate) async fn check(&self, id: &str) -> Option<Value> {
        let (status, domain) = self.post(&format!("/domains/{id}/check"), &json!({})).await;
        assert!(matches!(status, 200 | 429), "{status} {domain}");
        (status == 200).then_some(domain)
    }

    async fn post(&self, below: &str, body: &Value) -> (u16, Value) {
        self.ask(Method::POST, &format!("{}{below}", self.organization), Some(body)).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let answer = self.send(method, path, body).await;
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        let session = self.session.as_deref();
        let cookies = session.map(|session| format!("; {SESSION_COOKIE}={session}"));
        let cookies = format!("{DEVICE_COOKIE}={}{}", self.device, cookies.unwrap_or_default());
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.origin))
            .header("cookie", cookies)
            .header("origin", &self.origin)
            .header(CSRF_HEADER, csrf_token(&self.device, session));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        request.send().await.unwrap()
    }
}

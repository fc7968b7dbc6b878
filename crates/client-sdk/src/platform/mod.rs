//! Requests to the platform's host, where members and keys are (docs/accounts.md §5): JSON inside TLS, with a bearer value.

mod account;
mod credential;
mod domains;
mod keys;
mod login;
mod members;
mod organization;
mod secrets;

use std::{cell::Cell, fmt, sync::Arc};

use reqwest::{
    Method, RequestBuilder,
    header::{AUTHORIZATION, HeaderValue},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wax_crypto::Origin;
use wax_kernel::{Rng, base64url_encode};
use zeroize::Zeroizing;

pub(crate) use self::credential::authorization;
pub use self::{
    account::{Account, Belonging, Proof, SignedInSession},
    credential::{Credential, SessionToken},
    domains::{
        Change, DnsRecord, Domain, DomainConnection, DomainEvent, DomainReport, Finding,
        ServerAnswer, Told, Verdict,
    },
    keys::{ApiKey, KeyChange, NewApiKey, NewKey, OwnKey},
    login::{DeviceLogin, LetIn, LoginEnd},
    members::{Invitation, Invite, Member, MemberChange},
    organization::{DomainName, Organization},
    secrets::{OrganizationReceipt, Place, ReceiptFilter},
};
use crate::{
    Code, Error, NetworkError, Options, Retry,
    channel::{read_body, read_plain_problem},
    client::{REQUEST_TIMEOUT, json_client, to_json},
};

/// Names a request that may be sent again after a lost answer.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The longest answer is a page of 200 receipts with many openings each.
const MAX_ANSWER_BYTES: usize = 8 << 20;
/// More pages than any list has: a server that goes on forever is not followed.
const MAX_PAGES: usize = 1_000;

/// Talks to a platform's host as one member, as one key, or as nobody yet. Follows no redirect and keeps no cookie, so
/// what it shows goes to this host alone.
#[derive(Clone)]
pub struct Platform {
    http: reqwest::Client,
    origin: Origin,
    authorization: Option<HeaderValue>,
    retry: Retry,
    rng: Arc<dyn Rng>,
}

/// A part of a list.
#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl Platform {
    /// A client of the platform at `origin`, where nobody is signed in. Connects when it is used.
    pub fn new(origin: Origin, options: &Options) -> Result<Self, Error> {
        let http = json_client(&origin, options)?;
        let (retry, rng) = (options.retry, Arc::clone(&options.rng));
        Ok(Self { http, origin, authorization: None, retry, rng })
    }

    /// The same, for who shows this.
    #[must_use]
    pub fn with(&self, credential: &Credential) -> Self {
        Self { authorization: Some(credential.authorization()), ..self.clone() }
    }

    /// The host.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.retry.run(async || self.send(self.request(Method::GET, path)).await).await
    }

    /// A list to its end. `path` may have a query.
    async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        for _ in 0..MAX_PAGES {
            let mark = if path.contains('?') { '&' } else { '?' };
            let page: Page<T> = self.get(&format!("{path}{mark}limit=200{cursor}")).await?;
            items.extend(page.items);
            match page.next {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(items),
            }
        }
        Err(Error::Answer("the list does not end"))
    }

    /// A list that comes in one piece.
    async fn whole_list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Error> {
        let page: Page<T> = self.get(path).await?;
        Ok(page.items)
    }

    /// Sent once: done again it would do more, or count.
    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        self.send(self.with_body(Method::POST, path, to_json(body).to_vec())).await
    }

    /// Sent again after a lost answer: a second time changes nothing more.
    async fn repeat<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let body = to_json(body);
        let request = || self.with_body(method.clone(), path, body.to_vec());
        self.retry.run(async || self.send(request()).await).await
    }

    /// Sent again after a lost answer, under one name: the server does it once and repeats its first answer.
    async fn post_once<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let (name, body) = (base64url_encode(self.rng.bytes::<24>()), to_json(body));
        let request =
            || self.with_body(Method::POST, path, body.to_vec()).header(IDEMPOTENCY_KEY, &name);
        self.retry.run(async || self.send(request()).await).await
    }

    /// Ends something. If an answer was lost, "not there" is the answer that was.
    async fn delete(&self, path: &str) -> Result<(), Error> {
        self.end(|| self.request(Method::DELETE, path)).await
    }

    /// The same, for what must be named once more.
    async fn delete_named(&self, path: &str, body: &impl Serialize) -> Result<(), Error> {
        let body = to_json(body);
        self.end(|| self.with_body(Method::DELETE, path, body.to_vec())).await
    }

    async fn end(&self, request: impl Fn() -> RequestBuilder) -> Result<(), Error> {
        let is_again = Cell::new(false);
        let delete = async || match self.nothing(request()).await {
            Err(error) if is_again.replace(true) && error.code() == Some(Code::NotAvailable) => {
                Ok(())
            }
            other => other,
        };
        self.retry.run(delete).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.origin));
        let request = request.timeout(REQUEST_TIMEOUT);
        match &self.authorization {
            Some(shown) => request.header(AUTHORIZATION, shown.clone()),
            None => request,
        }
    }

    fn with_body(&self, method: Method, path: &str, body: Vec<u8>) -> RequestBuilder {
        let json = HeaderValue::from_static("application/json");
        self.request(method, path).header(reqwest::header::CONTENT_TYPE, json).body(body)
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        let body = self.answer(request).await?;
        serde_json::from_slice(&body).map_err(|_| Error::Answer("it cannot be read"))
    }

    async fn nothing(&self, request: RequestBuilder) -> Result<(), Error> {
        self.answer(request).await.map(drop)
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Zeroizing<Vec<u8>>, Error> {
        let response = request.send().await.map_err(NetworkError::from)?;
        if response.status().is_success() {
            read_body(response, MAX_ANSWER_BYTES).await
        } else {
            Err(read_plain_problem(response).await)
        }
    }
}

/// Shows the host only.
impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform").field("origin", &self.origin).finish_non_exhaustive()
    }
}

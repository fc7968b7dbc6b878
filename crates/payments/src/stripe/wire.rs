//! The way to Stripe: an end to every request, a bound on every answer, and repetitions that do a thing once.

use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};
use stripe_client_core::{RequestBuilder, StripeMethod, VERSION};
use wax_kernel::Redacted;

use super::{BadStripe, StripeSettings};
use crate::PaymentsError;

const STRIPE: &str = "https://api.stripe.com";
/// A hundred subscriptions with their invoices are about 2 MB.
const LONGEST_ANSWER: usize = 8 * 1_024 * 1_024;
/// How often a request is repeated.
const REPETITIONS: u32 = 2;

/// Cheap to clone; keeps its connections.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    client: Client,
    base: String,
    secret_key: Redacted<String>,
    timeout: Duration,
    pause: Duration,
}

/// An attempt that did not come to anything, and whether another could.
struct Failed {
    error: PaymentsError,
    again: bool,
}

/// <https://docs.stripe.com/api/errors>
#[derive(Deserialize)]
struct Refusal {
    error: Said,
}

#[derive(Deserialize)]
struct Said {
    #[serde(rename = "type")]
    kind: String,
    code: Option<String>,
    message: Option<String>,
}

impl Wire {
    pub(super) fn new(settings: &StripeSettings) -> Result<Self, BadStripe> {
        let client = Client::builder();
        let client = match settings.url {
            None => client.https_only(true),
            // Another server in its place stands nearby, perhaps on this machine and without TLS.
            Some(_) => client.no_proxy(),
        };
        let client = client
            .redirect(Policy::none())
            .tcp_nodelay(true)
            .connect_timeout(settings.timeout)
            .timeout(settings.timeout)
            .user_agent(concat!("waxseal/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            client: client.map_err(|error| BadStripe(error.to_string()))?,
            base: settings.url.clone().unwrap_or_else(|| STRIPE.to_owned()),
            secret_key: settings.secret_key.clone(),
            timeout: settings.timeout,
            pause: settings.pause,
        })
    }

    /// Something that may be done twice.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, PaymentsError> {
        self.ask(&request, None).await
    }

    /// Something that is done once, however often it is asked with this key.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        idempotency_key: &str,
    ) -> Result<T, PaymentsError> {
        self.ask(&request, Some(idempotency_key)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        request: &RequestBuilder,
        key: Option<&str>,
    ) -> Result<T, PaymentsError> {
        if !is_path(&request.path) {
            let message = "an id that is none of Stripe's".to_owned();
            return Err(PaymentsError::Refused { code: "resource_missing".to_owned(), message });
        }
        let all = self.timeout.saturating_mul(REPETITIONS + 1);
        let answer = tokio::time::timeout(all, self.repeated(request, key)).await;
        let body = answer.unwrap_or_else(|_| Err(PaymentsError::Unavailable(SLOW.to_owned())))?;
        serde_json::from_slice(&body).map_err(|_| PaymentsError::Unreadable)
    }

    async fn repeated(
        &self,
        request: &RequestBuilder,
        key: Option<&str>,
    ) -> Result<Vec<u8>, PaymentsError> {
        let mut pause = self.pause;
        for _ in 0..REPETITIONS {
            match self.once(request, key).await {
                Err(Failed { again: true, .. }) => tokio::time::sleep(pause).await,
                answer => return answer.map_err(|failed| failed.error),
            }
            pause = pause.saturating_mul(4);
        }
        self.once(request, key).await.map_err(|failed| failed.error)
    }

    async fn once(&self, request: &RequestBuilder, key: Option<&str>) -> Result<Vec<u8>, Failed> {
        let response = self.built(request, key).send().await.map_err(|error| unheard(&error))?;
        let status = response.status();
        // It knows better than its status says (https://docs.stripe.com/error-low-level#should-retry).
        let advice = response.headers().get("stripe-should-retry").map(|text| text == "true");
        let body = whole(response).await?;
        if status.is_success() {
            return Ok(body);
        }
        let mut failed = self.failed(status, &body);
        failed.again = advice.unwrap_or(failed.again);
        Err(failed)
    }

    fn built(&self, request: &RequestBuilder, key: Option<&str>) -> reqwest::RequestBuilder {
        let mut url = format!("{}/v1{}", self.base, request.path);
        if let Some(query) = &request.query {
            url = format!("{url}?{query}");
        }
        let method = match request.method {
            StripeMethod::Get => Method::GET,
            StripeMethod::Post => Method::POST,
            StripeMethod::Delete => Method::DELETE,
        };
        let mut built = self
            .client
            .request(method, url)
            .bearer_auth(self.secret_key.expose())
            .header("stripe-version", VERSION.as_str());
        if let Some(key) = key {
            built = built.header("idempotency-key", key);
        }
        if let Some(body) = &request.body {
            let form = "application/x-www-form-urlencoded";
            built = built.header("content-type", form).body(body.clone());
        }
        built
    }

    /// What a status and an error document come to.
    fn failed(&self, status: StatusCode, body: &[u8]) -> Failed {
        let said = serde_json::from_slice::<Refusal>(body).ok().map(|refusal| refusal.error);
        let code = said.as_ref().map(|said| said.code.clone().unwrap_or_else(|| said.kind.clone()));
        // It cannot now: somebody else uses the key or the object, too many ask, or it is broken.
        let again = matches!(status.as_u16(), 409 | 424 | 429 | 500..=599);
        let error = if again {
            let code = code.map(|code| format!(", {code}")).unwrap_or_default();
            PaymentsError::Unavailable(format!("answers {}{code}", status.as_u16()))
        } else {
            // A page of somebody in between, or a redirection, is no word of Stripe's.
            let message = said.and_then(|said| said.message).unwrap_or_default();
            code.map_or(PaymentsError::Unreadable, |code| PaymentsError::Refused {
                code,
                message: self.without_key(&message),
            })
        };
        Failed { error, again }
    }

    /// Stripe shortens a wrong key in what it says of it. Whoever stands in its place may not.
    fn without_key(&self, message: &str) -> String {
        let key = self.secret_key.expose();
        if key.is_empty() { message.to_owned() } else { message.replace(key, "[redacted]") }
    }
}

/// Ids are parts of paths: none may lead somewhere else.
fn is_path(path: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    path.strip_prefix('/').is_some_and(|path| path.split('/').all(is_part))
}

const SLOW: &str = "does not answer in time";

/// It may have been done all the same.
fn unheard(error: &reqwest::Error) -> Failed {
    let reason = if error.is_timeout() {
        SLOW
    } else if error.is_connect() {
        "takes no connection"
    } else {
        "breaks off"
    };
    // A request that cannot even be built is wrong every time.
    Failed { error: PaymentsError::Unavailable(reason.to_owned()), again: !error.is_builder() }
}

async fn whole(mut response: Response) -> Result<Vec<u8>, Failed> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unheard(&error))? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(Failed { error: PaymentsError::Unreadable, again: false });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

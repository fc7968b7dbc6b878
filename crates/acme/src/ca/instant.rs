//! An issuer over `instant-acme`.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use instant_acme::{
    AuthorizationStatus, CertificateIdentifier, ChallengeStatus, ChallengeType, Error, Identifier,
    NewOrder, Order, OrderStatus,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use serde::Deserialize;
use wax_kernel::{HostPattern, Timestamp};

use super::{
    Account, CertificateAuthority, OrderState, Progress, Wanted, Wire, http::Notes, problem,
};
use crate::{AccountThumbprint, AriId, Failure, Issuer, Method, Reason, Token, Window};

/// Orders that this process is at. Only to save requests: one that is forgotten is asked for again.
const REMEMBERED: usize = 1_024;

/// One issuer and our account there.
pub struct AcmeCa {
    profile: Option<String>,
    wire: Wire,
    account: Account,
    orders: Mutex<HashMap<String, Live>>,
}

struct Live {
    order: Order,
    notes: Notes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Directory {
    renewal_info: Option<String>,
    #[serde(default)]
    meta: Meta,
}

#[derive(Debug, Default, Deserialize)]
struct Meta {
    #[serde(default)]
    profiles: HashMap<String, String>,
}

impl AcmeCa {
    /// The issuer, with an account that was opened there.
    pub fn new(issuer: &Issuer, wire: Wire, account: Account) -> Self {
        Self { profile: issuer.profile.clone(), wire, account, orders: Mutex::default() }
    }

    async fn account(&self) -> Result<(instant_acme::Account, Notes), Failure> {
        let (conversation, notes) = self.wire.conversation();
        let key = PrivatePkcs8KeyDer::from(&self.account.pkcs8[..]);
        let account = instant_acme::Account::builder_with_http(Box::new(conversation))
            .from_parts(self.account.url.clone(), key, self.wire.directory_url().to_owned())
            .await
            .map_err(failure)?;
        Ok((account, notes))
    }

    async fn directory(&self) -> Result<Directory, Failure> {
        let body = self.wire.directory().await?;
        serde_json::from_slice(&body)
            .map_err(|_| Failure::saying(Reason::IssuerBroken, "the directory is none"))
    }

    /// The order, as this process knows it, or else as the issuer tells it.
    async fn live(&self, url: &str) -> Result<Live, Failure> {
        if let Some(live) = self.lock().remove(url) {
            return Ok(live);
        }
        let (account, notes) = self.account().await?;
        let order = account.order(url.to_owned()).await.map_err(failure)?;
        Ok(Live { order, notes })
    }

    fn remember(&self, live: Live) {
        let mut orders = self.lock();
        if orders.len() >= REMEMBERED {
            orders.clear();
        }
        orders.insert(live.order.url().to_owned(), live);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Live>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn told(&self, mut live: Live) -> Result<OrderState, Failure> {
        let progress = match live.order.state().status {
            OrderStatus::Pending => Progress::Pending,
            OrderStatus::Ready => Progress::Ready,
            OrderStatus::Processing => Progress::Processing,
            OrderStatus::Valid => Progress::Valid,
            OrderStatus::Invalid => Progress::Invalid(why_invalid(&mut live.order).await?),
        };
        let state = OrderState {
            url: live.order.url().to_owned(),
            progress,
            retry_after: live.notes.retry_after(),
        };
        self.remember(live);
        Ok(state)
    }
}

/// The proof that failed says more than the order, which some issuers leave without a word.
async fn why_invalid(order: &mut Order) -> Result<Failure, Failure> {
    let of_order = order.state().error.as_ref().map(problem::of_proof);
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let authorization = authorization.map_err(failure)?;
        let error = authorization.challenges.iter().find_map(|challenge| challenge.error.as_ref());
        if let Some(error) = error {
            return Ok(problem::of_proof(error));
        }
    }
    Ok(of_order.unwrap_or_else(|| Failure::of(Reason::OrderGone)))
}

#[async_trait]
impl CertificateAuthority for AcmeCa {
    fn account(&self) -> AccountThumbprint {
        self.account.thumbprint.clone()
    }

    async fn new_order(
        &self,
        name: &HostPattern,
        replaces: Option<&AriId>,
    ) -> Result<OrderState, Failure> {
        let directory = self.directory().await?;
        let identifiers = [Identifier::Dns(name.to_string())];
        let mut request = NewOrder::new(&identifiers);
        let replaces = replaces.filter(|_| directory.renewal_info.is_some());
        if let Some(replaces) = replaces {
            request = request.replaces(identifier(replaces));
        }
        let profile = self.profile.as_deref();
        if let Some(profile) = profile.filter(|name| directory.meta.profiles.contains_key(*name)) {
            request = request.profile(profile);
        }
        let (account, notes) = self.account().await?;
        match account.new_order(&request).await {
            Ok(order) => self.told(Live { order, notes }).await,
            Err(error) => Err(not_replacing(error, replaces.is_some())),
        }
    }

    async fn order(&self, url: &str) -> Result<OrderState, Failure> {
        let mut live = self.live(url).await?;
        live.order.refresh().await.map_err(failure)?;
        self.told(live).await
    }

    async fn wanted(&self, url: &str) -> Result<Wanted, Failure> {
        let mut live = self.live(url).await?;
        let mut offers = Vec::new();
        let mut authorizations = live.order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let authorization = authorization.map_err(failure)?;
            match authorization.status {
                AuthorizationStatus::Valid => continue,
                AuthorizationStatus::Pending => {}
                _ => return Err(Failure::of(Reason::OrderGone)),
            }
            for challenge in &authorization.challenges {
                let Some(method) = method(&challenge.r#type) else { continue };
                let token = Token::parse(&challenge.token);
                let strange = |_| Failure::saying(Reason::IssuerBroken, "a token that is none");
                offers.push((method, token.map_err(strange)?));
            }
            if offers.is_empty() {
                return Err(Failure::of(Reason::NoChallenge));
            }
        }
        self.remember(live);
        Ok(if offers.is_empty() { Wanted::Nothing } else { Wanted::One(offers) })
    }

    async fn look(&self, url: &str, method: Method) -> Result<(), Failure> {
        let mut live = self.live(url).await?;
        let mut authorizations = live.order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(failure)?;
            if authorization.status != AuthorizationStatus::Pending {
                continue;
            }
            let Some(mut challenge) = authorization.challenge(kind(method)) else {
                return Err(Failure::of(Reason::NoChallenge));
            };
            if challenge.status == ChallengeStatus::Pending {
                challenge.set_ready().await.map_err(refused_proof)?;
            }
        }
        self.remember(live);
        Ok(())
    }

    async fn finalize(&self, url: &str, request: &[u8]) -> Result<OrderState, Failure> {
        let mut live = self.live(url).await?;
        live.order.finalize_csr(request).await.map_err(failure)?;
        self.told(live).await
    }

    async fn certificate(&self, url: &str) -> Result<String, Failure> {
        let mut live = self.live(url).await?;
        let chain = live.order.certificate().await.map_err(failure)?;
        chain.ok_or_else(|| Failure::of(Reason::NotReady))
    }

    async fn window(&self, certificate: &AriId) -> Result<Option<(Window, Duration)>, Failure> {
        if self.directory().await?.renewal_info.is_none() {
            return Ok(None);
        }
        let (account, notes) = self.account().await?;
        let told = account.renewal_info(&identifier(certificate)).await;
        let (told, ask_again) = told.map_err(failure)?;
        let moment =
            |time: i128| Timestamp::from_ms(i64::try_from(time / 1_000_000).unwrap_or(i64::MAX));
        let window = told.suggested_window;
        let window = Window {
            start: moment(window.start.unix_timestamp_nanos()),
            end: moment(window.end.unix_timestamp_nanos()),
        };
        // `instant-acme` measures by the machine's clock.
        Ok(Some((window, notes.retry_after().unwrap_or(ask_again))))
    }
}

fn identifier(ari: &AriId) -> CertificateIdentifier<'_> {
    let (authority, serial) = ari.parts();
    CertificateIdentifier { authority_key_identifier: authority.into(), serial: serial.into() }
}

fn method(kind: &ChallengeType) -> Option<Method> {
    match kind {
        ChallengeType::Http01 => Some(Method::Http01),
        ChallengeType::TlsAlpn01 => Some(Method::TlsAlpn01),
        ChallengeType::Dns01 => Some(Method::Dns01),
        _ => None,
    }
}

const fn kind(method: Method) -> ChallengeType {
    match method {
        Method::Http01 => ChallengeType::Http01,
        Method::TlsAlpn01 => ChallengeType::TlsAlpn01,
        Method::Dns01 => ChallengeType::Dns01,
    }
}

/// The order was made and does not say what it replaces, or `instant-acme` took it for none: asked again without.
fn not_replacing(error: Error, replacing: bool) -> Failure {
    match error {
        Error::Other(other) if replacing && !other.is::<Failure>() => {
            Failure::of(Reason::AlreadyReplaced)
        }
        error => failure(error),
    }
}

/// What a challenge says when it is told to be looked at.
fn refused_proof(error: Error) -> Failure {
    match error {
        Error::Api(told) => problem::of_proof(&told),
        error => failure(error),
    }
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Other(other) => other.downcast::<Failure>().map_or_else(
            |_| Failure::saying(Reason::IssuerBroken, "an answer that is none"),
            |failure| *failure,
        ),
        // Refusals are ours before they are the library's, but for refused nonces and errors of orders.
        Error::Api(told) => problem::of_proof(&told),
        Error::KeyRejected | Error::Crypto => Failure::of(Reason::KeyLost),
        Error::Unsupported(what) => Failure::saying(Reason::Refused, what),
        _ => Failure::saying(Reason::IssuerBroken, "an answer that is none"),
    }
}

impl fmt::Debug for AcmeCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcmeCa").field("wire", &self.wire).finish_non_exhaustive()
    }
}

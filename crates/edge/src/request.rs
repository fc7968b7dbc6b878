//! How one request walks through the edge.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Version, header, request::Parts};
use http_body::Body as _;
use tracing::Instrument as _;
use wax_crypto::Origin;
use wax_httpkit::{Code, Context, HostKind, Problem, RouteTemplate};
use wax_kernel::RequestId;

use crate::{
    Route, RouteClass,
    access::Line,
    body::discard,
    connection::Peer,
    context,
    edge::Shared,
    hygiene::{self, Called, DoorKind},
    memory::Held,
    network::Subscriber,
    refusal::Refusal,
    response,
};

/// Whoever finds no room for an answer waits so long for others to read theirs.
const ROOM_PATIENCE: Duration = Duration::from_secs(5);

/// An answer that was not a refusal.
struct Answered {
    response: Response,
    /// What the response takes, until it is read.
    held: Option<Held>,
    template: Template,
    /// Whether browsers should remember to come back over TLS only.
    hsts: bool,
}

/// The route as logs and metrics may name it.
#[derive(Debug)]
pub(crate) enum Template {
    Site(&'static str),
    Service(Option<RouteTemplate>),
    Refused,
}

impl Template {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Site(template) => template,
            Self::Service(template) => template.as_ref().map_or("(none)", |template| &*template.0),
            Self::Refused => "(refused)",
        }
    }
}

impl Shared {
    /// Answers one request and counts it. The memory lasts until the answer is read; then the line goes to the log.
    pub(crate) async fn answer<B>(
        &self,
        request: Request<B>,
        peer: &Peer,
    ) -> (Response, Option<Held>, Line)
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        let id = RequestId::random(&*self.rng);
        let (parts, mut body) = request.into_parts();
        let lang = wax_httpkit::language(&parts.headers);
        let can_close = parts.version < Version::HTTP_2;
        let mut line = Line::begin(&parts, id, &self.path_names);
        let span = line.span.span().clone();

        // Who waits to be told to go on has sent nothing yet that could be left unread.
        let waits = parts.headers.contains_key(header::EXPECT);
        let walked = self.walk(parts, &mut body, peer, id, &mut line).instrument(span).await;
        if walked.as_ref().is_err_and(|refusal| refusal.leaves_body() && !waits) {
            discard(&mut body).await;
        }
        let (answered, close) = match walked {
            Ok(answered) => (answered, false),
            Err(refusal) => {
                self.counts.refused.add(&[refusal.label], 1);
                let close = refusal.close && can_close;
                let response = refusal.into_response(lang, id);
                let template = Template::Refused;
                (Answered { response, held: None, template, hsts: false }, close)
            }
        };
        let Answered { response, held, template, hsts } = answered;
        let response = response::finish(response, id, hsts, close);
        self.count(template, response.status(), &mut line);
        (response, held, line)
    }

    fn count(&self, template: Template, status: StatusCode, line: &mut Line) {
        let route = template.as_str();
        self.counts.answered.add(&[route, line.method, status.as_str()], 1);
        self.counts.took.observe(&[route], line.began.elapsed());
        line.answered(template, status.as_u16());
    }

    /// Hygiene, host, rate, then whoever answers.
    async fn walk<B>(
        &self,
        mut parts: Parts,
        body: &mut B,
        peer: &Peer,
        id: RequestId,
        line: &mut Line,
    ) -> Result<Answered, Refusal>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        let called = hygiene::clean(&mut parts, peer.door, &self.limits)?;
        if let DoorKind::Redirect { https } = peer.door.kind {
            let (response, template) = self.redirect(&parts, &called, peer, https)?;
            let template = Template::Site(template);
            return Ok(Answered { response, held: None, template, hsts: false });
        }
        let (origin, route) = self.route(&called, peer)?;
        line.host.clone_from(&called.host);
        let host = route.owner.kind();
        let class = RouteClass::of(&self.classes, host, &parts.method, parts.uri.path());
        let network = Subscriber::at(peer.address);
        self.gate.check(class.rate, network).map_err(Refusal::rate_limited)?;

        let hsts = peer.door.is_tls() && !origin.host().is_localhost();
        if !self.is_for_services(host, parts.uri.path()) {
            let (response, template) = self.sites.respond(&parts, &route.owner)?;
            return Ok(Answered { response, held: None, template: Template::Site(template), hsts });
        }
        if route.owner.is_held() && !goes_on_while_held(parts.uri.path()) {
            return Err(Refusal::held());
        }
        hygiene::keep_credentials(&mut parts.headers, host);
        let (body, _memory) = self.bodies.receive(body, class.max_body, network).await?;
        line.received_bytes = body.len() as u64;
        // Before anyone is asked: an answer for which there is no room would have been taken for nothing.
        let room = self.answers.reserve_within(ROOM_PATIENCE, class.max_answer, network).await;
        let mut held = room.ok_or_else(Refusal::busy)?;
        let context = context::verified(&route.owner, origin, peer.address, id);
        let (response, template) = self.ask_services(parts, body, context).await;
        let length = response.body().size_hint().exact().unwrap_or_default();
        held.shrink_to(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(Answered { response, held: Some(held), template: Template::Service(template), hsts })
    }

    /// The route of the host that was called, if this connection may serve it.
    fn route(&self, called: &Called, peer: &Peer) -> Result<(Origin, Arc<Route>), Refusal> {
        let unknown =
            || if peer.door.is_tls() { Refusal::misdirected() } else { Refusal::unknown_host() };
        let (host, authority) = called.host.as_ref().zip(called.authority()).ok_or_else(unknown)?;
        let route = self.routes.find(host, peer.is_loopback()).ok_or_else(unknown)?;
        if !is_served_here(&route, peer) {
            return Err(unknown());
        }
        let origin = Origin::parse(&format!("{}://{authority}", peer.door.scheme()))
            .map_err(|_| unknown())?;
        Ok((origin, route))
    }

    /// The API is, whether anybody answers there or not; of everything else, what somebody is mounted for. The rest is the
    /// edge's own.
    fn is_for_services(&self, host: HostKind, path: &str) -> bool {
        is_api(path) || self.upstreams.find(host, path).is_some()
    }

    async fn ask_services(
        &self,
        mut parts: Parts,
        body: Bytes,
        context: Context,
    ) -> (Response, Option<RouteTemplate>) {
        let (lang, id) = (wax_httpkit::language(&parts.headers), context.request_id());
        if !body.is_empty() {
            parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        let host = context.host_kind();
        parts.extensions = context.into_extensions();
        let upstream = self.upstreams.find(host, parts.uri.path());
        let mut response = match upstream {
            Some(upstream) => {
                let request = Request::from_parts(parts, Body::from(body));
                upstream.call(request, &self.tasks).await
            }
            None => Problem::new(Code::NotAvailable).into_response(),
        };
        response::keep_cookies(response.headers_mut(), host);
        let template = response.extensions_mut().remove::<RouteTemplate>();
        let response = match response.extensions_mut().remove::<Problem>() {
            None => response,
            Some(problem) => wax_httpkit::render(&problem, lang, Some(id)),
        };
        (response, template)
    }
}

/// What neither makes, claims nor opens anything: a device confirms what it has received, a sender reads and uses a receipt.
fn goes_on_while_held(path: &str) -> bool {
    const ACTS: [&str; 6] = ["ack", "heartbeat", "receipt", "status", "burn", "unlock"];
    let act = path.strip_prefix("/v1/secrets/");
    path == "/v1/channel" || act.is_some_and(|act| ACTS.contains(&act))
}

pub(crate) fn is_api(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/")
}

/// Over TLS, the certificate the snapshot selects for the host must be the one this connection was shown; on a plain
/// connection, the host must be one that never leaves this machine.
fn is_served_here(route: &Route, peer: &Peer) -> bool {
    match (&peer.served, &route.certificate) {
        (None, _) => route.transport == crate::Transport::Loopback,
        (Some(served), Some(selected)) => selected.is(served),
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod platform_tests;
#[cfg(test)]
mod tests;

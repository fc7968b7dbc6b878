//! Services, whoever asks them: an edge in this process, or one on another machine.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request},
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue, Method, header};
use tower::ServiceExt as _;

use crate::{
    Code, Context, Mount, Mounts, Problem, language, method_not_allowed, render, request_id,
};

/// Carries the signed context from an edge to services in another process. Edges take it off what clients send, as they
/// do with every name that starts like this.
pub const CONTEXT_HEADER: HeaderName = HeaderName::from_static("x-waxseal-context");

/// Carries a [`RouteTemplate`] back. Edges take it off before they answer.
pub const ROUTE_HEADER: HeaderName = HeaderName::from_static("x-waxseal-route");

/// The template of the route that answered, such as `/v1/things/{name}`: what logs and metrics may say. A response
/// extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTemplate(pub Arc<str>);

/// The services of this process, each under its mount. Clones are the same ones.
#[derive(Debug, Clone, Default)]
pub struct Services(Mounts<Router>);

impl Services {
    /// The same services and one more, by its router. Nothing else can reach it than a request that an edge has verified
    /// to be for this kind of host.
    #[must_use]
    pub fn with(self, mount: Mount, router: Router) -> Self {
        let router = router
            .route_layer(from_fn(name_route))
            .fallback(|| async { Problem::new(Code::NotAvailable) })
            .method_not_allowed_fallback(|| async { Problem::new(Code::Method) });
        Self(self.0.with(mount, router))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Answers a request that carries its [`Context`]. Every problem has become a document.
    pub async fn answer(&self, request: http::Request<Body>) -> Response {
        let lang = language(request.headers());
        let id = request_id(request.extensions());
        let mut response = self.ask(request).await;
        match response.extensions_mut().remove::<Problem>() {
            None => response,
            Some(problem) if problem.code() == Code::Method => {
                let allow = response.headers_mut().remove(header::ALLOW);
                method_not_allowed(allow.unwrap_or(HeaderValue::from_static("")), lang, id)
            }
            Some(problem) => render(&problem, lang, id),
        }
    }

    async fn ask(&self, request: http::Request<Body>) -> Response {
        let Some(host) = Context::host_kind_of(request.extensions()) else {
            return Problem::new(Code::Internal).into_response();
        };
        if request.uri().path_and_query().is_some_and(|target| has_controls(target.as_str())) {
            return Problem::new(Code::Malformed).into_response();
        }
        match self.0.find(host, request.uri().path()) {
            Some(router) => {
                let Ok(response) = router.clone().oneshot(request).await;
                response
            }
            None => Problem::new(Code::NotAvailable).into_response(),
        }
    }
}

/// Whether a path or query spells a control character of ASCII (RFC 3986 §2.1): nothing of ours is called by one, and databases
/// differ in what they make of U+0000. As itself none of them can stand in a request's first line.
fn has_controls(target: &str) -> bool {
    let mut escapes = target.split('%').skip(1).map(str::as_bytes);
    escapes.any(|escape| match escape {
        [b'0' | b'1', low, ..] => low.is_ascii_hexdigit(),
        [b'7', low, ..] => low.eq_ignore_ascii_case(&b'f'),
        _ => false,
    })
}

/// Leaves the template of the matched route with the response.
async fn name_route(request: Request, next: Next) -> Response {
    let template = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(template) = template {
        response.extensions_mut().insert(RouteTemplate(template.as_str().into()));
    }
    response
}

/// A fixed word for logs and metrics: clients may invent methods.
pub fn method_name(method: &Method) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|name| *name == method.as_str())
        .unwrap_or("OTHER")
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use wax_crypto::{ContextClaims, ContextHost, Origin};
    use wax_kernel::{DomainId, RequestId, TenantId};

    use super::*;
    use crate::HostKind;

    fn services() -> Services {
        let who =
            |name: &'static str| Router::new().route("/v1/who", get(move || async move { name }));
        Services::default()
            .with(Mount { host: HostKind::Tenant, prefix: "/v1" }, who("secrets"))
            .with(Mount { host: HostKind::Platform, prefix: "/v1" }, who("accounts"))
    }

    async fn ask(host: Option<ContextHost>, path: &str) -> (u16, String) {
        let mut request = http::Request::get(path).body(Body::empty()).unwrap();
        if let Some(host) = host {
            let claims = ContextClaims {
                host,
                origin: Origin::parse("https://app.example").unwrap(),
                client: [192, 0, 2, 1].into(),
                network: String::new(),
                request: RequestId::from_bytes([3; 16]),
            };
            *request.extensions_mut() = Context::signed(claims).into_extensions();
        }
        let response = services().answer(request).await;
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_service_answers_on_its_own_kind_of_host_alone() {
        let tenant = TenantId::from_bytes([1; 16]);
        let tenant = ContextHost::Tenant { tenant, domain: DomainId::from_bytes([2; 16]) };
        assert_eq!(ask(Some(tenant), "/v1/who").await, (200, "secrets".into()));
        assert_eq!(ask(Some(ContextHost::Platform), "/v1/who").await, (200, "accounts".into()));
        assert_eq!(ask(Some(ContextHost::Platform), "/other").await.0, 404);
        assert_eq!(ask(None, "/v1/who").await.0, 500, "it came by no edge");
    }

    #[tokio::test]
    async fn no_service_is_asked_with_a_control_character() {
        let answer = async |target: &str| ask(Some(ContextHost::Platform), target).await.0;
        for escape in ["%00", "%09", "%0a", "%0D", "%1f", "%7F", "%7f", "a%00b%20"] {
            assert_eq!(answer(&format!("/v1/{escape}")).await, 400, "{escape}");
            assert_eq!(answer(&format!("/v1/who?name={escape}")).await, 400, "{escape}");
            assert_eq!(answer(&format!("/v1/who?{escape}=name")).await, 400, "{escape}");
        }
        for fine in ["%20", "%E7%A7%98", "%7e", "%2500", "%", "%1", "%0g"] {
            assert_eq!(answer(&format!("/v1/{fine}")).await, 404, "{fine}");
            assert_eq!(answer(&format!("/v1/who?name={fine}")).await, 200, "{fine}");
        }
    }
}

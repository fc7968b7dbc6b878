//! The channel (protocol.md §11): `GET /v1/channel`, and the layer that opens sealed requests and seals their answers.
//! Handlers see the request inside and know nothing of it.

use axum::{
    Json as JsonAnswer,
    body::{Body, HttpBody as _},
    extract::{FromRequestParts as _, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::{HeaderValue, Method, header};
use http_body_util::BodyExt as _;
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{
        Content, OpenApi, RefOr,
        path::Operation,
        schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type},
    },
};
use wax_crypto::channel::{AnswerSealer, CONTENT_TYPE, MAX_SEALED_REQUEST_BYTES, SignedConfig};
use wax_httpkit::{
    Code, Problem, ProblemResponses, RequestContext, has_content_type, language, receive, render,
    request_id,
};

use crate::Secrets;

/// Clients may keep a config for five minutes; no cache that others share may.
const CACHE_CONTROL: &str = "private, max-age=300";

/// The key to seal requests to, signed by the host's key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChannelView {
    /// Host, key and the key's day: the bytes are those of protocol.md.
    config: String,
    /// Ed25519, 64 bytes.
    signature: String,
    /// The host's Ed25519 public key, 32 bytes. It never changes.
    host_key: String,
}

/// The body of a sealed request as it arrived, for the signature that covers it. A request extension.
#[derive(Clone)]
pub(super) struct SealedBytes(pub(super) Bytes);

/// Tells which key to seal to. Changes nothing.
#[utoipa::path(
    get, path = "/v1/channel", tag = "channel",
    responses((status = 200, body = ChannelView), ProblemResponses)
)]
pub(super) async fn channel(
    State(secrets): State<Secrets>,
    context: RequestContext,
) -> Result<impl IntoResponse, Problem> {
    let view = ChannelView::from(secrets.channel(&context.origin)?);
    Ok(([(header::CACHE_CONTROL, CACHE_CONTROL)], JsonAnswer(view)))
}

/// The layer around every route. What is not sealed passes: simple tools speak plain JSON.
pub(super) async fn open_and_seal(
    State(secrets): State<Secrets>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST || !has_content_type(request.headers(), CONTENT_TYPE) {
        return next.run(request).await;
    }
    let lang = language(request.headers());
    let id = request_id(request.extensions());
    let answered = match open(&secrets, request).await {
        Ok((request, answer)) => seal(next.run(request).await, answer).await,
        Err(problem) => Err(problem),
    };
    // Outside the channel, since nobody knows whose request it was.
    answered.unwrap_or_else(|problem| render(&problem, lang, id))
}

async fn open(secrets: &Secrets, request: Request) -> Result<(Request, AnswerSealer), Problem> {
    let (mut head, body) = request.into_parts();
    let context = RequestContext::from_request_parts(&mut head, &()).await?;
    let sealed = receive(body, MAX_SEALED_REQUEST_BYTES).await?;
    let (body, answer) = secrets.open_sealed(&context.origin, head.uri.path(), &sealed)?;
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    head.extensions.insert(SealedBytes(sealed));
    Ok((Request::from_parts(head, Body::from(body)), answer))
}

/// An answer of known length is one record; one that goes on is a record for each piece. Headers that say something about
/// what is inside stay inside.
async fn seal(response: Response, mut answer: AnswerSealer) -> Result<Response, Problem> {
    let (mut head, body) = response.into_parts();
    let sealed = if body.size_hint().exact().is_some() {
        let whole = body.collect().await.map_err(|_| Problem::new(Code::Internal))?;
        Body::from(answer.seal(&whole.to_bytes()))
    } else {
        let pieces = body.into_data_stream();
        Body::from_stream(pieces.map_ok(move |piece| Bytes::from(answer.seal(&piece))))
    };
    for inside in [header::CONTENT_LENGTH, header::CONTENT_LANGUAGE] {
        head.headers.remove(inside);
    }
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    Ok(Response::from_parts(head, sealed))
}

impl From<SignedConfig> for ChannelView {
    fn from(signed: SignedConfig) -> Self {
        Self {
            config: signed.config.to_base64url().to_string(),
            signature: signed.signature.to_base64url().to_string(),
            host_key: signed.host_key.to_base64url().to_string(),
        }
    }
}

/// Says in the document that every POST may be sealed, and its answer then is.
pub(super) fn describe(document: &mut OpenApi) {
    let posts = document.paths.paths.values_mut().filter_map(|path| path.post.as_mut());
    posts.for_each(describe_operation);
}

fn describe_operation(operation: &mut Operation) {
    let binary = SchemaFormat::KnownFormat(KnownFormat::Binary);
    let sealed = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(binary))
        .description(Some("sealed: docs/protocol.md, the channel"));
    let content = Content::new(Some(RefOr::T(sealed.build().into())));
    let sealed = || [(CONTENT_TYPE.to_owned(), RefOr::T(content.clone()))];
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.extend(sealed());
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.content.extend(sealed());
        }
    }
}

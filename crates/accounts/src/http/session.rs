//! `GET /v1/session`, `POST /v1/sign-out`

use axum::{Json as JsonAnswer, extract::State};
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use wax_httpkit::{
    Json, PlatformContext, Problem, ProblemResponses,
    auth::{
        Authenticator as _, Cookies, Credential, DEVICE_COOKIE, SESSION_COOKIE, csrf_token,
        from_our_pages, is_bearer,
    },
};

use super::{answer::Cookied, caller::stranger, names};
use crate::{Accounts, service::Refusal};

/// Who is signed in, and what a page needs before it may ask for anything.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionView {
    signed_in: bool,
    /// To be sent along as `X-Waxseal-CSRF` with whatever changes something. Another one after signing in or out.
    csrf: String,
    #[schema(schema_with = names::sign_up_policy)]
    sign_up: &'static str,
    /// Whether passkeys sign in here. Older servers say nothing.
    passkeys: bool,
    /// Whether this server sells plans. Older servers say nothing.
    billing: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AccountView {
    id: String,
    name: String,
    #[schema(schema_with = names::language)]
    lang: String,
}

/// Tells who is signed in, and gives the browser its device cookie.
#[utoipa::path(
    get, path = "/v1/session", tag = "sign-in", extensions(("x-permission" = json!("nobody"))),
    responses((status = 200, body = SessionView), ProblemResponses)
)]
pub(super) async fn session(
    State(accounts): State<Accounts>,
    context: PlatformContext,
    headers: HeaderMap,
) -> Result<Cookied<JsonAnswer<SessionView>>, Problem> {
    from_our_pages(&Method::GET, &headers, &context.origin)?;
    let cookies = Cookies::new(&headers);
    let device = cookies.get(DEVICE_COOKIE).filter(|text| is_bearer(text)).map(ToOwned::to_owned);
    let device = device.unwrap_or_else(|| accounts.new_device().expose().to_owned());
    let shown = cookies.get(SESSION_COOKIE);
    let bearer = match Credential::read(&Method::GET, &headers, &context.origin)? {
        Credential::Browser(token) => accounts.session(token, &context).await?,
        _ => None,
    };
    let sign_up = accounts.sign_up_policy().await.map_err(Refusal::from)?.as_str();
    let view = SessionView {
        signed_in: bearer.is_some(),
        csrf: csrf_token(&device, shown.filter(|_| bearer.is_some())),
        sign_up,
        passkeys: true,
        billing: accounts.sells(),
        account: bearer.as_ref().map(|bearer| AccountView {
            id: bearer.session.account.to_string(),
            name: bearer.name.clone(),
            lang: bearer.lang.clone(),
        }),
    };
    let answer = Cookied::new(JsonAnswer(view)).device(&device);
    // A session that has ended is taken away, so that the token above is the one of what the browser has.
    let is_over = shown.is_some() && bearer.is_none();
    Ok(if is_over { answer.no_session() } else { answer })
}

/// Nothing is asked.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoQuestion {}

/// Ends the session, if there is one.
#[utoipa::path(
    post, path = "/v1/sign-out", tag = "sign-in", extensions(("x-permission" = json!("nobody"))),
    request_body = NoQuestion, responses((status = 204), ProblemResponses)
)]
pub(super) async fn sign_out(
    State(accounts): State<Accounts>,
    context: PlatformContext,
    headers: HeaderMap,
    Json(NoQuestion {}): Json<NoQuestion>,
) -> Result<Cookied<StatusCode>, Problem> {
    match Credential::read(&Method::POST, &headers, &context.origin)? {
        Credential::Browser(token) | Credential::Cli(token) => {
            accounts.sign_out(token, &stranger(&context)).await?;
        }
        Credential::None | Credential::Key(_) => {}
    }
    Ok(Cookied::new(StatusCode::NO_CONTENT).no_session())
}

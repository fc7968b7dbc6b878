//! Answers that set cookies.

use std::time::Duration;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use wax_httpkit::auth::{DEVICE_COOKIE, SESSION_COOKIE, STEP_COOKIE, set_cookie, unset_cookie};

use crate::service::{BearerText, STEP};

/// As long as browsers keep a cookie (RFC 6265bis §5.5). When a session ends, its row says.
const KEPT: Duration = Duration::from_hours(400 * 24);

/// A body, and the cookies that go with it.
pub(super) struct Cookied<T> {
    body: T,
    cookies: Vec<HeaderValue>,
}

impl<T> Cookied<T> {
    pub(super) const fn new(body: T) -> Self {
        Self { body, cookies: Vec::new() }
    }

    /// Signs the browser in: the step, if there was one, is done.
    pub(super) fn session(self, token: &BearerText) -> Self {
        self.with(set_cookie(SESSION_COOKIE, token.expose(), KEPT.as_secs()))
            .with(unset_cookie(STEP_COOKIE))
    }

    pub(super) fn no_session(self) -> Self {
        self.with(unset_cookie(SESSION_COOKIE)).with(unset_cookie(STEP_COOKIE))
    }

    pub(super) fn step(self, token: &BearerText) -> Self {
        self.with(set_cookie(STEP_COOKIE, token.expose(), STEP.as_secs()))
    }

    pub(super) fn device(self, text: &str) -> Self {
        self.with(set_cookie(DEVICE_COOKIE, text, KEPT.as_secs()))
    }

    fn with(mut self, cookie: HeaderValue) -> Self {
        self.cookies.push(cookie);
        self
    }
}

impl<T: IntoResponse> IntoResponse for Cookied<T> {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        for cookie in self.cookies {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// An answer that says nothing: `{}`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Nothing {}

/// It is being seen to: 202 and nothing else, whatever comes of it.
pub(super) fn accepted() -> (StatusCode, Json<Nothing>) {
    (StatusCode::ACCEPTED, Json(Nothing {}))
}

//! Errors as callers read them.

use std::{error::Error, num::NonZeroU64, time::Duration};

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Map, Value};
use wax_kernel::ErrorKind;
use wax_model::{Denied, Invalid, Meter, Rule};

use crate::Code;

/// How long a caller waits for a part that failed.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// An answer that is an error: a code and what the caller needs to know to mend it. Holds nothing a stranger may not
/// read, and no words: those are chosen by [`crate::localize`], in the caller's language.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub(crate) code: Code,
    pub(crate) members: Map<String, Value>,
    pub(crate) rule: Option<Rule>,
    pub(crate) case: Option<&'static str>,
    pub(crate) reason: Option<Box<str>>,
    pub(crate) retry_after_s: Option<NonZeroU64>,
}

impl Problem {
    /// A problem that the code alone explains.
    pub fn new(code: Code) -> Self {
        let members = Map::new();
        Self { code, members, rule: None, case: None, reason: None, retry_after_s: None }
    }

    /// A body larger than `limit` bytes.
    pub fn too_large(limit: usize) -> Self {
        Self::new(Code::TooLarge).with("limit_bytes", limit)
    }

    /// A body that did not arrive within `limit`.
    pub fn timeout(limit: Duration) -> Self {
        Self::new(Code::Timeout).with("seconds", limit.as_secs())
    }

    /// A part that failed. Logged here, once; the caller learns only whether trying again can help.
    pub fn of_failure(kind: ErrorKind, error: &(dyn Error + 'static)) -> Self {
        let cause = error.source().map(ToString::to_string);
        if kind == ErrorKind::Upstream {
            tracing::warn!(%error, cause, "a part is not available");
            return Self::new(Code::Unavailable).retry_after(TRY_AGAIN);
        }
        tracing::error!(%error, cause, "a request failed");
        Self::new(Code::Internal)
    }

    /// Work that was perhaps done: "unavailable" would say that nothing was changed.
    pub fn of_unknown_outcome(error: &(dyn Error + 'static)) -> Self {
        let cause = error.source().map(ToString::to_string);
        tracing::warn!(%error, cause, "nobody knows whether it was done");
        Self::new(Code::NoAnswer)
    }

    /// Adds a member to the document.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Says which case of its code it is, where people need other words for it: those of `problems.<code>.<case>`. Programs
    /// match the code as ever.
    #[must_use]
    pub fn in_case(mut self, case: &'static str) -> Self {
        self.case = Some(case);
        self
    }

    /// Words of the catalogue that say why, for `{reason}` in the words of the problem.
    #[must_use]
    pub fn because(mut self, key: impl Into<Box<str>>) -> Self {
        self.reason = Some(key.into());
        self
    }

    /// Says when to try again: the `Retry-After` header, in whole seconds, rounded up, at least 1.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let seconds = u64::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX);
        self.retry_after_s = Some(NonZeroU64::new(seconds).unwrap_or(NonZeroU64::MIN));
        self
    }

    /// The code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The status.
    pub const fn status(&self) -> StatusCode {
        self.code.status()
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        let (min, max) = invalid.rule.bounds();
        let mut problem =
            Self::new(Code::Invalid).with("field", invalid.field).with("rule", invalid.rule.code());
        problem.rule = Some(invalid.rule);
        for (name, bound) in [("min", min), ("max", max)] {
            if let Some(bound) = bound {
                problem = problem.with(name, bound);
            }
        }
        problem
    }
}

/// For members and keys, who are told why. Strangers are told [`Code::OrganizationLimited`] and no more.
impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let counted = |case, meter: Meter, max: u64| {
            let limit = Self::new(Code::PlanLimit).in_case(case);
            limit.with("meter", meter.as_str()).with("max", max)
        };
        match denied {
            Denied::Limited => Self::new(Code::OrganizationLimited).in_case("member"),
            Denied::Beyond { meter, max } => counted(meter.as_str(), meter, max),
            Denied::Frozen { meter, max } => {
                let case = match meter {
                    Meter::Domains => "frozen-domain",
                    Meter::Members => "frozen-member",
                    Meter::Secrets | Meter::Keys => "frozen-key",
                };
                counted(case, meter, max)
            }
        }
    }
}

impl IntoResponse for Problem {
    /// Leaves the problem itself for [`crate::localize`], which knows the caller's language.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

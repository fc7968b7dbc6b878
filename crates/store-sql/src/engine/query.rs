//! A registered statement and its values, before it meets an engine.

use std::fmt::Display;

use sqlx::{Database, Encode, SqlSafeStr, Type, query::Query as Bound};
use wax_kernel::{
    AccountId, ApiKeyId, CertificateId, ClaimId, ContextKeyId, DomainId, EventId, HostPattern,
    Hostname, InvitationId, PasskeyId, ReceiptId, SecretId, SessionId, TenantId, Timestamp,
};
use wax_model::{Actor, PlanId};

use crate::statements::Statement;

/// A value in one of the column types that both engines have.
pub(crate) enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
    Bytes(Option<Vec<u8>>),
}

/// A statement with its values, in the order of their `$1`, `$2`, …
pub(crate) struct Query {
    pub(super) statement: Statement,
    pub(super) values: Vec<Value>,
}

/// Starts a query.
pub(crate) const fn sql(statement: Statement) -> Query {
    Query { statement, values: Vec::new() }
}

impl Query {
    /// Gives the next value.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Gives the next two values, for `(moment, id) > ($n, $m)`: where the last page ended, or the beginning.
    pub(crate) fn after(self, cursor: Option<(Timestamp, impl Into<Value>)>) -> Self {
        match cursor {
            Some((at, id)) => self.bind(at).bind(id),
            None => self.bind(i64::MIN).bind(""),
        }
    }

    /// As [`Self::after`] for a list that runs back, `(moment, id) < ($n, $m)`.
    pub(crate) fn before(self, cursor: Option<(Timestamp, impl Into<Value>)>) -> Self {
        match cursor {
            Some((at, id)) => self.bind(at).bind(id),
            // After every id in byte order.
            None => self.bind(i64::MAX).bind("~"),
        }
    }
}

/// Hands the values to the driver of one engine.
pub(super) fn bound<DB: Database>(
    text: impl SqlSafeStr,
    values: Vec<Value>,
) -> Bound<'static, DB, DB::Arguments>
where
    Option<String>: for<'q> Encode<'q, DB> + Type<DB>,
    Option<i64>: for<'q> Encode<'q, DB> + Type<DB>,
    Option<Vec<u8>>: for<'q> Encode<'q, DB> + Type<DB>,
{
    values.into_iter().fold(sqlx::query(text), |query, value| match value {
        Value::Text(text) => query.bind(text),
        Value::Integer(integer) => query.bind(integer),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

/// A list as a JSON array, for `listed!`.
impl From<&[DomainId]> for Value {
    fn from(ids: &[DomainId]) -> Self {
        let texts: Vec<_> = ids.iter().map(ToString::to_string).collect();
        Self::Text(Some(serde_json::json!(texts).to_string()))
    }
}

impl From<&[PlanId]> for Value {
    fn from(ids: &[PlanId]) -> Self {
        let texts: Vec<_> = ids.iter().map(PlanId::as_str).collect();
        Self::Text(Some(serde_json::json!(texts).to_string()))
    }
}

fn text(value: impl Display) -> Value {
    Value::Text(Some(value.to_string()))
}

macro_rules! values {
    ($($from:ty => |$value:ident| $into:expr;)+) => { $(
        impl From<$from> for Value {
            fn from($value: $from) -> Self { $into }
        }
    )+ };
}

values! {
    &str => |value| text(value);
    Option<&str> => |value| Self::Text(value.map(str::to_owned));
    AccountId => |id| text(id);
    Option<AccountId> => |id| Self::Text(id.map(|id| id.to_string()));
    ApiKeyId => |id| text(id);
    InvitationId => |id| text(id);
    PasskeyId => |id| text(id);
    SessionId => |id| text(id);
    Option<SessionId> => |id| Self::Text(id.map(|id| id.to_string()));
    Actor => |actor| text(actor);
    Option<Actor> => |actor| Self::Text(actor.map(|actor| actor.to_string()));
    Option<DomainId> => |id| Self::Text(id.map(|id| id.to_string()));
    SecretId => |id| text(id);
    ReceiptId => |id| text(id);
    CertificateId => |id| text(id);
    ClaimId => |id| text(id);
    ContextKeyId => |id| text(id);
    DomainId => |id| text(id);
    EventId => |id| text(id);
    TenantId => |id| text(id);
    Option<TenantId> => |id| Self::Text(id.map(|id| id.to_string()));
    &Hostname => |host| text(host);
    &HostPattern => |host| text(host);
    i64 => |value| Self::Integer(Some(value));
    Option<i64> => |value| Self::Integer(value);
    u32 => |value| Self::Integer(Some(value.into()));
    Option<u32> => |value| Self::Integer(value.map(i64::from));
    Timestamp => |at| Self::Integer(Some(at.as_ms()));
    Option<Timestamp> => |at| Self::Integer(at.map(Timestamp::as_ms));
    &[u8] => |bytes| Self::Bytes(Some(bytes.to_vec()));
    &[u8; 32] => |bytes| Self::Bytes(Some(bytes.to_vec()));
    Option<&[u8]> => |bytes| Self::Bytes(bytes.map(<[u8]>::to_vec));
}

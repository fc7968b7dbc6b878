//! Shapes that several answers share.

use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::schema::{Object, ObjectBuilder, Type},
};
use wax_kernel::Timestamp;
use wax_model::{Claim, ClaimState, DeviceKind, Kind, Sealed, SecretState, Tries};

use crate::service::By;

/// The schema of a text that is one of an enum's names: the document lists them from the model.
macro_rules! names {
    ($($function:ident: $name:ident;)+) => { $(
        pub(super) fn $function() -> Object {
            let names = $name::ALL.iter().map(|value| value.as_str());
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
        }
    )+ };
}

names! {
    claim_states: ClaimState;
    device_kinds: DeviceKind;
    kinds: Kind;
    sealed: Sealed;
}

/// As what somebody may have sent a secret.
pub(super) fn senders() -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(By::NAMES)).build()
}

/// The states that this version answers; `restored` is reserved (protocol.md §8).
pub(super) fn states() -> Object {
    let answered = SecretState::ALL.iter().filter(|state| **state != SecretState::Restored);
    let names = answered.map(|state| state.as_str());
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

/// A claim's state, where a schema needs a name because the value may be missing.
pub(super) struct ClaimStateName;

impl utoipa::PartialSchema for ClaimStateName {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        claim_states().into()
    }
}

impl ToSchema for ClaimStateName {}

/// Wrong tries of the claim key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct TriesView {
    /// Wrong tries so far.
    wrong: u32,
    /// Wrong tries until it locks.
    left: u32,
    /// Until when tries are held back, UTC milliseconds.
    #[schema(required)]
    next_at_ms: Option<i64>,
}

impl From<Tries> for TriesView {
    fn from(tries: Tries) -> Self {
        Self {
            wrong: tries.wrong,
            left: tries.left,
            next_at_ms: tries.next_at.map(Timestamp::as_ms),
        }
    }
}

/// One opening, as a holder of the link is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct OpeningView {
    /// When the view was taken, UTC milliseconds.
    at_ms: i64,
    /// What opened it.
    #[schema(schema_with = device_kinds)]
    device: &'static str,
    /// Whether it was confirmed.
    #[schema(schema_with = claim_states)]
    state: &'static str,
}

impl From<&Claim> for OpeningView {
    fn from(claim: &Claim) -> Self {
        Self {
            at_ms: claim.created_at.as_ms(),
            device: claim.device.as_str(),
            state: claim.state.as_str(),
        }
    }
}

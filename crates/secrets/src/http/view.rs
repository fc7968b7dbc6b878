//! Shapes that several answers share.

use serde::Serialize;
use utoipa::ToSchema;
use wax_kernel::Timestamp;
use wax_model::{Claim, Tries};

/// Wrong tries of the claim key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct TriesView {
    /// Wrong tries so far.
    wrong: u32,
    /// Wrong tries until it locks.
    left: u32,
    /// Until when tries are held back, UTC milliseconds.
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
    /// `phone`, `tablet`, `computer`, `cli` or `unknown`.
    device: &'static str,
    /// `open`, `acked` or `lapsed`.
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

//! What a tenant may do.

use std::time::Duration;

use crate::{Kind, text_enum::text_enum};

text_enum! {
    /// What a tenant pays for.
    Plan {
        /// Everything the software can do: the only plan of a server that somebody runs for themselves.
        SelfHosted = "self-hosted",
    }
}

/// The limits that follow from a plan. Rules ask these, never the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entitlements {
    /// Kinds of secrets that may be made.
    pub kinds: &'static [Kind],
    /// Most views of one secret.
    pub max_views: u32,
    /// Shortest lifetime.
    pub min_lifetime: Duration,
    /// Longest lifetime.
    pub max_lifetime: Duration,
    /// Largest sealed content, in bytes.
    pub max_content_bytes: usize,
}

impl Entitlements {
    /// The protocol's own limits.
    pub const SELF_HOSTED: Self = Self {
        kinds: Kind::ALL,
        max_views: 1_000,
        min_lifetime: Duration::from_secs(60),
        max_lifetime: Duration::from_secs(365 * 86_400),
        max_content_bytes: crate::MAX_CONTENT_BYTES,
    };
}

impl Plan {
    /// The limits of this plan.
    pub const fn entitlements(self) -> Entitlements {
        match self {
            Self::SelfHosted => Entitlements::SELF_HOSTED,
        }
    }
}

//! Values that open something for whoever shows them.

use wax_httpkit::auth::{BearerHash, CLI_PREFIX, bearer_hash};
use wax_kernel::{Redacted, Rng, base64url_encode};

/// A bearer value's text. Never printed; the database has its hash.
#[derive(Debug, Clone)]
pub(crate) struct BearerText(Redacted<String>);

impl BearerText {
    /// 32 new random bytes, in base64url.
    pub(crate) fn random(rng: &dyn Rng) -> Self {
        Self(Redacted::new(base64url_encode(rng.bytes::<32>())))
    }

    /// The same for a command line, which says what it is.
    pub(super) fn random_cli(rng: &dyn Rng) -> Self {
        Self(Redacted::new(format!("{CLI_PREFIX}{}", base64url_encode(rng.bytes::<32>()))))
    }

    /// The text. Every call is a place where it could leak.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What it is kept and found under.
    pub(crate) fn hash(&self) -> BearerHash {
        bearer_hash(self.expose())
    }
}

//! Ceremonies of Web Authentication (W3C, Level 3 §7): a question to a browser's authenticator, and its one answer. The library
//! is called here and in the two files that end ceremonies, and nowhere else.

use std::time::Duration;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use wax_crypto::Origin;
use wax_httpkit::auth::{bearer_hash, is_bearer};
use wax_kernel::SessionId;
use wax_model::TokenPurpose;
use wax_store::TokenHash;
use webauthn_rs::prelude::{Url, Webauthn, WebauthnBuilder};

use super::{Accounts, BearerText, Refusal, totp::ISSUER};

/// How long an answer is waited for. Browsers are told, and may give up sooner.
const LIFE: Duration = Duration::from_secs(300);

/// A question, and the name under which its answer is to come back.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) ceremony: BearerText,
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON` (Level 3 §5.1.8, §5.1.9).
    pub(crate) options: Value,
}

/// Who began a ceremony, and alone may end it: what authenticators sign for one browser is worth nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Beginner {
    /// A browser in which nobody is signed in.
    Device(TokenHash),
    /// Somebody who is.
    Session(SessionId),
}

/// What is remembered of a ceremony, sealed in its row.
#[derive(Serialize, Deserialize)]
struct Remembered<State> {
    by: Beginner,
    state: State,
}

/// The platform as authenticators know it: its host, and of its origins none but this one (Level 3 §13.4.9).
pub(super) fn relying_party(origin: &Origin) -> Webauthn {
    let url = Url::parse(&origin.to_string()).expect("an origin is a URL");
    let builder = WebauthnBuilder::new(origin.host().as_str(), &url);
    let party = builder.and_then(|builder| builder.rp_name(ISSUER).timeout(LIFE).build());
    party.expect("an origin's host is its own effective domain, and never an address")
}

impl Accounts {
    /// Writes down what the answer will be compared with. `subject`: see [`wax_store::NewToken::subject`].
    pub(super) async fn ask(
        &self,
        purpose: TokenPurpose,
        subject: String,
        by: Beginner,
        (options, state): (impl Serialize, impl Serialize),
    ) -> Result<Asked, Refusal> {
        let options = serde_json::to_value(options).expect("options have only text keys");
        let (ceremony, token) = self.new_token(purpose, subject, LIFE, &Remembered { by, state });
        let now = self.now();
        let work = self.store().write_platform(move |unit| {
            let token = token.clone();
            Box::pin(async move { unit.tokens().insert(&token, now).await })
        });
        work.await?;
        Ok(Asked { ceremony, options })
    }

    /// Takes a ceremony in a transaction of its own, before the answer is judged: a challenge is for one answer, right or
    /// wrong.
    ///
    /// # Errors
    /// [`Refusal::NotAvailable`] if there is none, or another browser began it.
    pub(super) async fn taken<State: DeserializeOwned>(
        &self,
        ceremony: &str,
        purpose: TokenPurpose,
        by: Beginner,
    ) -> Result<State, Refusal> {
        if !is_bearer(ceremony) {
            return Err(Refusal::NotAvailable);
        }
        let (hash, now) = (bearer_hash(ceremony), self.now());
        let work = self.store().write_platform(move |unit| {
            Box::pin(async move { unit.tokens().take(hash, purpose, now).await })
        });
        let token = work.await?.ok_or(Refusal::NotAvailable)?;
        let remembered: Remembered<State> = self.opened(&hash, &token)?;
        if remembered.by == by { Ok(remembered.state) } else { Err(Refusal::NotAvailable) }
    }
}

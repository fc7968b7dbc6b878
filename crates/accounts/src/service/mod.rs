//! The rules of accounts. No HTTP, no SQL.

mod account;
mod acting;
mod address;
mod api_keys;
mod audit_trail;
mod authenticator;
mod bearer;
mod ceremonies;
mod deletion;
mod device_login;
mod events;
mod export;
mod founding;
mod hasher;
mod invitations;
mod jobs;
mod letters;
mod link;
mod members;
mod networks;
mod notices;
mod once;
mod operator;
mod organizations;
mod passkey_proofs;
mod passkeys;
mod password;
mod passwords;
mod recovery_codes;
mod refusal;
mod reset;
mod second_factor;
mod sessions;
mod sign_in;
mod sign_up;
mod slug;
mod step_up;
mod switches;
mod tokens;
mod totp;
mod tries;
mod words;

use std::{fmt, sync::Arc, time::Duration};

use wax_crypto::{
    Origin,
    at_rest::{AddressKey, KeyStore},
};
use wax_httpkit::auth::BearerHash;
use wax_kernel::{Clock, Rng, Timestamp};
use wax_mail::Postbox;
use wax_model::{Plans, SignUpPolicy};
use wax_store::{AccountReads, Store};

use self::hasher::Hasher;
pub(crate) use self::{
    account::{AccountChange, Profile},
    acting::Acting,
    api_keys::{KeyChange, KeyNetwork, NewKey},
    bearer::BearerText,
    ceremonies::Asked,
    device_login::{INTERVAL as LOGIN_INTERVAL, LIFE as LOGIN_LIFE, Polled},
    invitations::{InvitationLook, Invite, InvitedSignUp},
    members::MemberChange,
    once::Once,
    organizations::{Renaming, Seen},
    refusal::Refusal,
    second_factor::Factor,
    sign_in::{Method, STEP, SignIn},
    sign_up::SignUp,
    slug::Slug,
    step_up::Proof,
    words::{Language, Name},
};
pub use self::{
    hasher::Argon2Cost,
    jobs::jobs,
    operator::{NoLink, OperatorLink},
};

/// What the service is made of.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub store: Arc<dyn Store>,
    /// The key ring, and the seed of the key for addresses.
    pub keys: Arc<dyn KeyStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub rng: Arc<dyn Rng>,
    /// What the operator has decided.
    pub settings: Settings,
}

/// What the operator has decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Who may sign up, until the operator switches it.
    pub sign_up: SignUpPolicy,
    /// How long a session lives without use.
    pub session_idle: Duration,
    /// How long a session lives.
    pub session_max: Duration,
    /// What a password costs.
    pub argon2: Argon2Cost,
    /// Threads that verify passwords, at least 1.
    pub argon2_threads: usize,
    /// What organizations may have.
    pub plans: Plans,
}

/// Who asks, as far as it is known before signing in.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// What the browser calls us: where links in mails lead.
    pub(crate) origin: Arc<Origin>,
    /// Where it is, as a network.
    pub(crate) network: String,
    /// "Firefox on Windows".
    pub(crate) device_name: String,
    /// The browser's own cookie. A command line has none.
    pub(crate) device: Option<BearerHash>,
    /// The session that its cookie names.
    pub(crate) session: Option<BearerHash>,
}

/// The accounts service. Clones are the same service.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    keys: Arc<dyn KeyStore>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    settings: Settings,
    postbox: Postbox,
    addresses: AddressKey,
    hasher: Hasher,
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

impl Accounts {
    /// Puts the service together and starts its threads.
    ///
    /// # Errors
    /// If the operating system gives no threads.
    pub fn new(parts: Parts) -> std::io::Result<Self> {
        let Parts { store, keys, clock, rng, settings } = parts;
        let postbox = Postbox::new(Arc::clone(&keys), Arc::clone(&clock), Arc::clone(&rng));
        let addresses = AddressKey::derive(keys.host_seed());
        let hasher = Hasher::start(settings.argon2, settings.argon2_threads, &*rng)?;
        let inner = Inner { store, keys, clock, rng, settings, postbox, addresses, hasher };
        Ok(Self(Arc::new(inner)))
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn rng(&self) -> &dyn Rng {
        &*self.0.rng
    }

    /// Whether there is anything to buy.
    pub(crate) fn sells(&self) -> bool {
        self.plans().are_sold()
    }

    fn plans(&self) -> &Plans {
        &self.0.settings.plans
    }

    fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    fn reads(&self) -> &dyn AccountReads {
        self.0.store.accounts()
    }
}

#[cfg(test)]
impl Accounts {
    /// Every place in the queue of passwords.
    pub(crate) fn every_password_place(&self) -> Vec<hasher::Place> {
        std::iter::from_fn(|| self.0.hasher.place().ok()).collect()
    }

    /// How often a password was hashed.
    pub(crate) fn hashes(&self) -> usize {
        self.0.hasher.hashes()
    }
}

//! Letting a command line in from a browser (RFC 8628).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wax_httpkit::auth::bearer_hash;
use wax_kernel::{AccountId, Redacted, Rng, Timestamp};
use wax_model::{Account, AccountAction, TokenPurpose};
use wax_store::{NewToken, TokenHash};

use super::{Accounts, BearerText, Caller, Name, Refusal};

/// How long a person has for it.
pub(crate) const LIFE: Duration = Duration::from_secs(600);
/// How often a command line may ask whether it is let in.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);

/// Consonants alone: no words, and nothing that looks like something else (RFC 8628 §6.1). 20⁸ codes, 34 bits.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const CODE_LETTERS: usize = 8;

/// A login that waits for a person, sealed in both its tokens.
#[derive(Clone, Serialize, Deserialize)]
struct Login {
    name: String,
    network: String,
    created_at: Timestamp,
    state: State,
}

#[derive(Clone, Serialize, Deserialize)]
enum State {
    Pending,
    Denied,
    Approved(AccountId),
}

/// The same login, found by the code that a person types.
#[derive(Clone, Serialize, Deserialize)]
struct LoginOfCode {
    login: TokenHash,
}

/// What a command line is told at the start.
#[derive(Debug)]
pub(crate) struct StartedLogin {
    pub(crate) device_code: BearerText,
    pub(crate) user_code: String,
}

/// What a person is told before they decide.
#[derive(Debug)]
pub(crate) struct DeviceLook {
    pub(crate) name: String,
    pub(crate) network: String,
    pub(crate) created_at: Timestamp,
}

/// What a command line is told when it asks.
pub(crate) enum Polled {
    /// Nobody has decided yet.
    Pending,
    /// Somebody has refused.
    Denied,
    /// It is let in with this token, once.
    Approved(BearerText, Account),
}

impl Accounts {
    /// Begins a login.
    pub(crate) async fn start_login(
        &self,
        caller: &Caller,
        name: Name,
    ) -> Result<StartedLogin, Refusal> {
        let now = self.now();
        let login = Login {
            name: name.into_string(),
            network: caller.network.clone(),
            created_at: now,
            state: State::Pending,
        };
        let (purpose, subject) = (TokenPurpose::DeviceLogin, String::new());
        let (device_code, token) = self.new_token(purpose, subject, LIFE, &login);
        let user_code = user_code(self.rng());
        let of_code = LoginOfCode { login: token.hash };
        let (purpose, subject) = (TokenPurpose::DeviceCode, String::new());
        let code = self.token_of(code_hash(&user_code), purpose, subject, LIFE, &of_code);
        let work = self.store().write_platform(move |unit| {
            let (code, token) = (code.clone(), token.clone());
            Box::pin(async move {
                let is_free = unit.tokens().insert(&code, now).await?;
                Ok(is_free && unit.tokens().insert(&token, now).await?)
            })
        });
        // Of 20⁸ codes this one is just now shown to somebody else: the next try draws another.
        if work.await? { Ok(StartedLogin { device_code, user_code }) } else { Err(Refusal::Busy) }
    }

    /// What the login with this code is.
    pub(crate) async fn look_at_login(&self, code: &str) -> Result<DeviceLook, Refusal> {
        let (_, Login { name, network, created_at, .. }) = self.login_of(code).await?;
        Ok(DeviceLook { name, network, created_at })
    }

    /// Decides about the login with this code, once.
    pub(crate) async fn decide_login(
        &self,
        account: AccountId,
        code: &str,
        approve: bool,
    ) -> Result<(), Refusal> {
        let (hash, mut login) = self.login_of(code).await?;
        login.state = if approve { State::Approved(account) } else { State::Denied };
        let (code, now) = (code_hash(code), self.now());
        let payload = self.sealed(&hash, &login);
        let work = self.store().write_platform(move |unit| {
            let payload = payload.clone();
            Box::pin(async move {
                let (tokens, purpose) = (unit.tokens(), TokenPurpose::DeviceLogin);
                if tokens.take(code, TokenPurpose::DeviceCode, now).await?.is_none() {
                    return Ok(false);
                }
                let Some(waiting) = tokens.take(hash, purpose, now).await? else {
                    return Ok(false);
                };
                // Under the account's name: what ends the account's sessions ends this one before it begins.
                let (subject, expires_at) = (account.to_string(), waiting.expires_at);
                let decided = NewToken { hash, purpose, subject, payload, expires_at };
                tokens.insert(&decided, now).await
            })
        });
        if work.await? { Ok(()) } else { Err(Refusal::NoSuchCode) }
    }

    async fn login_of(&self, code: &str) -> Result<(TokenHash, Login), Refusal> {
        let (hash, now) = (code_hash(code), self.now());
        let found = self.reads().token(hash, TokenPurpose::DeviceCode, now).await?;
        let LoginOfCode { login } = self.opened(&hash, &found.ok_or(Refusal::NoSuchCode)?)?;
        let found = self.reads().token(login, TokenPurpose::DeviceLogin, now).await?;
        Ok((login, self.opened(&login, &found.ok_or(Refusal::NoSuchCode)?)?))
    }

    /// Tells a command line whether it is let in; if it is, this once.
    pub(crate) async fn poll_login(
        &self,
        caller: &Caller,
        device_code: &Redacted<String>,
    ) -> Result<Polled, Refusal> {
        let purpose = TokenPurpose::DeviceLogin;
        let standing = self.standing::<Login>(device_code.expose(), purpose).await;
        let (hash, login) = standing.map_err(no_such_code)?;
        let id = match login.state {
            State::Pending => return Ok(Polled::Pending),
            State::Denied => {
                return if self.take_login(hash).await? {
                    Ok(Polled::Denied)
                } else {
                    Err(Refusal::NoSuchCode)
                };
            }
            State::Approved(id) => id,
        };
        let account = self.reads().account(id).await?.ok_or(Refusal::NoSuchCode)?;
        let caller =
            Caller { device_name: login.name, device: None, session: None, ..caller.clone() };
        let session = self.new_session(&account, &caller, AccountAction::SignedInCli).await?;
        let (text, now) = (session.text.clone(), self.now());
        let work = self.store().write_platform(move |unit| {
            let session = session.clone();
            Box::pin(async move {
                let stands = unit.accounts().lock(id).await?.is_some();
                let taken = unit.tokens().take(hash, purpose, now).await?.is_some();
                if stands && taken {
                    session.write(unit, now).await?;
                }
                Ok(stands && taken)
            })
        });
        if work.await? { Ok(Polled::Approved(text, account)) } else { Err(Refusal::NoSuchCode) }
    }

    async fn take_login(&self, hash: TokenHash) -> Result<bool, Refusal> {
        let now = self.now();
        let work = self.store().write_platform(move |unit| {
            Box::pin(async move {
                let taken = unit.tokens().take(hash, TokenPurpose::DeviceLogin, now).await?;
                Ok(taken.is_some())
            })
        });
        Ok(work.await?)
    }
}

/// Says it of a code what is said of links otherwise.
fn no_such_code(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::NotAvailable => Refusal::NoSuchCode,
        other => other,
    }
}

fn user_code(rng: &dyn Rng) -> String {
    let mut letters = String::new();
    while letters.len() < CODE_LETTERS {
        // Bytes that would make some letters likelier than others are drawn again.
        let [byte] = rng.bytes::<1>();
        if byte < 240 {
            letters.push(char::from(LETTERS[usize::from(byte % 20)]));
        }
    }
    format!("{}-{}", &letters[..4], &letters[4..])
}

/// However it was typed.
fn code_hash(code: &str) -> TokenHash {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    bearer_hash(&letters.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use wax_kernel::SeededRng;

    use super::*;

    #[test]
    fn a_code_is_found_however_it_is_typed() {
        let code = user_code(&SeededRng::new(1));
        assert_eq!((code.len(), code.find('-')), (9, Some(4)));
        let typed = code.replace('-', " ").to_lowercase();
        assert_eq!(code_hash(&code), code_hash(&typed));
        assert_ne!(code_hash(&code), code_hash("BBBB-BBBB"));
    }
}

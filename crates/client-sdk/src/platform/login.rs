//! Being let in from a browser (RFC 8628, as docs/accounts.md §5 and §7 have it).

use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use wax_kernel::{AccountId, EmailAddress, Redacted};

use super::{Platform, SessionToken};
use crate::{Code, Error};

/// How often to ask if the server does not say (RFC 8628 §3.2).
const USUAL_INTERVAL: Duration = Duration::from_secs(5);
/// No server is asked more often, whatever it says.
const LEAST_INTERVAL: Duration = Duration::from_secs(1);
/// How much longer to wait after being told to slow down (RFC 8628 §3.5).
const SLOWER: Duration = Duration::from_secs(5);

/// A login that waits for a person.
#[derive(Debug, Deserialize)]
pub struct DeviceLogin {
    device_code: Redacted<String>,
    /// What the person types, or compares: `WDJB-MJHT`.
    pub user_code: String,
    /// Where. On the platform's own host.
    pub verification_uri: String,
    /// For so many seconds.
    pub expires_in: u64,
    interval: Option<u64>,
}

/// Who is let in.
#[derive(Debug)]
pub struct LetIn {
    /// What is shown from now on. It was told this once.
    pub token: SessionToken,
    /// Names the account.
    pub account: AccountId,
    /// How the person signs in.
    pub email: EmailAddress,
}

/// How a login ends.
#[derive(Debug)]
pub enum LoginEnd {
    /// The person has let this machine in.
    Approved(Box<LetIn>),
    /// The person has refused.
    Denied,
    /// Nobody has decided in time, or the answer was lost on its way.
    Expired,
}

impl DeviceLogin {
    /// The address with the code in it (RFC 8628 §3.3.1), for a browser on this machine.
    pub fn complete_uri(&self) -> String {
        format!("{}?code={}", self.verification_uri, self.user_code)
    }
}

#[derive(Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
enum Answer {
    Pending,
    Denied,
    Approved { token: Redacted<String>, account: AccountAnswer },
}

#[derive(Deserialize)]
struct AccountAnswer {
    id: AccountId,
    email: EmailAddress,
}

impl Platform {
    /// Begins a login. `name` is what the person will recognise this machine by, 1 to 80 characters.
    pub async fn begin_login(&self, name: &str) -> Result<DeviceLogin, Error> {
        let body = json!({"name": name});
        let login: DeviceLogin = self.repeat(Method::POST, "/v1/device/start", &body).await?;
        // It is printed, and opened in a browser.
        let own = login.verification_uri.strip_prefix(&format!("{}/", self.origin));
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if own.is_some_and(plain) && plain(&login.user_code) {
            Ok(login)
        } else {
            Err(Error::Answer("a login at an address that is not the platform's"))
        }
    }

    /// Asks until the person has decided, as often as the server wants to be asked. `pause` waits.
    pub async fn await_login(
        &self,
        login: &DeviceLogin,
        pause: impl AsyncFn(Duration),
    ) -> Result<LoginEnd, Error> {
        let mut pace = Pace::of(login);
        loop {
            let Some(wait) = pace.wait() else { return Ok(LoginEnd::Expired) };
            pause(wait).await;
            match self.poll(login).await {
                Ok(Answer::Pending) => {}
                Ok(Answer::Denied) => return Ok(LoginEnd::Denied),
                Ok(Answer::Approved { token, account }) => return let_in(&token, account),
                Err(error) if error.code() == Some(Code::NotAvailable) => {
                    return Ok(LoginEnd::Expired);
                }
                Err(error) if error.may_be_lost() => {
                    if !pace.slow_down(error.retry_after()) {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn poll(&self, login: &DeviceLogin) -> Result<Answer, Error> {
        self.post("/v1/device/poll", &json!({"device_code": login.device_code})).await
    }
}

fn let_in(token: &Redacted<String>, account: AccountAnswer) -> Result<LoginEnd, Error> {
    let token = SessionToken::parse(token.expose());
    let token = token.ok_or(Error::Answer("a token that is none"))?;
    let AccountAnswer { id: account, email } = account;
    Ok(LoginEnd::Approved(Box::new(LetIn { token, account, email })))
}

/// When to ask next.
#[derive(Debug)]
struct Pace {
    interval: Duration,
    /// Beyond the interval, once.
    extra: Duration,
    left: Duration,
}

impl Pace {
    fn of(login: &DeviceLogin) -> Self {
        let interval = login.interval.map_or(USUAL_INTERVAL, Duration::from_secs);
        let left = Duration::from_secs(login.expires_in);
        Self { interval: interval.max(LEAST_INTERVAL), extra: Duration::ZERO, left }
    }

    /// How long to wait before the next question; `None`: the login has ended by then.
    fn wait(&mut self) -> Option<Duration> {
        let wait = self.interval.max(std::mem::take(&mut self.extra));
        self.left = self.left.checked_sub(wait)?;
        Some(wait)
    }

    /// After a refusal to be asked so often, or a lost answer. `false`: nobody will answer in time.
    fn slow_down(&mut self, asked_for: Option<Duration>) -> bool {
        self.interval += SLOWER;
        self.extra = asked_for.unwrap_or_default();
        self.left >= self.interval.max(self.extra)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(interval: Option<u64>) -> Pace {
        let login = DeviceLogin {
            device_code: Redacted::new(String::new()),
            user_code: String::new(),
            verification_uri: String::new(),
            expires_in: 20,
            interval,
        };
        Pace::of(&login)
    }

    fn seconds(pace: &mut Pace) -> Option<u64> {
        pace.wait().map(|wait| wait.as_secs())
    }

    #[test]
    fn the_server_is_asked_as_often_as_it_says_until_the_code_ends() {
        let mut pace = pace(Some(6));
        assert_eq!([(); 4].map(|()| seconds(&mut pace)), [Some(6), Some(6), Some(6), None]);
    }

    #[test]
    fn it_is_never_asked_without_a_pause() {
        assert_eq!(seconds(&mut pace(Some(0))), Some(1));
        assert_eq!(seconds(&mut pace(None)), Some(5));
    }

    #[test]
    fn told_to_slow_down_it_does_for_good_and_waits_as_long_as_it_is_told() {
        let mut pace = pace(Some(1));
        assert!(pace.slow_down(Some(Duration::from_secs(9))));
        assert_eq!([(); 3].map(|()| seconds(&mut pace)), [Some(9), Some(6), None]);
        assert!(!pace.slow_down(None), "nobody would answer in time");
    }
}

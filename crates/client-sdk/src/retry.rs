//! When a request is sent again, and after how long.

use std::time::Duration;

use crate::Error;

/// How patiently lost answers are asked for again. Waits double from `first_wait` up to `longest_wait`.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// Requests in all, the first included.
    pub attempts: u32,
    /// Before the second request.
    pub first_wait: Duration,
    /// No wait is longer; a server that asks for more is not asked again.
    pub longest_wait: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_wait: Duration::from_millis(300),
            longest_wait: Duration::from_secs(5),
        }
    }
}

impl Retry {
    /// How long to wait after the `attempt`th request (from 1) failed with `error`; `None` to give up.
    pub(crate) fn wait(&self, attempt: u32, error: &Error) -> Option<Duration> {
        if attempt >= self.attempts || !error.may_be_lost() {
            return None;
        }
        let doubled =
            self.first_wait.saturating_mul(1 << (attempt - 1).min(16)).min(self.longest_wait);
        let wait = error.retry_after().unwrap_or(doubled);
        (wait <= self.longest_wait).then_some(wait)
    }

    /// Runs a request that changes nothing more when it is run again.
    pub(crate) async fn run<T>(
        &self,
        request: impl AsyncFn() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut attempt = 1;
        loop {
            match request().await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    let Some(wait) = self.wait(attempt, &error) else { return Err(error) };
                    tokio::time::sleep(wait).await;
                    attempt += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let lost = Error::Status(502);
        let retry = Retry::default();
        let waits: Vec<_> =
            (1..=4).map(|n| retry.wait(n, &lost).map(|wait| wait.as_millis())).collect();
        assert_eq!(waits, [Some(300), Some(600), Some(1200), None]);
    }

    #[test]
    fn an_answer_that_says_no_is_not_asked_for_again() {
        assert_eq!(Retry::default().wait(1, &Error::Status(404)), None);
        assert_eq!(Retry::default().wait(1, &Error::WrongPassphrase), None);
    }
}

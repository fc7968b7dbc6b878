//! Requests that are sent again because their answer was lost: what they ask for is done once.

use std::{future::Future, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wax_kernel::base64url_encode;
use wax_model::{Actor, TokenPurpose};
use wax_store::TokenHash;

use super::{Accounts, Refusal};

/// How long the first answer is remembered.
const REMEMBERED: Duration = Duration::from_hours(24);
/// How long a request that is being done keeps others off. Longer than any takes: an edge waits 25 seconds for an
/// answer, and a statement ends after 10. After it, whoever did the request has died, and it may be done by who sends it again.
const LEASE: Duration = Duration::from_secs(120);

/// One request, however often it is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Once {
    /// Of who asks, what for, and the key that the client drew.
    hash: TokenHash,
    /// Of the body.
    body: [u8; 32],
}

/// What is remembered of it, sealed in its row: an answer may hold the text of a key.
#[derive(Serialize, Deserialize)]
struct Remembered {
    body: [u8; 32],
    /// Nothing: it is being done, or whoever did it has died.
    answer: Option<Value>,
}

impl Accounts {
    /// A request of this caller. `what`: the operation, and what it is about.
    pub(crate) fn once_of(&self, key: &str, who: Actor, what: &str, body: &str) -> Once {
        Once {
            hash: self.mark("idempotency", &format!("{who} {what} {key}")),
            body: self.mark("idempotency body", body),
        }
    }

    /// Does it, unless it was done: then the first answer is the answer. What was refused may be tried again.
    ///
    /// # Errors
    /// [`Refusal::OtherRequest`]: it was sent with another body. [`Refusal::Busy`]: it is being done just now.
    pub(crate) async fn done_once<T: Serialize>(
        &self,
        once: Option<Once>,
        act: impl Future<Output = Result<T, Refusal>> + Send,
    ) -> Result<Value, Refusal> {
        let value = |answer: &T| serde_json::to_value(answer).expect("a view has only text keys");
        let Some(once) = once else { return act.await.map(|answer| value(&answer)) };
        if !self.reserve(once).await? {
            return self.first_answer(once).await;
        }
        match act.await {
            Ok(answer) => {
                let answer = value(&answer);
                self.remember(once, &answer).await?;
                Ok(answer)
            }
            Err(refusal) => {
                self.forget_request(once).await?;
                Err(refusal)
            }
        }
    }

    /// `false`: it was sent before.
    async fn reserve(&self, once: Once) -> Result<bool, Refusal> {
        let remembered = Remembered { body: once.body, answer: None };
        let (purpose, subject) = (TokenPurpose::Idempotency, subject(once));
        let token = self.token_of(once.hash, purpose, subject, LEASE, &remembered);
        let now = self.now();
        let work = self.store().write_platform(move |unit| {
            let token = token.clone();
            Box::pin(async move { unit.tokens().insert(&token, now).await })
        });
        Ok(work.await?)
    }

    async fn first_answer(&self, once: Once) -> Result<Value, Refusal> {
        let token = self.reads().token(once.hash, TokenPurpose::Idempotency, self.now()).await?;
        let remembered: Remembered = self.opened(&once.hash, &token.ok_or(Refusal::Busy)?)?;
        if remembered.body != once.body {
            return Err(Refusal::OtherRequest);
        }
        remembered.answer.ok_or(Refusal::Busy)
    }

    async fn remember(&self, once: Once, answer: &Value) -> Result<(), Refusal> {
        let remembered = Remembered { body: once.body, answer: Some(answer.clone()) };
        let (payload, now) = (self.sealed(&once.hash, &remembered), self.now());
        let until = now.plus(REMEMBERED);
        let work = self.store().write_platform(move |unit| {
            let payload = payload.clone();
            Box::pin(async move {
                let purpose = TokenPurpose::Idempotency;
                unit.tokens().keep(once.hash, purpose, &payload, now, until).await
            })
        });
        work.await?;
        Ok(())
    }

    async fn forget_request(&self, once: Once) -> Result<(), Refusal> {
        let work = self.store().write_platform(move |unit| {
            let subject = subject(once);
            Box::pin(async move { unit.tokens().revoke(TokenPurpose::Idempotency, &subject).await })
        });
        work.await?;
        Ok(())
    }
}

fn subject(once: Once) -> String {
    base64url_encode(once.hash)
}

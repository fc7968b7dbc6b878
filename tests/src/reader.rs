//! A reader: a device that wants one secret and keeps asking until it has a final word.

use std::time::Duration;

use wax_client_sdk::{Code, Delivery, Error, Session};
use wax_crypto::{
    AckPreimage, ClaimKey, ContentKey, Delivered, DeviceKey, Ikm, Link, OpenError, ReceiptLink,
    Token, unwrap_content_key,
};
use wax_kernel::{ClaimId, Redacted};
use wax_model::{ClaimState, Kind};

use crate::{
    history::{Answer, Ask, History, TextDigest, Who},
    plan::{Habit, Plan},
    run::Run,
};

/// One reader of one secret.
pub(crate) struct Reader<'a> {
    pub(crate) run: &'a Run,
    pub(crate) history: &'a History,
    pub(crate) plan: &'a Plan,
    pub(crate) link: &'a Link,
    pub(crate) receipt: &'a ReceiptLink,
    pub(crate) number: usize,
    pub(crate) device: DeviceKey,
    /// Where winners wait for each other.
    pub(crate) winners: &'a tokio::sync::Barrier,
}

/// What a reader that was given the text holds.
struct Held {
    claim: ClaimId,
    counter: i64,
    ack: AckPreimage,
    /// What a device stores of a bound secret.
    key: ContentKey,
}

/// How often a device opens again what is bound to it, unless it is burned: then until that.
const OPENINGS: u32 = 3;

impl Reader<'_> {
    /// Asks until there is a final word, or until the run has no more patience.
    pub(crate) async fn read(&self) {
        let habit = self.plan.readers[self.number];
        if habit == Habit::Guesser {
            return self.guess().await;
        }
        let before = self.run.kills();
        let Some(mut held) = Box::pin(self.take(habit)).await else { return };
        if habit == Habit::Interrupted && self.run.next_kill(before).await {
            let Some(again) = Box::pin(self.take(Habit::Plain)).await else { return };
            held = again;
        }
        if habit == Habit::Replayed {
            held.counter += 1;
            tokio::join!(self.heartbeat(&held), self.heartbeat(&held));
        }
        if self.plan.together {
            // Not for ever: of two winners one may have been cut off.
            let together = tokio::time::timeout(Duration::from_millis(300), self.winners.wait());
            drop(together.await);
        }
        let is_acked = self.acknowledge(&mut held).await;
        if is_acked && self.plan.kind == Kind::DeviceBound {
            Box::pin(self.come_back(&held.key, habit)).await;
        }
    }

    /// What is bound to this device opens as often as it likes: through kills, and until it is burned.
    async fn come_back(&self, key: &ContentKey, habit: Habit) {
        let mut openings = 0;
        while self.run.is_patient() && (self.plan.burned || openings < OPENINGS) {
            let before = self.run.kills();
            let answer = match habit {
                Habit::Replayed => tokio::join!(self.open_again(key), self.open_again(key)).0,
                _ => self.open_again(key).await,
            };
            match answer {
                Answer::Text(..) => openings += 1,
                Answer::Lost | Answer::CounterRefused => {}
                _ => return,
            }
            if habit == Habit::Interrupted {
                self.run.next_kill(before).await;
            }
            self.run.pause().await;
        }
    }

    async fn open_again(&self, key: &ContentKey) -> Answer {
        let (mut session, counter) = match self.start().await {
            Ok((session, _)) => match session.bound().map(|bound| bound.counter + 1) {
                Ok(counter) => (session, counter),
                // Whether it may be so, the judge knows.
                Err(_) => return self.note(Ask::Open(0), async { (Answer::NoClaim, ()) }).await.0,
            },
            Err(answer) => return answer,
        };
        let asked = async {
            let answer = match session.open(false).await {
                Err(error) => refused(&error),
                Ok(again) => match key.open_text(&self.link.id(), &again.header, &again.content) {
                    Err(error) => does_not_open(error),
                    Ok(text) => Answer::Text(TextDigest::of(text.expose()), counter),
                },
            };
            (answer, ())
        };
        self.note(Ask::Open(counter), asked).await.0
    }

    /// Gets the text: what this device has, else a view. `None`: somebody else was first, or the time is up.
    async fn take(&self, habit: Habit) -> Option<Held> {
        let right = Ikm::without_passphrase(self.link.token()).claim_key(&self.link.id());
        while self.run.is_patient() {
            let (answer, held) = match self.start().await {
                Err(answer) => (answer, None),
                Ok((session, None)) if habit == Habit::TwoTabs => {
                    let (one, two) =
                        tokio::join!(self.claim(session, &right), self.other_tab(&right));
                    if one.1.is_some() { one } else { two }
                }
                Ok((session, None)) => self.claim(session, &right).await,
                Ok((session, Some(_))) => self.recover(session).await,
            };
            match answer {
                Answer::Text(..) => return held,
                Answer::Gone | Answer::NotAvailable | Answer::Impossible(_) => return None,
                Answer::NoTry => self.run.unlock(self.history, self.receipt).await,
                _ => self.run.pause().await,
            }
        }
        None
    }

    async fn other_tab(&self, key: &ClaimKey) -> (Answer, Option<Held>) {
        match self.start().await {
            Ok((session, _)) => self.claim(session, key).await,
            Err(answer) => (answer, None),
        }
    }

    /// Peeks: where this device's claim stands, and a challenge to sign with.
    async fn start(&self) -> Result<(Session<'_>, Option<ClaimState>), Answer> {
        let asked = async {
            match Session::start(self.run.client(), self.link, &self.device).await {
                Ok((_, Some(ClaimState::Lapsed))) => (Answer::Gone, None),
                Ok(started) => (Answer::Done, Some(started)),
                Err(error) => (refused(&error), None),
            }
        };
        let (answer, started) = self.note(Ask::Peek, asked).await;
        started.ok_or(answer)
    }

    async fn claim(&self, mut session: Session<'_>, key: &ClaimKey) -> (Answer, Option<Held>) {
        let asked = async {
            let claiming = self.run.claiming();
            let (answer, held) = self.given(session.claim(key).await.map(Some));
            claiming.answered(answer != Answer::Lost);
            (answer, held)
        };
        self.note(Ask::Claim, asked).await
    }

    async fn recover(&self, mut session: Session<'_>) -> (Answer, Option<Held>) {
        let asked = async { self.given(session.recover().await) };
        self.note(Ask::Recover, asked).await
    }

    /// A wrong key, asked again until there is an answer.
    async fn guess(&self) {
        let wrong = Token::random(&wax_kernel::SystemRng);
        let wrong = Ikm::without_passphrase(&wrong).claim_key(&self.link.id());
        while self.run.is_patient() {
            if let Ok((mut session, _)) = self.start().await {
                let asked = async { self.given(session.claim(&wrong).await.map(Some)) };
                if self.note(Ask::Guess, asked).await.0 != Answer::Lost {
                    return;
                }
            }
            self.run.pause().await;
        }
    }

    async fn heartbeat(&self, held: &Held) {
        let Ok((mut session, _)) = self.start().await else { return };
        let asked = async { done(session.heartbeat(held.claim, held.counter).await.map(drop)) };
        self.note(Ask::Heartbeat(held.counter), asked).await;
    }

    /// Until it is answered, or refused because it was burned: whether it was taken. Sent again after it was taken, it
    /// gets the same answer.
    async fn acknowledge(&self, held: &mut Held) -> bool {
        while self.run.is_patient() {
            held.counter += 1;
            let mut session = match self.start().await {
                Ok((session, _)) => session,
                Err(Answer::Lost) => {
                    self.run.pause().await;
                    continue;
                }
                Err(_) => return false,
            };
            let asked =
                async { done(session.ack(held.claim, held.counter, &held.ack).await.map(drop)) };
            match self.note(Ask::Ack(held.counter), asked).await.0 {
                Answer::Lost | Answer::CounterRefused => self.run.pause().await,
                answer => return answer == Answer::Done,
            }
        }
        false
    }

    /// What a claim or a recovery brought.
    fn given(&self, delivery: Result<Option<Delivery>, Error>) -> (Answer, Option<Held>) {
        match delivery {
            Ok(None) => (Answer::NoClaim, None),
            Err(error) => (refused(&error), None),
            Ok(Some(delivery)) => match open(self.link, &delivery) {
                Err(error) => (does_not_open(error), None),
                Ok((text, key)) => {
                    let text = TextDigest::of(text.expose());
                    let Delivery { id: claim, counter, .. } = delivery;
                    let held = Held { claim, counter, ack: key.ack(&self.link.id()), key };
                    (Answer::Text(text, counter), Some(held))
                }
            },
        }
    }

    async fn note<T>(&self, ask: Ask, answer: impl Future<Output = (Answer, T)>) -> (Answer, T) {
        let noted = self.history.note(Who::Reader(self.number), ask, answer).await;
        if noted.0 != Answer::Lost {
            self.run.answered();
        }
        noted
    }
}

fn does_not_open(error: OpenError) -> Answer {
    Answer::Impossible(format!("what does not open: {error}"))
}

fn open(link: &Link, delivery: &Delivery) -> Result<(Redacted<String>, ContentKey), OpenError> {
    let delivered = Delivered {
        header: &delivery.header,
        policy: &delivery.policy,
        wrapped_key: &delivery.wrapped_key,
        content: &delivery.content,
    };
    let key = unwrap_content_key(&Ikm::without_passphrase(link.token()), &link.id(), &delivered)?;
    Ok((key.open_text(&link.id(), delivered.header, delivered.content)?, key))
}

fn done(outcome: Result<(), Error>) -> (Answer, ()) {
    (outcome.map_or_else(|error| refused(&error), |()| Answer::Done), ())
}

/// What an error says to a reader.
pub(crate) fn refused(error: &Error) -> Answer {
    match error {
        Error::Network(_) | Error::Status(502..=504) => Answer::Lost,
        Error::Problem(problem) => match problem.code {
            Code::NoAnswer | Code::Timeout | Code::Unavailable => Answer::Lost,
            Code::Gone => Answer::Gone,
            Code::WrongKey => {
                Answer::WrongKey(problem.tries.as_ref().map_or(0, |tries| tries.wrong))
            }
            Code::HeldBack | Code::Locked => Answer::NoTry,
            Code::NotAvailable => Answer::NotAvailable,
            Code::Invalid if problem.field.as_deref() == Some("counter") => Answer::CounterRefused,
            code => Answer::Impossible(format!("{code:?} ({})", problem.status)),
        },
        error => Answer::Impossible(error.to_string()),
    }
}

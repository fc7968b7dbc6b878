//! Takes mails from the outbox and sees them delivered.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use wax_kernel::{Clock, EventId, Job, JobError, Rng, Timestamp};
use wax_mail::{Accepted, Failure, Letter, Office, Postbox, Remedy, Transport};
use wax_model::{Action, AuditEvent, Brand, Mail, MailClass, Topic};
use wax_store::{GivenUp, Outbox, Store, StoreError, Suppression, SuppressionReason, TakenMessage};
use wax_telemetry::{Counter, Metrics};

/// How often the outbox is asked. Somebody is waiting for a link.
const EVERY: Duration = Duration::from_secs(1);
/// Letters that are handed over at once.
const AT_ONCE: u32 = 4;
/// How long a message is one worker's. Longer than any transport tries (`mail.timeout_s` is at most 120 s).
const LEASE: Duration = Duration::from_secs(300);
/// After the first failure, and the factor for each further one: 5 s, 15 s, 45 s, 2 min … each a quarter more or less,
/// so that what failed together does not come again together.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);
/// How long an address without a mailbox is left alone.
const SUPPRESSED_FOR: Duration = Duration::from_secs(90 * 86_400);

/// What the deliverer of mails is made of.
#[derive(Debug)]
pub struct MailParts {
    /// Where the outbox is.
    pub store: Arc<dyn Store>,
    /// Opens what is in it.
    pub postbox: Postbox,
    /// Writes letters.
    pub office: Office,
    /// Takes them.
    pub transport: Arc<dyn Transport>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub rng: Arc<dyn Rng>,
    /// Counts.
    pub metrics: Metrics,
}

/// Delivers what is due. Any number of workers may do so at once: each message is one worker's for a while. A letter is
/// sent twice only if a process dies between the mail server's answer and the deletion; both have one `Message-ID`.
pub fn mail_job(parts: MailParts) -> Job {
    let count = parts.metrics.counter(
        "waxseal_mails_total",
        "Mails by what became of them; deferred ones are tried again.",
        &["kind", "outcome"],
    );
    let deliverer = Arc::new(Deliverer { parts, count });
    Job::new("mail.deliver", EVERY, move || {
        let deliverer = Arc::clone(&deliverer);
        async move { deliverer.deliver().await }
    })
}

struct Deliverer {
    parts: MailParts,
    count: Counter,
}

/// What became of a message, as metrics call it.
#[derive(Clone, Copy)]
enum Outcome {
    Delivered,
    /// Will be tried again.
    Deferred,
    /// Refused for good.
    Refused,
    /// Refused for good, and so will be every other to this address.
    Bounced,
    /// Its time was over.
    Expired,
    /// Its recipient gets none, or wants none.
    Suppressed,
    /// Sealed by other keys, or a newer version's.
    Unreadable,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Deferred => "deferred",
            Self::Refused => "refused",
            Self::Bounced => "bounced",
            Self::Expired => "expired",
            Self::Suppressed => "suppressed",
            Self::Unreadable => "unreadable",
        }
    }
}

impl Deliverer {
    /// Takes and delivers until nothing is due.
    async fn deliver(&self) -> Result<(), JobError> {
        loop {
            let now = self.parts.clock.now();
            let taken = self.outbox().take(Topic::Mail, now, now.plus(LEASE), AT_ONCE).await?;
            if taken.is_empty() {
                return Ok(());
            }
            // Every one to its end, whatever becomes of its neighbours.
            let done = join_all(taken.iter().map(|taken| self.one(taken))).await;
            done.into_iter().collect::<Result<Vec<()>, _>>()?;
        }
    }

    fn outbox(&self) -> &dyn Outbox {
        self.parts.store.platform().outbox()
    }

    async fn one(&self, taken: &TakenMessage) -> Result<(), StoreError> {
        let now = self.parts.clock.now();
        let Ok(mail) = self.parts.postbox.open(&taken.message) else {
            return self.later(taken, "unreadable", Outcome::Unreadable, now).await;
        };
        let outcome = self.attempt(taken, &mail, now).await?;
        self.count.add(&[mail.kind.name(), outcome.as_str()], 1);
        Ok(())
    }

    async fn attempt(
        &self,
        taken: &TakenMessage,
        mail: &Mail,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        if now > taken.message.not_after {
            tracing::warn!(mail = %taken.message.id, kind = mail.kind.name(), "a mail was not delivered in time");
            return self.outbox().done(taken).await.map(|()| Outcome::Expired);
        }
        if self.is_withheld(mail, now).await? {
            return self.outbox().done(taken).await.map(|()| Outcome::Suppressed);
        }
        let brand = self.brand(taken, mail).await?;
        let stop = self.parts.postbox.unsubscribe_link(mail);
        let id = taken.message.id;
        let sent = match self.parts.office.write(id, mail, brand.as_ref(), stop, now) {
            Ok(letter) => self.send(&letter).await,
            Err(_) => Err(Failure::refused("address", "the address cannot stand in a letter")),
        };
        match sent {
            Ok(Accepted(_)) => self.outbox().done(taken).await.map(|()| Outcome::Delivered),
            Err(failure) => self.failed(taken, mail, &failure, now).await,
        }
    }

    async fn send(&self, letter: &Letter) -> Result<Accepted, Failure> {
        self.parts.transport.send(letter).await
    }

    async fn is_withheld(&self, mail: &Mail, now: Timestamp) -> Result<bool, StoreError> {
        let code = *self.parts.postbox.code(&mail.to).as_bytes();
        let suppressions = self.outbox().suppressions(code, now).await?;
        Ok(suppressions.iter().any(|suppression| match suppression.reason {
            SuppressionReason::Bounced => true,
            SuppressionReason::Unsubscribed => mail.kind.class() == MailClass::Notice,
        }))
    }

    /// The look of the tenant whose mail it is; the platform's own where the tenant has none any more.
    async fn brand(&self, taken: &TakenMessage, mail: &Mail) -> Result<Option<Brand>, StoreError> {
        match (taken.tenant, mail.domain) {
            (Some(tenant), Some(domain)) => self.outbox().brand(tenant, domain).await,
            _ => Ok(None),
        }
    }

    async fn failed(
        &self,
        taken: &TakenMessage,
        mail: &Mail,
        failure: &Failure,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let (id, kind, reason) = (taken.message.id, mail.kind.name(), &*failure.reason);
        if failure.remedy == Remedy::Later {
            let due_at = now.plus(self.pause(taken.attempts));
            if due_at > taken.message.not_after {
                tracing::warn!(mail = %id, kind, reason, attempts = taken.attempts, "a mail was given up: its time is over");
                return self.outbox().done(taken).await.map(|()| Outcome::Expired);
            }
            tracing::warn!(mail = %id, kind, reason, attempts = taken.attempts, "a mail was not taken and will be tried again");
            return self.outbox().postpone(taken, due_at).await.map(|_| Outcome::Deferred);
        }
        tracing::warn!(mail = %id, kind, reason, "a mail was refused for good");
        let suppress = failure.remedy == Remedy::Suppress;
        self.outbox().give_up(taken, &self.given_up(taken, mail, suppress, now)).await?;
        Ok(if suppress { Outcome::Bounced } else { Outcome::Refused })
    }

    fn given_up(
        &self,
        taken: &TakenMessage,
        mail: &Mail,
        suppress: bool,
        now: Timestamp,
    ) -> GivenUp {
        let suppression = Suppression {
            code: *self.parts.postbox.code(&mail.to).as_bytes(),
            reason: SuppressionReason::Bounced,
            since: now,
            ends_at: Some(now.plus(SUPPRESSED_FOR)),
        };
        GivenUp {
            event: AuditEvent {
                id: EventId::random(&*self.parts.rng),
                at: now,
                action: Action::MailBounced,
                actor: None,
                subject: taken.message.id.to_string(),
                network: None,
            },
            suppression: suppress.then_some(suppression),
        }
    }

    /// A message that cannot be judged waits for whoever can: another process with the key, or a newer version.
    async fn later(
        &self,
        taken: &TakenMessage,
        reason: &'static str,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tracing::error!(mail = %taken.message.id, reason, "a message of the outbox cannot be opened with these keys");
        self.count.add(&["unknown", outcome.as_str()], 1);
        if now > taken.message.not_after {
            return self.outbox().done(taken).await;
        }
        self.outbox().postpone(taken, now.plus(LONGEST_PAUSE)).await.map(|_| ())
    }

    /// Grows with the attempts, and differs by up to a quarter.
    fn pause(&self, attempts: u32) -> Duration {
        let [draw] = self.parts.rng.bytes();
        let factor = 3_u32.saturating_pow(attempts.saturating_sub(1));
        let pause = FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE);
        pause * 3 / 4 + pause / 2 * u32::from(draw) / 255
    }
}

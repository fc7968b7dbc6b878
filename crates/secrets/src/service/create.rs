//! Making a secret.

use wax_crypto::{
    AckHash, ClaimKey, Header, Kind as HeaderKind, PeekHash, ReceiptHash, at_rest::Day,
};
use wax_httpkit::Network;
use wax_kernel::{DomainId, ReceiptId, SecretId, Timestamp};
use wax_model::{
    Action, Actor, Denied, Invalid, Kind, MIN_CONTENT_BYTES, Meter, Month, Policy, RECEIPT_KEPT,
    Rule, Sealed, Secret, SecretState, TenantScope,
};
use wax_store::{NewSecret, StoreError, UnitOfWork};

use super::{
    Refusal, Secrets,
    rules::Admission,
    trail::Trail,
    vault::{Content, Delivery, Place},
};

/// What a sender sends.
#[derive(Debug)]
pub(crate) struct Create {
    pub(crate) peek_sha256: PeekHash,
    pub(crate) claim_key: ClaimKey,
    pub(crate) ack_sha256: AckHash,
    pub(crate) receipt_sha256: ReceiptHash,
    pub(crate) delivery: Delivery,
    /// SHA-256 of the request's body.
    pub(crate) body_sha256: [u8; 32],
}

/// What a sender gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Created {
    pub(crate) id: SecretId,
    pub(crate) rid: ReceiptId,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl From<&Secret> for Created {
    fn from(secret: &Secret) -> Self {
        let Secret { id, rid, created_at, expires_at, .. } = *secret;
        Self { id, rid, created_at, expires_at }
    }
}

/// Who makes a secret, and where.
#[derive(Debug, Clone)]
pub(crate) struct Maker {
    pub(crate) scope: TenantScope,
    pub(crate) domain: DomainId,
    /// `None`: a stranger.
    pub(crate) actor: Option<Actor>,
    pub(crate) network: Network,
}

/// A secret that fits some plan, ready to be written where its domain lets it.
#[derive(Clone)]
struct Prepared {
    new: NewSecret,
    admission: Admission,
    trail: Trail,
    /// Random: where it is counted.
    draw: u64,
}

impl Prepared {
    /// `false`: the id or the receipt's id is taken.
    async fn write(&self, uow: &mut dyn UnitOfWork) -> Result<Result<bool, Refusal>, StoreError> {
        let most = match self.admission.ask(uow).await? {
            Ok(limit) => limit.most(),
            Err(refusal) => return Ok(Err(refusal)),
        };
        if most.is_some() {
            uow.savepoint().await?;
        }
        if !uow.secrets().insert(&self.new).await? {
            return Ok(Ok(false));
        }
        self.trail.record(uow, [Action::SecretCreated]).await?;
        // Counted last, because others may wait for the count; and never without the secret, nor twice for one.
        if let Some(max) = most
            && !uow.usage().count_secret(Month::of(self.admission.now), max, self.draw).await?
        {
            uow.undo().await?;
            let denied = Denied::Beyond { meter: Meter::Secrets, max };
            return Ok(Err(self.admission.denied(denied)));
        }
        Ok(Ok(true))
    }
}

impl Secrets {
    /// Stores a sealed secret, once: the same body again gets the same answer.
    pub(crate) async fn create(&self, maker: &Maker, create: Create) -> Result<Created, Refusal> {
        let made = match self.prepare(maker, &create) {
            Ok(prepared) => self.write(maker, prepared).await,
            Err(refusal) => Err(refusal),
        };
        match made {
            Err(Refusal::Store(error)) if !matches!(error, StoreError::Unknown(_)) => {
                Err(error.into())
            }
            // What is refused now may have been allowed at the first time: a moment that the policy names comes nearer, a
            // domain's rules change. And the first time may be the one whose commit nobody could confirm.
            Err(refusal) => self.first_answer(maker, &create).await?.ok_or(refusal),
            Ok(created) => Ok(created),
        }
    }

    async fn write(&self, maker: &Maker, prepared: Prepared) -> Result<Created, Refusal> {
        let created = Created::from(&prepared.new.secret);
        let written = self.parts.store.write(&maker.scope, move |uow| {
            let prepared = prepared.clone();
            Box::pin(async move { prepared.write(uow).await })
        });
        if !written.await?? {
            return Err(Refusal::Conflict);
        }
        self.changed(&maker.scope, created.rid).await;
        Ok(created)
    }

    /// What stands in the store under this id, if it came from this body: the answer to a repetition of the first
    /// request, and to one whose commit nobody could confirm. `None`: nothing stands there.
    async fn first_answer(
        &self,
        maker: &Maker,
        create: &Create,
    ) -> Result<Option<Created>, Refusal> {
        let id = create.peek_sha256.secret_id();
        let secret = self.parts.store.read(maker.scope).secrets().find(id).await?;
        let Some(secret) = secret else { return Ok(None) };
        if secret.body_sha256 != create.body_sha256 {
            return Err(Refusal::Conflict);
        }
        Ok(Some(Created::from(&secret)))
    }

    fn prepare(&self, maker: &Maker, create: &Create) -> Result<Prepared, Refusal> {
        let now = self.parts.clock.now();
        // Whose plan counts is known in the transaction; this is what none allows.
        let plans = &self.parts.plans;
        let most = plans.most();
        let policy = Policy::parse(&create.delivery.content.policy)?;
        let expires_at = policy.check(&most, now)?;
        check_sealed(&policy, &create.delivery.content, most.max_content_bytes)?;
        let id = create.peek_sha256.secret_id();
        let day = Day::of(expires_at);
        let place = Place { tenant: maker.scope.tenant(), id, day };
        let sealed = self.vault.seal(place, &create.delivery, &create.claim_key)?;
        let secret = Secret {
            id,
            rid: create.receipt_sha256.receipt_id(),
            domain: maker.domain,
            created_by: maker.actor,
            state: SecretState::Ready,
            kind: policy.kind,
            sealed: policy.sealed,
            passphrase: policy.passphrase,
            peek_sha256: *create.peek_sha256.as_bytes(),
            ack_sha256: *create.ack_sha256.as_bytes(),
            receipt_sha256: *create.receipt_sha256.as_bytes(),
            body_sha256: create.body_sha256,
            views: policy.views,
            views_left: policy.views,
            open_claims: 0,
            wrong_tries: 0,
            next_try_at: Timestamp::from_ms(0),
            policy_version: 1,
            content_bytes: u32::try_from(create.delivery.content.content.len()).unwrap_or(u32::MAX),
            key_day: day.number(),
            created_at: now,
            expires_at,
            ended_at: None,
            kept_until: expires_at.plus(RECEIPT_KEPT),
        };
        let trail = self.trail(secret.rid, Some(&maker.network)).by(maker.actor);
        let new = NewSecret {
            secret,
            claim_mac: *sealed.claim_mac.as_bytes(),
            wrap: sealed.wrap,
            content: sealed.content,
        };
        let admission = Admission {
            domain: maker.domain,
            actor: maker.actor,
            policy,
            content_bytes: create.delivery.content.content.len(),
            plans: plans.clone(),
            now,
        };
        let draw = u64::from_le_bytes(self.parts.rng.bytes());
        Ok(Prepared { new, admission, trail, draw })
    }
}

/// The parts of a sealed secret must fit each other as far as the server can see.
fn check_sealed(
    policy: &Policy,
    sealed: &Content,
    max_content_bytes: usize,
) -> Result<(), Invalid> {
    let header = Header::parse(&sealed.header).map_err(|_| Invalid::new("header", Rule::Form))?;
    let kind = match header.kind {
        HeaderKind::OneTime => Kind::OneTime,
        HeaderKind::DeviceBound => Kind::DeviceBound,
    };
    if kind != policy.kind {
        return Err(Invalid::new("policy.kind", Rule::Choice));
    }
    if header.parts > 0 {
        return Err(Invalid::new("header", Rule::NotOffered));
    }
    // What arrives here was sealed before it came.
    if policy.sealed != Sealed::Client {
        return Err(Invalid::new("policy.sealed", Rule::NotOffered));
    }
    let (min, max) = (MIN_CONTENT_BYTES as u64, max_content_bytes as u64);
    if !(min..=max).contains(&(sealed.content.len() as u64)) {
        return Err(Invalid::new("content", Rule::Length { min, max }));
    }
    Ok(())
}

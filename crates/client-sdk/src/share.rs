//! Sealing a text here and storing it there.

use wax_crypto::{
    ApiKeyText, Kind as HeaderKind, Link, Origin, Passphrase, PassphraseParams, ReceiptLink,
    seal_text,
};
use wax_kernel::{Rng, Timestamp};
use wax_model::{Argon2Params, Expires, Kind, Policy, Sealed};

use crate::{
    Client, Created, Error,
    channel::Shown,
    wire::{Bytes, CreateBody},
};

/// What a sender wants shared. No `Debug`: it holds the text.
#[derive(Clone, Copy)]
pub struct Draft<'a> {
    /// 1 to 1,048,571 bytes.
    pub text: &'a str,
    /// How many devices may open it, 1 to 1,000.
    pub views: u32,
    /// Until when.
    pub expires: Expires,
    /// What is needed besides the link.
    pub passphrase: Option<&'a Passphrase>,
}

/// A stored secret.
#[derive(Debug)]
pub struct Shared {
    /// For the recipient.
    pub link: Link,
    /// For the sender, and nobody else.
    pub receipt: ReceiptLink,
    /// When the server took it.
    pub created_at: Timestamp,
    /// Until when it can be opened.
    pub expires_at: Timestamp,
}

impl Client {
    /// Seals a text and stores what was sealed. The server cannot read it.
    ///
    /// With a passphrase this blocks the thread for as long as the stretching takes, about half a second.
    pub async fn share(&self, draft: &Draft<'_>, rng: &dyn Rng) -> Result<Shared, Error> {
        self.share_as(Kind::OneTime, draft, rng).await
    }

    /// The same for a kind. A device-bound secret has one view.
    pub async fn share_as(
        &self,
        kind: Kind,
        draft: &Draft<'_>,
        rng: &dyn Rng,
    ) -> Result<Shared, Error> {
        self.share_shown(kind, draft, Shown::Nothing, rng).await
    }

    /// The same with a key, whose organization must be this host's. A key that does not count is refused, and then nothing
    /// is stored.
    pub async fn share_with_key(
        &self,
        key: &ApiKeyText,
        kind: Kind,
        draft: &Draft<'_>,
        rng: &dyn Rng,
    ) -> Result<Shared, Error> {
        self.share_shown(kind, draft, Shown::Key(key), rng).await
    }

    async fn share_shown(
        &self,
        kind: Kind,
        draft: &Draft<'_>,
        shown: Shown<'_>,
        rng: &dyn Rng,
    ) -> Result<Shared, Error> {
        let sealing = Sealing::of(kind, draft, rng)?;
        let created = self.create(&sealing.body(), shown).await?;
        sealing.shared(&created, self.origin().clone())
    }
}

/// A text that is sealed and not stored yet.
pub(crate) struct Sealing {
    sealed: wax_crypto::Sealed,
    policy: Vec<u8>,
}

impl Sealing {
    pub(crate) fn of(kind: Kind, draft: &Draft<'_>, rng: &dyn Rng) -> Result<Self, Error> {
        let cost = PassphraseParams::CLIENT;
        let policy = policy_bytes(kind, draft, cost);
        let sealed = seal_text(
            &wax_crypto::Draft {
                text: draft.text,
                passphrase: draft.passphrase.map(|passphrase| (passphrase, cost)),
                policy: &policy,
                kind: match kind {
                    Kind::OneTime => HeaderKind::OneTime,
                    Kind::DeviceBound => HeaderKind::DeviceBound,
                },
            },
            rng,
        )?;
        Ok(Self { sealed, policy })
    }

    /// What stores it. The same body again gets the same answer.
    pub(crate) fn body(&self) -> CreateBody<'_> {
        let Self { sealed, policy } = self;
        CreateBody {
            peek_sha256: &sealed.peek_sha256,
            claim_key: &sealed.claim_key,
            ack_sha256: &sealed.ack_sha256,
            receipt_sha256: &sealed.receipt_sha256,
            header: Bytes(&sealed.header),
            wrapped_key: Bytes(&sealed.wrapped_key),
            policy: Bytes(policy),
            content: Bytes(&sealed.content),
        }
    }

    /// It is stored, and opens at `origin`.
    pub(crate) fn shared(self, created: &Created, origin: Origin) -> Result<Shared, Error> {
        let sealed = self.sealed;
        if (created.id, created.rid) != (sealed.id, sealed.rid) {
            return Err(Error::Answer("the ids are not those of this secret"));
        }
        Ok(Shared {
            link: Link::new(origin.clone(), sealed.token),
            receipt: ReceiptLink::new(origin, sealed.receipt),
            created_at: created.created_at,
            expires_at: created.expires_at,
        })
    }
}

/// The sender's rules, serialised once: everybody else handles exactly these bytes.
fn policy_bytes(kind: Kind, draft: &Draft<'_>, cost: PassphraseParams) -> Vec<u8> {
    let params = Argon2Params { m_kib: cost.m_kib(), t: cost.t(), p: PassphraseParams::LANES };
    let policy = Policy {
        kind,
        views: draft.views,
        expires: draft.expires,
        passphrase: draft.passphrase.map(|_| params),
        sealed: Sealed::Client,
    };
    serde_json::to_vec(&policy).expect("a policy has text keys and cannot fail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_the_one_in_the_protocol() {
        let draft =
            Draft { text: "", views: 1, expires: Expires::AfterS(604_800), passphrase: None };
        let text = String::from_utf8(policy_bytes(Kind::OneTime, &draft, PassphraseParams::CLIENT))
            .unwrap();
        assert!(include_str!("../../../docs/protocol.md").contains(&text), "{text}");
    }

    #[test]
    fn a_policy_with_a_passphrase_names_its_cost() {
        let passphrase = Passphrase::new("x").unwrap();
        let draft = Draft {
            text: "",
            views: 3,
            expires: Expires::AtMs(1_700_000_000_000),
            passphrase: Some(&passphrase),
        };
        let policy =
            Policy::parse(&policy_bytes(Kind::OneTime, &draft, PassphraseParams::CLIENT)).unwrap();
        assert_eq!(policy.passphrase, Some(Argon2Params { m_kib: 65_536, t: 3, p: 1 }));
        assert_eq!((policy.views, policy.expires), (3, Expires::AtMs(1_700_000_000_000)));
    }
}

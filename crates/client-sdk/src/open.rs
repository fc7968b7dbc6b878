//! Opening a secret so that nothing is lost on the way (protocol.md §10).

use wax_crypto::{
    AckPreimage, ClaimKey, Delivered, DeviceKey, Ikm, Link, Passphrase, PassphraseParams, SealedBy,
    open_text,
};
use wax_kernel::{ClaimId, Clock, Redacted, Timestamp};
use wax_model::{Argon2Params, ClaimState, Sealed, SecretState};

use crate::{Client, Code, Delivery, DeviceStore, Error, Peek, Retry, Session, Stored};

/// Opens secrets of one host, keeping keys in one store.
#[derive(Debug, Clone, Copy)]
pub struct Opener<'a> {
    /// Talks to the host of the link.
    pub client: &'a Client,
    /// Where keys of openings under way are kept.
    pub devices: &'a DeviceStore,
    /// Says when a key was made.
    pub clock: &'a dyn Clock,
}

/// A secret that was looked at and not taken.
#[derive(Debug)]
pub struct Looked<'a> {
    opener: Opener<'a>,
    link: Link,
    /// What the sender set.
    pub peek: Peek,
}

/// An opened secret. Deliver the text, then [`confirm`](Self::confirm): until then it can be opened again here.
#[derive(Debug)]
pub struct Opened<'a> {
    opener: Opener<'a>,
    link: Link,
    device: DeviceKey,
    claim: ClaimId,
    counter: i64,
    ack: AckPreimage,
    /// What the sender wrote.
    pub text: Redacted<String>,
    /// Whether an interrupted opening was continued: no further view was used.
    pub recovered: bool,
    /// Until when it can be recovered if it is not confirmed.
    pub window_ends_at: Timestamp,
}

impl<'a> Opener<'a> {
    /// Shows what the sender set, and whether an opening here was interrupted. Takes nothing.
    pub async fn look(self, link: Link) -> Result<Looked<'a>, Error> {
        let stored = self.devices.find(link.id())?;
        let thumbprint = stored.map(|stored| stored.device.public().thumbprint());
        let peek = self.client.peek(&link, thumbprint.as_ref()).await;
        if is_over(&peek) {
            self.devices.forget(link.id())?;
        }
        Ok(Looked { opener: self, link, peek: peek? })
    }

    /// Waits for the answer to the claim; whether the claim or its answer was lost, the server knows.
    async fn claim(self, stored: &Stored, key: &ClaimKey) -> Result<Delivery, Error> {
        let retry: Retry = self.client.retry();
        let mut attempt = 1;
        loop {
            let error = match self.claim_or_recover(stored, key).await {
                Ok(delivery) => return Ok(delivery),
                Err(error) => error,
            };
            let Some(wait) = retry.wait(attempt, &error) else { return Err(error) };
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    async fn claim_or_recover(self, stored: &Stored, key: &ClaimKey) -> Result<Delivery, Error> {
        let (mut session, yours) =
            Session::start(self.client, &stored.link, &stored.device).await?;
        if yours == Some(ClaimState::Open)
            && let Some(delivery) = session.recover().await?
        {
            return Ok(delivery);
        }
        session.claim(key).await
    }
}

/// The key of an interrupted opening is of no more use: nothing can be claimed, or its own claim has ended.
fn is_over(peek: &Result<Peek, Error>) -> bool {
    match peek {
        Ok(peek) => matches!(peek.yours, Some(ClaimState::Acked | ClaimState::Lapsed)),
        Err(error) => error.code() == Some(Code::Gone),
    }
}

impl<'a> Looked<'a> {
    /// An opening here was interrupted and can be continued without taking a further view.
    pub fn is_interrupted(&self) -> bool {
        self.peek.yours == Some(ClaimState::Open)
    }

    /// Takes one view and opens it, or continues the opening that was interrupted.
    ///
    /// The device's key is on the disk before the claim leaves. With a passphrase this blocks the thread for as long
    /// as the stretching takes, about half a second.
    pub async fn open(&self, passphrase: Option<&Passphrase>) -> Result<Opened<'a>, Error> {
        let ikm = self.key_material(passphrase)?;
        let recovered = self.is_interrupted();
        let (stored, delivery) = if recovered {
            self.recover().await?
        } else {
            self.claim(&ikm.claim_key(&self.link.id())).await?
        };
        self.unseal(&ikm, stored, &delivery, recovered)
    }

    fn key_material(&self, passphrase: Option<&Passphrase>) -> Result<Ikm, Error> {
        let token = self.link.token();
        let Some(params) = self.peek.passphrase else { return Ok(Ikm::without_passphrase(token)) };
        let passphrase = passphrase.ok_or(Error::PassphraseNeeded)?;
        Ok(Ikm::with_passphrase(token, passphrase, acceptable(params, self.peek.sealed)?)?)
    }

    async fn claim(&self, key: &ClaimKey) -> Result<(Stored, Delivery), Error> {
        let Opener { devices, clock, .. } = self.opener;
        let device = DeviceKey::generate();
        let ours = *device.public();
        let stored = devices.keep(Stored { link: self.link(), device, created_at: clock.now() })?;
        match self.opener.claim(&stored, key).await {
            Ok(delivery) => Ok((stored, delivery)),
            Err(error) => {
                // Another process's key may stand for a claim that it has taken meanwhile.
                if *stored.device.public() == ours && nothing_was_taken(&error) {
                    devices.forget(self.link.id())?;
                }
                Err(error)
            }
        }
    }

    async fn recover(&self) -> Result<(Stored, Delivery), Error> {
        let Opener { client, devices, .. } = self.opener;
        let stored = devices.find(self.link.id())?.ok_or(Error::Lapsed)?;
        let delivery = client
            .retry()
            .run(async || {
                Session::start(client, &self.link, &stored.device).await?.0.recover().await
            })
            .await?;
        let Some(delivery) = delivery else {
            devices.forget(self.link.id())?;
            return Err(Error::Lapsed);
        };
        Ok((stored, delivery))
    }

    fn unseal(
        &self,
        ikm: &Ikm,
        stored: Stored,
        delivery: &Delivery,
        recovered: bool,
    ) -> Result<Opened<'a>, Error> {
        let delivered = Delivered {
            header: &delivery.header,
            policy: &delivery.policy,
            wrapped_key: &delivery.wrapped_key,
            content: &delivery.content,
        };
        let opened = open_text(ikm, &self.link.id(), &delivered).map_err(|error| match error {
            // A claim is given to the right passphrase only; a recovered one was not asked for it.
            wax_crypto::OpenError::Unwrap(_) if recovered && self.peek.passphrase.is_some() => {
                Error::WrongPassphrase
            }
            error => Error::Seal(error),
        })?;
        Ok(Opened {
            opener: self.opener,
            link: stored.link,
            device: stored.device,
            claim: delivery.id,
            counter: delivery.counter,
            ack: opened.ack,
            text: opened.text,
            recovered,
            window_ends_at: delivery.window_ends_at,
        })
    }

    fn link(&self) -> Link {
        let token = wax_crypto::Token::from_slice(self.link.token().expose());
        Link::new(self.link.origin().clone(), token.expect("a token has the length of a token"))
    }
}

/// Whether the server gave its word on this very claim. After anything else (a lost answer, then "too many requests")
/// the view may have been taken, and the key stays.
fn nothing_was_taken(error: &Error) -> bool {
    matches!(error.code(), Some(Code::Gone | Code::HeldBack | Code::Locked | Code::WrongKey))
}

/// A server must not make a passphrase cheap to guess, nor stretching it stop the machine.
fn acceptable(params: Argon2Params, sealed: Sealed) -> Result<PassphraseParams, Error> {
    let sealed = match sealed {
        Sealed::Client => SealedBy::Client,
        Sealed::Server => SealedBy::Server,
    };
    Ok(PassphraseParams::accept(params.m_kib, params.t, params.p.into(), sealed)?)
}

impl Opened<'_> {
    /// Tells the server that the text arrived, and deletes the key. Call it when the text is where it should be:
    /// afterwards it cannot be had again.
    ///
    /// On an error the key stays, and the secret can be opened here until the window ends.
    pub async fn confirm(&self) -> Result<SecretState, Error> {
        let Opener { client, devices, .. } = self.opener;
        let counter = std::cell::Cell::new(self.counter);
        let state = client
            .retry()
            .run(async || {
                // A request that was lost may have been taken: its counter is used up.
                counter.set(counter.get() + 1);
                let (mut session, _) = Session::start(client, &self.link, &self.device).await?;
                session.ack(self.claim, counter.get(), &self.ack).await
            })
            .await?;
        devices.forget(self.link.id())?;
        Ok(state)
    }
}

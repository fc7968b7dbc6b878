//! One device at one secret: the signed requests (protocol.md §5).

use serde::de::DeserializeOwned;
use wax_crypto::{
    AckPreimage, Challenge, ClaimKey, DeviceKey, HANDOVER_BYTES, HpkePublicKey, Link, PeekKey,
    Thumbprint,
};
use wax_kernel::{ClaimId, SecretId, Timestamp};
use wax_model::{ClaimState, SecretState};
use zeroize::Zeroizing;

use crate::{
    BoundTo, Client, Code, Delivery, Error,
    channel::{Shown, Signer},
    client::to_json,
    wire::{
        AckAnswer, AckBody, AskAnswer, AskBody, Bytes, ClaimAnswer, ClaimBody, GiveAnswer,
        GiveBody, HeartbeatAnswer, HeartbeatBody, OpenBody, RecoverBody, Reopened,
    },
};

/// A secret, and the proof that lets one look at it. It opens nothing.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) id: SecretId,
    pub(crate) peek: PeekKey,
}

impl From<&Link> for Handle {
    fn from(link: &Link) -> Self {
        Self { id: link.id(), peek: link.token().peek_key() }
    }
}

impl Handle {
    pub(crate) fn again(&self) -> Self {
        let peek = PeekKey::from_slice(self.peek.expose());
        Self { id: self.id, peek: peek.expect("a peek key has the length of a peek key") }
    }
}

/// Signs as one device. Holds the server's latest challenge.
#[derive(Debug)]
pub struct Session<'a> {
    client: &'a Client,
    handle: Handle,
    device: &'a DeviceKey,
    challenge: Challenge,
    bound: Option<BoundTo>,
}

impl<'a> Session<'a> {
    /// Peeks with the device's thumbprint: tells where the device's claim stands and gets a challenge.
    pub async fn start(
        client: &'a Client,
        link: &'a Link,
        device: &'a DeviceKey,
    ) -> Result<(Self, Option<ClaimState>), Error> {
        Self::start_at(client, Handle::from(link), device).await
    }

    pub(crate) async fn start_at(
        client: &'a Client,
        handle: Handle,
        device: &'a DeviceKey,
    ) -> Result<(Self, Option<ClaimState>), Error> {
        let peek = client.look(&handle, Some(&device.public().thumbprint())).await?;
        let challenge = peek.challenge.ok_or(NO_CHALLENGE)?;
        Ok((Self { client, handle, device, challenge, bound: peek.bound }, peek.yours))
    }

    /// What the server knows of the claim that the secret is bound to, if it is this device's.
    pub fn bound(&self) -> Result<&BoundTo, Error> {
        self.bound.as_ref().ok_or(Error::NotBound)
    }

    /// Takes one view, or gets the view that this device has taken. Sent once: after a lost answer, ask
    /// [`recover`](Self::recover) before claiming again.
    pub async fn claim(&mut self, claim_key: &ClaimKey) -> Result<Delivery, Error> {
        let body = |session: &Self| {
            let (id, peek) = (session.handle.id, &session.handle.peek);
            let (device, challenge) = (session.device(), &session.challenge);
            to_json(&ClaimBody { id, peek, claim_key, device, challenge })
        };
        let answer: ClaimAnswer = self.signed("claim", body).await?;
        self.challenge = answer.challenge;
        answer.claim.ok_or(Error::Answer("a claim without a claim"))
    }

    /// Gets the view that this device has taken again, if its window is still open. Takes and counts nothing.
    pub async fn recover(&mut self) -> Result<Option<Delivery>, Error> {
        let body = |session: &Self| {
            let (id, peek) = (session.handle.id, &session.handle.peek);
            let (device, challenge) = (session.device(), &session.challenge);
            to_json(&RecoverBody { id, peek, device, challenge })
        };
        let answer: ClaimAnswer = self.signed("recover", body).await?;
        self.challenge = answer.challenge;
        Ok(answer.claim)
    }

    /// Keeps the claim's window open for another 10 minutes. `counter` is larger than any sent before.
    pub async fn heartbeat(&mut self, claim: ClaimId, counter: i64) -> Result<Timestamp, Error> {
        let body = |session: &Self| {
            let (id, device, challenge) = (session.handle.id, session.device(), &session.challenge);
            to_json(&HeartbeatBody { id, claim, device, counter, challenge })
        };
        let answer: HeartbeatAnswer = self.signed("heartbeat", body).await?;
        self.challenge = answer.challenge;
        Ok(answer.window_ends_at)
    }

    /// Tells that the secret was unsealed and shown. `counter` is larger than any sent before.
    pub async fn ack(
        &mut self,
        claim: ClaimId,
        counter: i64,
        ack: &AckPreimage,
    ) -> Result<SecretState, Error> {
        let body = |session: &Self| {
            let (id, device, challenge) = (session.handle.id, session.device(), &session.challenge);
            to_json(&AckBody { id, claim, device, counter, ack, challenge })
        };
        let answer: AckAnswer = self.signed("ack", body).await?;
        self.challenge = answer.challenge;
        Ok(answer.state)
    }

    /// Opens what is bound to this device once more, with the counter after [`bound`](Self::bound)'s. `kept` says that
    /// handed keys are stored here.
    pub async fn open(&mut self, kept: bool) -> Result<Reopened, Error> {
        let BoundTo { claim, counter, .. } = *self.bound()?;
        let body = |session: &Self| {
            let (id, device, challenge) = (session.handle.id, session.device(), &session.challenge);
            to_json(&OpenBody { id, claim, device, counter: counter + 1, kept, challenge })
        };
        let answer: Reopened = self.signed("open", body).await?;
        self.challenge = answer.challenge;
        Ok(answer)
    }

    /// Asks the device that the secret is bound to for it. Asked again, it is the same ask.
    pub(crate) async fn ask(&mut self, receive: &HpkePublicKey) -> Result<AskAnswer, Error> {
        let body = |session: &Self| {
            let (id, peek) = (session.handle.id, &session.handle.peek);
            let (device, challenge) = (session.device(), &session.challenge);
            to_json(&AskBody { id, peek, device, challenge, receive })
        };
        let answer: AskAnswer = self.signed("ask", body).await?;
        self.challenge = answer.challenge;
        Ok(answer)
    }

    /// Gives the secret to a device that has asked. From then on it is that device's.
    pub(crate) async fn give(
        &mut self,
        to: &Thumbprint,
        keys: &[u8; HANDOVER_BYTES],
    ) -> Result<(), Error> {
        let BoundTo { claim, counter, .. } = *self.bound()?;
        let body = |session: &Self| {
            let (id, device, challenge) = (session.handle.id, session.device(), &session.challenge);
            let keys = Bytes(keys);
            to_json(&GiveBody { id, claim, device, counter: counter + 1, to, keys, challenge })
        };
        let answer: GiveAnswer = self.signed("give", body).await?;
        self.challenge = answer.challenge;
        Ok(())
    }

    fn device(&self) -> Bytes<'a> {
        Bytes(self.device.public().as_bytes())
    }

    /// Signs and sends; when the challenge was too old (the person read for a while, the machine slept), once more
    /// with a fresh one.
    async fn signed<T: DeserializeOwned>(
        &mut self,
        name: &str,
        body: impl Fn(&Self) -> Zeroizing<Vec<u8>>,
    ) -> Result<T, Error> {
        match self.send(name, &body(self)).await {
            Err(Error::Problem(problem)) if problem.code == Code::StaleChallenge => {
                self.challenge = match problem.challenge {
                    Some(fresh) => fresh,
                    None => self.fresh_challenge().await?,
                };
                self.send(name, &body(self)).await
            }
            other => other,
        }
    }

    async fn send<T: DeserializeOwned>(&self, name: &str, body: &[u8]) -> Result<T, Error> {
        let signer = Signer { device: self.device, challenge: &self.challenge };
        self.client.ask(name, body, Shown::Signature(signer)).await
    }

    async fn fresh_challenge(&self) -> Result<Challenge, Error> {
        let thumbprint = self.device.public().thumbprint();
        self.client.look(&self.handle, Some(&thumbprint)).await?.challenge.ok_or(NO_CHALLENGE)
    }
}

const NO_CHALLENGE: Error = Error::Answer("a peek with a thumbprint gives a challenge");

//! One device at one secret: the four signed requests (protocol.md §5).

use wax_crypto::{AckPreimage, Challenge, ClaimKey, DeviceKey, Link, SignedRequest};
use wax_kernel::{ClaimId, Timestamp};
use wax_model::{ClaimState, SecretState};
use zeroize::Zeroizing;

use crate::{
    Client, Code, Delivery, Error,
    client::to_json,
    wire::{
        AckAnswer, AckBody, Bytes, ClaimAnswer, ClaimBody, HeartbeatAnswer, HeartbeatBody,
        RecoverBody,
    },
};
use serde::de::DeserializeOwned;

/// Signs as one device. Holds the server's latest challenge.
#[derive(Debug)]
pub struct Session<'a> {
    client: &'a Client,
    link: &'a Link,
    device: &'a DeviceKey,
    challenge: Challenge,
}

impl<'a> Session<'a> {
    /// Peeks with the device's thumbprint: tells where the device's claim stands and gets a challenge.
    pub async fn start(
        client: &'a Client,
        link: &'a Link,
        device: &'a DeviceKey,
    ) -> Result<(Self, Option<ClaimState>), Error> {
        let (challenge, yours) = fresh_challenge(client, link, device).await?;
        Ok((Self { client, link, device, challenge }, yours))
    }

    /// Takes one view, or gets the view that this device has taken. Sent once: after a lost answer, ask
    /// [`recover`](Self::recover) before claiming again.
    pub async fn claim(&mut self, claim_key: &ClaimKey) -> Result<Delivery, Error> {
        let (id, peek, device) =
            (self.link.id(), self.link.token().peek_key(), *self.device.public());
        let body = |challenge: &Challenge| {
            let device = Bytes(device.as_bytes());
            to_json(&ClaimBody { id, peek: &peek, claim_key, device, challenge })
        };
        let answer: ClaimAnswer = self.signed("claim", body).await?;
        self.challenge = answer.challenge;
        answer.claim.ok_or(Error::Answer("a claim without a claim"))
    }

    /// Gets the view that this device has taken again, if its window is still open. Takes and counts nothing.
    pub async fn recover(&mut self) -> Result<Option<Delivery>, Error> {
        let (id, peek, device) =
            (self.link.id(), self.link.token().peek_key(), *self.device.public());
        let body = |challenge: &Challenge| {
            let device = Bytes(device.as_bytes());
            to_json(&RecoverBody { id, peek: &peek, device, challenge })
        };
        let answer: ClaimAnswer = self.signed("recover", body).await?;
        self.challenge = answer.challenge;
        Ok(answer.claim)
    }

    /// Keeps the claim's window open for another 10 minutes. `counter` is larger than any sent before.
    pub async fn heartbeat(&mut self, claim: ClaimId, counter: i64) -> Result<Timestamp, Error> {
        let (id, device) = (self.link.id(), *self.device.public());
        let body = |challenge: &Challenge| {
            let device = Bytes(device.as_bytes());
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
        let (id, device) = (self.link.id(), *self.device.public());
        let body = |challenge: &Challenge| {
            let device = Bytes(device.as_bytes());
            to_json(&AckBody { id, claim, device, counter, ack, challenge })
        };
        let answer: AckAnswer = self.signed("ack", body).await?;
        self.challenge = answer.challenge;
        Ok(answer.state)
    }

    /// Signs and sends; when the challenge was too old (the person read for a while, the machine slept), once more
    /// with a fresh one.
    async fn signed<T: DeserializeOwned>(
        &mut self,
        name: &str,
        body: impl Fn(&Challenge) -> Zeroizing<Vec<u8>>,
    ) -> Result<T, Error> {
        match self.send(name, &body(&self.challenge)).await {
            Err(Error::Problem(problem)) if problem.code == Code::StaleChallenge => {
                self.challenge = match problem.challenge {
                    Some(fresh) => fresh,
                    None => fresh_challenge(self.client, self.link, self.device).await?.0,
                };
                self.send(name, &body(&self.challenge)).await
            }
            other => other,
        }
    }

    async fn send<T: DeserializeOwned>(&self, name: &str, body: &[u8]) -> Result<T, Error> {
        let target_uri = self.client.target(name);
        let request = SignedRequest { target_uri: &target_uri, body, challenge: &self.challenge };
        self.client.ask_signed(name, body, request.sign(self.device)).await
    }
}

async fn fresh_challenge(
    client: &Client,
    link: &Link,
    device: &DeviceKey,
) -> Result<(Challenge, Option<ClaimState>), Error> {
    let peek = client.peek(link, Some(&device.public().thumbprint())).await?;
    let challenge =
        peek.challenge.ok_or(Error::Answer("a peek with a thumbprint gives a challenge"))?;
    Ok((challenge, peek.yours))
}

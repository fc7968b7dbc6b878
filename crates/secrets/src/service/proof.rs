//! Who may ask: holders of the link, devices, holders of the receipt.

use bytes::Bytes;
use wax_crypto::{
    Challenge, ChallengeError, DevicePublicKey, PeekKey, SignatureHeaders, SignedRequest,
    Thumbprint,
};
use wax_kernel::SecretId;
use wax_model::{Secret, TenantScope};

use super::{Refusal, Secrets};

/// A request as its signature covers it.
#[derive(Debug, Clone)]
pub(crate) struct SignedCall {
    /// Origin and path, as this server knows them.
    pub(crate) target_uri: String,
    /// The body as it arrived.
    pub(crate) body: Bytes,
    /// The three headers; empty where one was missing, which never verifies.
    pub(crate) headers: SignatureHeaders,
    /// The device the body names.
    pub(crate) device: DevicePublicKey,
    /// The challenge the body names.
    pub(crate) challenge: Challenge,
}

impl Secrets {
    /// The secret, if the caller holds its link.
    pub(super) async fn proven(
        &self,
        scope: &TenantScope,
        id: SecretId,
        peek: &PeekKey,
    ) -> Result<Secret, Refusal> {
        let secret = self.parts.store.read(*scope).secrets().find(id).await?;
        let proof = peek.hash();
        secret.filter(|secret| proof.as_bytes() == &secret.peek_sha256).ok_or(Refusal::NotAvailable)
    }

    /// The next challenge for a device.
    pub(super) fn challenge(&self, id: &SecretId, device: &Thumbprint) -> Challenge {
        self.challenges.mint(id, device, self.parts.clock.now())
    }

    /// Whether the device signed this call, over a fresh challenge of ours for this secret.
    pub(super) fn verify(&self, id: &SecretId, call: &SignedCall) -> Result<Thumbprint, Refusal> {
        let device = call.device.thumbprint();
        let now = self.parts.clock.now();
        self.challenges.verify(&call.challenge, id, &device, now).map_err(|error| match error {
            ChallengeError::Forged | ChallengeError::Stale => {
                Refusal::StaleChallenge(self.challenge(id, &device))
            }
        })?;
        let request = SignedRequest {
            target_uri: &call.target_uri,
            body: &call.body,
            challenge: &call.challenge,
        };
        request.verify(&call.device, &call.headers).map_err(|_| Refusal::BadSignature)?;
        Ok(device)
    }
}

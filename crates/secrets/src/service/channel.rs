//! Requests that arrive sealed (protocol.md §11).

use bytes::Bytes;
use wax_crypto::{
    Origin,
    channel::{AnswerSealer, SealedRequest, SignedConfig},
};

use super::{Refusal, Secrets};

impl Secrets {
    /// The channel key that clients of this host should use now.
    pub(crate) fn channel(&self, host: &Origin) -> Result<SignedConfig, Refusal> {
        Ok(self.parts.keys.channel_config(host, self.parts.clock.now())?)
    }

    /// The body of a sealed POST to `path` of this host, and what seals its answer. The body is wiped when the last user
    /// of its bytes is gone.
    pub(crate) fn open_sealed(
        &self,
        host: &Origin,
        path: &str,
        sealed: &[u8],
    ) -> Result<(Bytes, AnswerSealer), Refusal> {
        let request = SealedRequest::parse(sealed).map_err(|_| Refusal::NotSealed)?;
        let now = self.parts.clock.now();
        let Some(key) = self.parts.keys.accepted_channel_key(request.key_id(), now)? else {
            return Err(Refusal::ChannelKey(self.channel(host)?));
        };
        let (body, answer) =
            key.open(&request, host, path, &*self.parts.rng).map_err(|_| Refusal::NotSealed)?;
        Ok((Bytes::from_owner(body), answer))
    }
}

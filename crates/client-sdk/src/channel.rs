//! Sealing requests to the host's key, and believing only answers that are sealed in return (protocol.md §11).

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::{
    Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use wax_crypto::{
    ApiKeyText, Challenge, DeviceKey, Origin, SignatureHeaders, SignedRequest,
    channel::{self, AnswerOpener, ChannelConfig, HostPublicKey, SignedConfig},
};
use wax_kernel::Rng;
use zeroize::Zeroizing;

use crate::{Error, KnownHosts, NetworkError, Problem};

/// An answer is a claim at most: 1 MiB of content in base64url, and a policy.
const MAX_ANSWER_BYTES: usize = 2 << 20;
/// A config is a tenth of it.
const MAX_CONFIG_BYTES: usize = 4 << 10;
/// A brand's texts are of a few thousand characters.
const MAX_PUBLIC_BYTES: usize = 64 << 10;

/// What a client knows about its host's channel. Clones share it.
#[derive(Clone)]
pub(crate) struct Channel {
    host: Origin,
    known_hosts: Option<KnownHosts>,
    rng: Arc<dyn Rng>,
    config: Arc<Mutex<Option<Arc<ChannelConfig>>>>,
}

/// What a request shows besides its body.
#[derive(Clone, Copy)]
pub(crate) enum Shown<'a> {
    Nothing,
    /// A device's signature.
    Signature(Signer<'a>),
    /// An organization's key.
    Key(&'a ApiKeyText),
}

/// Who signs a request.
#[derive(Clone, Copy)]
pub(crate) struct Signer<'a> {
    pub(crate) device: &'a DeviceKey,
    pub(crate) challenge: &'a Challenge,
}

/// A request on its way.
pub(crate) struct Sealed {
    pub(crate) body: Vec<u8>,
    pub(crate) signature: Option<SignatureHeaders>,
    pub(crate) opener: AnswerOpener,
}

impl Channel {
    pub(crate) fn new(host: Origin, known_hosts: Option<KnownHosts>, rng: Arc<dyn Rng>) -> Self {
        Self { host, known_hosts, rng, config: Arc::default() }
    }

    /// The key to seal to, if it has been asked for.
    pub(crate) fn config(&self) -> Option<Arc<ChannelConfig>> {
        self.config.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a key to seal to, if the host's key signed it and is the one that is known.
    pub(crate) fn accept(&self, signed: &SignedConfig) -> Result<Arc<ChannelConfig>, Error> {
        let config = Arc::new(self.verify(signed)?);
        if let Some(hosts) = &self.known_hosts {
            hosts.check(&self.host, signed.host_key)?;
        }
        let kept = Some(Arc::clone(&config));
        *self.config.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(config)
    }

    /// The host's key as it shows it, known or not.
    pub(crate) fn host_key(&self, signed: &SignedConfig) -> Result<HostPublicKey, Error> {
        self.verify(signed).map(|_| signed.host_key)
    }

    fn verify(&self, signed: &SignedConfig) -> Result<ChannelConfig, Error> {
        signed.verify(&self.host).map_err(|_| Error::Answer("the channel's config is not signed"))
    }

    /// Seals a request, then signs what was sealed.
    pub(crate) fn seal(
        &self,
        config: &ChannelConfig,
        path: &str,
        body: &[u8],
        shown: Shown<'_>,
    ) -> Sealed {
        let (body, opener) = config.seal(path, body, &*self.rng);
        let target_uri = format!("{}{path}", self.host);
        let signature = match shown {
            Shown::Signature(Signer { device, challenge }) => {
                let request = SignedRequest { target_uri: &target_uri, body: &body, challenge };
                Some(request.sign(device))
            }
            Shown::Key(_) | Shown::Nothing => None,
        };
        Sealed { body, signature, opener }
    }
}

/// Shows the host only.
impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("host", &self.host).finish_non_exhaustive()
    }
}

/// Reads the answer of `GET /v1/channel`. A host that has none is refused: ours all have it, so something else answers.
pub(crate) async fn read_config(response: Response) -> Result<SignedConfig, Error> {
    match response.status() {
        StatusCode::OK => {
            let body = read_body(response, MAX_CONFIG_BYTES).await?;
            serde_json::from_slice(&body).map_err(|_| Error::NoChannel)
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Err(Error::NoChannel),
        _ => Err(read_problem(response, None).await),
    }
}

/// Reads a small public file: nothing of it is secret, and nothing relies on it.
pub(crate) async fn read_public(response: Response) -> Result<Zeroizing<Vec<u8>>, Error> {
    match response.status() {
        StatusCode::OK => read_body(response, MAX_PUBLIC_BYTES).await,
        _ => Err(read_problem(response, None).await),
    }
}

/// Reads an answer to its end.
pub(crate) async fn read_answer(
    response: Response,
    opener: AnswerOpener,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    if !response.status().is_success() {
        return Err(read_problem(response, Some(opener)).await);
    }
    refuse_unsealed(&response)?;
    open(opener, &read_body(response, MAX_ANSWER_BYTES).await?)
}

/// Whoever stands in between can say anything, so only what is sealed is an answer.
pub(crate) fn refuse_unsealed(response: &Response) -> Result<(), Error> {
    if is_sealed(response) { Ok(()) } else { Err(UNSEALED) }
}

/// Reads a refusal.
pub(crate) async fn read_problem(response: Response, opener: Option<AnswerOpener>) -> Error {
    match try_read_problem(response, opener).await {
        Ok(problem) => Error::Problem(Box::new(problem)),
        Err(error) => error,
    }
}

/// Reads a refusal of the platform, which has no channel.
pub(crate) async fn read_plain_problem(response: Response) -> Error {
    match read_document(response, None).await {
        Ok((problem, _)) => Error::Problem(Box::new(problem)),
        Err(error) => error,
    }
}

async fn try_read_problem(
    response: Response,
    opener: Option<AnswerOpener>,
) -> Result<Problem, Error> {
    let (problem, is_sealed) = read_document(response, opener).await?;
    // Told to delete a key, for example, we want to know by whom.
    if !is_sealed && problem.code.is_about_a_secret() {
        return Err(UNSEALED);
    }
    Ok(problem)
}

/// The document, and whether it was sealed.
async fn read_document(
    response: Response,
    opener: Option<AnswerOpener>,
) -> Result<(Problem, bool), Error> {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    let opener = opener.filter(|_| is_sealed(&response));
    let is_sealed = opener.is_some();
    let body = read_body(response, MAX_ANSWER_BYTES).await?;
    let body = match opener {
        Some(opener) => open(opener, &body)?,
        None => body,
    };
    let problem: Problem = serde_json::from_slice(&body).map_err(|_| Error::Status(status))?;
    Ok((Problem { retry_after, ..problem }, is_sealed))
}

const UNSEALED: Error = Error::Answer("it is not sealed as the request was");

fn is_sealed(response: &Response) -> bool {
    let media_type = response.headers().get(CONTENT_TYPE);
    media_type.is_some_and(|value| value.as_bytes() == channel::CONTENT_TYPE.as_bytes())
}

fn open(opener: AnswerOpener, body: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    opener.open(body).map_err(|_| UNSEALED)
}

pub(crate) async fn read_body(
    mut response: Response,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(NetworkError::from)? {
        if body.len() + chunk.len() > limit {
            return Err(Error::Answer("it is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

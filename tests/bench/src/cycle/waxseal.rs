//! Our server, and the people at it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use http::HeaderMap;
use serde_json::{Value, json};
use wax_crypto::channel::{ChannelConfig, SignedConfig};
use wax_crypto::{
    Challenge, Delivered, DeviceKey, Draft, Ikm, Kind as HeaderKind, Link, Origin, Passphrase,
    PassphraseParams, SignedRequest, open_text, seal_text,
};
use wax_kernel::{SystemRng, base64url_decode, base64url_encode};
use wax_model::{Argon2Params, Expires, Kind, Policy, Sealed};

use super::People;
use super::http::{Connection, Target};
use super::process::{Process, free_port};

pub(crate) const HOST: &str = "secrets.acme.localhost";
/// Where members are.
const PLATFORM: &str = "app.localhost";
/// The media type of a sealed request.
const SEALED: &str = "application/waxseal-channel";
/// What is shared: a password with some words around it.
pub(super) const TEXT: &str = "The password of the new account is correct-horse-battery-staple.";
/// More than a network of people would ever reach: one address sends everything here.
const LIMITS: [(&str, &str); 7] = [
    ("WAXSEAL_LIMITS__CREATES_PER_MINUTE", "1000000"),
    ("WAXSEAL_LIMITS__CREATE_BURST", "1000000"),
    ("WAXSEAL_LIMITS__SIGN_INS_PER_MINUTE", "1000000"),
    ("WAXSEAL_LIMITS__SIGN_IN_BURST", "1000000"),
    ("WAXSEAL_LIMITS__REQUESTS_PER_MINUTE", "10000000"),
    ("WAXSEAL_LIMITS__REQUEST_BURST", "10000000"),
    ("WAXSEAL_LIMITS__CONNECTIONS_PER_NETWORK", "10000"),
];

/// A server with its data on disk, which answers only what is durable.
pub(crate) struct Waxseal {
    pub(crate) process: Process,
    plain: u16,
    tls: u16,
    authority: PathBuf,
}

impl Waxseal {
    pub(crate) fn start(binary: &Path, folder: &Path) -> Result<Self> {
        let (plain, tls, data) = (free_port()?, free_port()?, folder.join("waxseal"));
        let mut command = Command::new(binary);
        command.args(["serve", "--demo"]).env_clear().env("WAXSEAL_STORE__DATA_DIR", &data);
        command
            .env("WAXSEAL_LISTENERS__PLAIN", format!("127.0.0.1:{plain}"))
            .env("WAXSEAL_LISTENERS__TLS", format!("127.0.0.1:{tls}"))
            .env("WAXSEAL_LISTENERS__MANAGEMENT", "")
            .envs(LIMITS);
        let process = Process::start(&mut command, plain, &folder.join("waxseal.log"))?;
        Ok(Self { process, plain, tls, authority: data.join("local-ca/ca.pem") })
    }

    pub(crate) fn plain(&self) -> Target {
        Target::plain(HOST, self.plain)
    }

    /// The ports of plain HTTP and of TLS.
    pub(crate) const fn ports(&self) -> (u16, u16) {
        (self.plain, self.tls)
    }

    /// The platform's host.
    pub(crate) fn platform(&self) -> Target {
        Target::plain(PLATFORM, self.plain)
    }

    pub(crate) fn tls(&self) -> Result<Target> {
        Target::tls(HOST, self.tls, &self.authority)
    }

    pub(crate) fn tls_two(&self) -> Result<Target> {
        Target::tls_two(HOST, self.tls, &self.authority)
    }

    /// The link of a new secret, for a browser on this machine.
    pub(crate) async fn share(&self, passphrase: Option<&str>) -> Result<String> {
        let pair = Pair::new(self.plain());
        let passphrase = passphrase.map(Passphrase::new).transpose()?;
        let mut connection = pair.target.connect().await?;
        let sealed = pair.create(&mut connection, passphrase.as_ref()).await?;
        let origin = Origin::parse(&format!("http://{}", pair.target.authority))?;
        Ok(Link::new(origin, sealed.token).to_url().to_string())
    }
}

/// What a recipient has after the claim.
pub(crate) struct Claimed {
    device: DeviceKey,
    answer: Value,
    /// How long the claim itself took, without the look before it.
    pub(crate) took: Duration,
}

/// A sender and a recipient.
pub(crate) struct Pair {
    pub(crate) target: Target,
    /// `None`: both connect anew for every secret.
    kept: Option<Connection>,
    /// `None`: requests are sealed by TLS alone, or by nothing.
    channel: Option<ChannelConfig>,
}

impl Pair {
    /// Connects anew for every secret.
    pub(crate) const fn new(target: Target) -> Self {
        Self { target, kept: None, channel: None }
    }

    pub(super) async fn keeping_its_connection(target: Target) -> Result<Self> {
        Ok(Self { kept: Some(target.connect().await?), ..Self::new(target) })
    }

    /// Seals every request to the server's channel key, as our pages and our command line do (protocol.md §11).
    pub(super) async fn sealing(target: Target) -> Result<Self> {
        let answer = target.connect().await?.get(&target, "/v1/channel").await?;
        let signed: SignedConfig = serde_json::from_slice(&answer.body)?;
        let config = signed.verify(&Origin::parse(&target.url(""))?)?;
        Ok(Self { channel: Some(config), ..Self::new(target) })
    }

    async fn ask(
        &self,
        connection: &mut Connection,
        name: &str,
        body: &Value,
        signed_by: Option<(&DeviceKey, &Challenge)>,
    ) -> Result<Value> {
        let path = format!("/v1/secrets/{name}");
        let mut body = serde_json::to_vec(body)?;
        let (mut headers, mut kind, mut opener) = (HeaderMap::new(), "application/json", None);
        if let Some(channel) = &self.channel {
            let (sealed, opens_answer) = channel.seal(&path, &body, &SystemRng);
            (body, kind, opener) = (sealed, SEALED, Some(opens_answer));
        }
        headers.insert("content-type", kind.parse()?);
        if let Some((device, challenge)) = signed_by {
            let target_uri = &*self.target.url(&path);
            let signed = SignedRequest { target_uri, body: &body, challenge }.sign(device);
            headers.insert("content-digest", signed.content_digest.parse()?);
            headers.insert("signature-input", signed.signature_input.parse()?);
            headers.insert("signature", signed.signature.parse()?);
        }
        let answer = connection.post(&self.target, &path, headers, body).await?;
        let text = match opener {
            Some(opener) => opener.open(&answer.body)?.to_vec(),
            None => answer.body.to_vec(),
        };
        ensure!(answer.status.is_success(), "{name}: {} {}", answer.status, text.escape_ascii());
        Ok(serde_json::from_slice(&text)?)
    }

    pub(crate) async fn create(
        &self,
        connection: &mut Connection,
        passphrase: Option<&Passphrase>,
    ) -> Result<wax_crypto::Sealed> {
        let cost = PassphraseParams::CLIENT;
        let params = Argon2Params { m_kib: cost.m_kib(), t: cost.t(), p: PassphraseParams::LANES };
        let policy = serde_json::to_vec(&Policy {
            kind: Kind::OneTime,
            views: 1,
            expires: Expires::AfterS(604_800),
            passphrase: passphrase.map(|_| params),
            sealed: Sealed::Client,
        })?;
        let draft = Draft {
            text: TEXT,
            passphrase: passphrase.map(|passphrase| (passphrase, cost)),
            policy: &policy,
            kind: HeaderKind::OneTime,
        };
        let sealed = seal_text(&draft, &SystemRng)?;
        let body = json!({
            "peek_sha256": sealed.peek_sha256,
            "claim_key": sealed.claim_key,
            "ack_sha256": sealed.ack_sha256,
            "receipt_sha256": sealed.receipt_sha256,
            "header": base64url_encode(sealed.header),
            "wrapped_key": base64url_encode(sealed.wrapped_key),
            "policy": base64url_encode(&policy),
            "content": base64url_encode(&sealed.content),
        });
        self.ask(connection, "create", &body, None).await?;
        Ok(sealed)
    }

    /// Looks at the secret and takes it, as a device that was never here.
    pub(crate) async fn claim(
        &self,
        connection: &mut Connection,
        sealed: &wax_crypto::Sealed,
    ) -> Result<Claimed> {
        let (id, peek) = (sealed.id, sealed.token.peek_key());
        let device = DeviceKey::generate();
        let public = base64url_encode(device.public().as_bytes());
        let body = json!({ "id": id, "peek": peek, "thumbprint": device.public().thumbprint() });
        let challenge = challenge(&self.ask(connection, "peek", &body, None).await?)?;

        let claim_key = Ikm::without_passphrase(&sealed.token).claim_key(&id);
        let body = json!({ "id": id, "peek": peek, "claim_key": claim_key, "device": public, "challenge": challenge });
        let start = Instant::now();
        let answer = self.ask(connection, "claim", &body, Some((&device, &challenge))).await?;
        Ok(Claimed { device, answer, took: start.elapsed() })
    }

    async fn open(&self, connection: &mut Connection, sealed: &wax_crypto::Sealed) -> Result<()> {
        let Claimed { device, answer: claimed, .. } = self.claim(connection, sealed).await?;
        let (id, ikm) = (sealed.id, Ikm::without_passphrase(&sealed.token));
        let public = base64url_encode(device.public().as_bytes());
        let field = |name: &str| -> Result<Vec<u8>> {
            let text = claimed["claim"][name].as_str().context("a claim without its parts")?;
            Ok(base64url_decode(text)?)
        };
        let (header, policy) = (field("header")?, field("policy")?);
        let (wrapped_key, content) = (field("wrapped_key")?, field("content")?);
        let delivered = Delivered {
            header: &header,
            policy: &policy,
            wrapped_key: &wrapped_key,
            content: &content,
        };
        let opened = open_text(&ikm, &id, &delivered)?;
        ensure!(**opened.text.expose() == *TEXT, "another text came out than went in");

        let challenge = self::challenge(&claimed)?;
        let body = json!({ "id": id, "claim": claimed["claim"]["id"], "device": public, "counter": 1, "ack": opened.ack, "challenge": challenge });
        let acked = self.ask(connection, "ack", &body, Some((&device, &challenge))).await?;
        ensure!(acked["state"] == "destroyed", "acknowledged, and {}", acked["state"]);
        Ok(())
    }
}

impl People for Pair {
    async fn share_one(&mut self) -> Result<()> {
        if let Some(mut connection) = self.kept.take() {
            let sealed = self.create(&mut connection, None).await?;
            self.open(&mut connection, &sealed).await?;
            self.kept = Some(connection);
            return Ok(());
        }
        let sealed = self.create(&mut self.target.connect().await?, None).await?;
        self.open(&mut self.target.connect().await?, &sealed).await
    }
}

fn challenge(answer: &Value) -> Result<Challenge> {
    let text = answer["challenge"].as_str().context("an answer without a challenge")?;
    Ok(Challenge::from_slice(&base64url_decode(text)?)?)
}

//! Senders and recipients, with the real cryptography of protocol.md.

use axum::body::Body;
use http::{Request, header};
use serde_json::{Value, json};
use wax_crypto::{
    Challenge, Delivered, DeviceKey, Draft, HpkePublicKey, Ikm, Kind, Opened, Passphrase,
    PassphraseParams, Sealed, SignedRequest, Thumbprint, Token, open_text, seal_text,
};
use wax_kernel::{SystemRng, base64url_decode, base64url_encode};

use crate::{Answer, TestApp};

/// What a sender sets.
#[derive(Debug, Clone)]
pub struct Terms {
    /// 1 to 1,000.
    pub views: u32,
    /// Seconds.
    pub after_s: i64,
    /// A moment, UTC milliseconds, in place of `after_s`.
    pub at_ms: Option<i64>,
    /// Stretched at the protocol's default cost.
    pub passphrase: Option<&'static str>,
    /// Whether the first device may return.
    pub device_bound: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self { views: 1, after_s: 3_600, at_ms: None, passphrase: None, device_bound: false }
    }
}

impl Terms {
    /// The first device may return, for an hour.
    pub fn device_bound() -> Self {
        Self { device_bound: true, ..Self::default() }
    }
}

/// Somebody who has sealed a text.
#[derive(Debug)]
pub struct Sender {
    /// Everything the seal made.
    pub sealed: Sealed,
    /// The request that creates it.
    pub create: Value,
}

const COST: PassphraseParams = PassphraseParams::CLIENT;

impl Sender {
    /// Seals a text; sends nothing yet.
    pub fn seal(text: &str, terms: &Terms) -> Self {
        let cost = json!({"m_kib": 65_536, "t": 3, "p": 1});
        let (kind, name) = if terms.device_bound {
            (Kind::DeviceBound, "device_bound")
        } else {
            (Kind::OneTime, "one_time")
        };
        let expires = match terms.at_ms {
            Some(at_ms) => json!({"at_ms": at_ms}),
            None => json!({"after_s": terms.after_s}),
        };
        let policy = json!({
            "kind": name, "views": terms.views, "expires": expires,
            "passphrase": terms.passphrase.map(|_| cost), "sealed": "client",
        })
        .to_string();
        let passphrase = terms.passphrase.map(|text| Passphrase::new(text).expect("a passphrase"));
        let draft = Draft {
            text,
            passphrase: passphrase.as_ref().map(|passphrase| (passphrase, COST)),
            policy: policy.as_bytes(),
            kind,
        };
        let sealed = seal_text(&draft, &SystemRng).expect("the text can be sealed");
        let create = json!({
            "peek_sha256": base64url_encode(sealed.peek_sha256.as_bytes()),
            "claim_key": base64url_encode(sealed.claim_key.expose()),
            "ack_sha256": base64url_encode(sealed.ack_sha256.as_bytes()),
            "receipt_sha256": base64url_encode(sealed.receipt_sha256.as_bytes()),
            "header": base64url_encode(sealed.header),
            "wrapped_key": base64url_encode(sealed.wrapped_key),
            "policy": base64url_encode(&policy),
            "content": base64url_encode(&sealed.content),
        });
        Self { sealed, create }
    }

    /// Seals a text and stores it.
    pub async fn share(app: &TestApp, text: &str, terms: &Terms) -> Self {
        let sender = Self::seal(text, terms);
        let answer = app.post("/v1/secrets/create", &sender.create).await;
        assert_eq!(answer.status, 201, "{:?}", answer.json);
        sender
    }

    /// The proof that the receipt's routes want.
    pub fn proof(&self) -> Value {
        json!({"rid": self.sealed.rid, "receipt": base64url_encode(self.sealed.receipt.expose())})
    }

    /// Somebody who was given the link.
    pub fn recipient(&self) -> Recipient {
        let token = Token::from_slice(self.sealed.token.expose()).expect("a token");
        Recipient { token, device: DeviceKey::generate(), passphrase: None, counter: 0 }
    }
}

/// Somebody with the link and a device of their own.
#[derive(Debug)]
pub struct Recipient {
    token: Token,
    /// The device's key pair.
    pub device: DeviceKey,
    /// What they type.
    pub passphrase: Option<&'static str>,
    /// The last counter sent.
    pub counter: i64,
}

impl Recipient {
    fn ikm(&self) -> Ikm {
        match self.passphrase {
            None => Ikm::without_passphrase(&self.token),
            Some(text) => {
                let passphrase = Passphrase::new(text).expect("a passphrase");
                Ikm::with_passphrase(&self.token, &passphrase, COST).expect("it can be stretched")
            }
        }
    }

    /// The body of a peek that names this device.
    pub fn peek_body(&self) -> Value {
        json!({
            "id": self.token.secret_id(),
            "peek": base64url_encode(self.token.peek_key().expose()),
            "thumbprint": base64url_encode(self.device.public().thumbprint().as_bytes()),
        })
    }

    /// Looks.
    pub async fn peek(&self, app: &TestApp) -> Answer {
        app.post("/v1/secrets/peek", &self.peek_body()).await
    }

    /// A fresh challenge for this device.
    pub async fn challenge(&self, app: &TestApp) -> Challenge {
        let answer = self.peek(app).await;
        Challenge::parse(
            answer.json["challenge"].as_str().expect("a peek with a device answers a challenge"),
        )
        .expect("a challenge")
    }

    /// A claim's body for a challenge.
    pub fn claim_body(&self, challenge: &Challenge) -> Value {
        let id = self.token.secret_id();
        json!({
            "id": id,
            "peek": base64url_encode(self.token.peek_key().expose()),
            "claim_key": base64url_encode(self.ikm().claim_key(&id).expose()),
            "device": base64url_encode(self.device.public().as_bytes()),
            "challenge": base64url_encode(challenge.as_bytes()),
        })
    }

    /// Signs a body and makes the request.
    pub fn signed(&self, path: &str, body: &Value, challenge: &Challenge) -> Request<Body> {
        let body = body.to_string();
        let target_uri = format!("{}{path}", TestApp::origin());
        let signed = SignedRequest { target_uri: &target_uri, body: body.as_bytes(), challenge };
        let headers = signed.sign(&self.device);
        Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header("content-digest", headers.content_digest)
            .header("signature-input", headers.signature_input)
            .header("signature", headers.signature)
            .body(Body::from(body))
            .expect("a path makes a request")
    }

    /// Peeks, signs, claims.
    pub async fn claim(&self, app: &TestApp) -> Answer {
        let challenge = self.challenge(app).await;
        let request = self.signed("/v1/secrets/claim", &self.claim_body(&challenge), &challenge);
        app.send(app.scope(), request).await
    }

    /// Peeks, signs, recovers.
    pub async fn recover(&self, app: &TestApp) -> Answer {
        let challenge = self.challenge(app).await;
        let mut body = self.claim_body(&challenge);
        body.as_object_mut().expect("an object").remove("claim_key");
        let request = self.signed("/v1/secrets/recover", &body, &challenge);
        app.send(app.scope(), request).await
    }

    /// Opens what a claim or a recover answered.
    pub fn open(&self, answer: &Answer) -> Opened {
        self.open_json(&answer.json)
    }

    /// Opens the JSON that a claim or a recover answered.
    pub fn open_json(&self, json: &Value) -> Opened {
        let bytes = |name: &str| {
            let text = json["claim"][name].as_str().expect("a delivery");
            base64url_decode(text).expect("base64url")
        };
        let delivered = (bytes("header"), bytes("policy"), bytes("wrapped_key"), bytes("content"));
        let delivered = Delivered {
            header: &delivered.0,
            policy: &delivered.1,
            wrapped_key: &delivered.2,
            content: &delivered.3,
        };
        open_text(&self.ikm(), &self.token.secret_id(), &delivered)
            .expect("what was delivered opens")
    }

    /// A body for heartbeat, with the next counter.
    pub fn call_body(&mut self, claim: &Value, challenge: &Challenge) -> Value {
        self.counter += 1;
        json!({
            "id": self.token.secret_id(),
            "claim": claim,
            "device": base64url_encode(self.device.public().as_bytes()),
            "counter": self.counter,
            "challenge": base64url_encode(challenge.as_bytes()),
        })
    }

    /// Peeks, signs, says "still here".
    pub async fn heartbeat(&mut self, app: &TestApp, claimed: &Answer) -> Answer {
        let challenge = self.challenge(app).await;
        let body = self.call_body(&claimed.json["claim"]["id"], &challenge);
        let request = self.signed("/v1/secrets/heartbeat", &body, &challenge);
        app.send(app.scope(), request).await
    }

    /// Peeks, signs, returns.
    pub async fn reopen(&mut self, app: &TestApp, claimed: &Answer) -> Answer {
        let challenge = self.challenge(app).await;
        let body = self.call_body(&claimed.json["claim"]["id"], &challenge);
        app.send(app.scope(), self.signed("/v1/secrets/open", &body, &challenge)).await
    }

    /// The RFC 7638 thumbprint of this device's key.
    pub fn thumbprint(&self) -> Thumbprint {
        self.device.public().thumbprint()
    }

    /// Peeks, signs, asks the bound device, with a key to receive with.
    pub async fn ask(&self, app: &TestApp, receive: &HpkePublicKey) -> Answer {
        let challenge = self.challenge(app).await;
        let mut body = self.claim_body(&challenge);
        body.as_object_mut().expect("an object").remove("claim_key");
        body["receive"] = base64url_encode(receive.as_bytes()).into();
        app.send(app.scope(), self.signed("/v1/secrets/ask", &body, &challenge)).await
    }

    /// Peeks, signs, gives the secret to a device.
    pub async fn give(
        &mut self,
        app: &TestApp,
        claim: &Value,
        to: &Thumbprint,
        keys: &[u8],
    ) -> Answer {
        let challenge = self.challenge(app).await;
        let mut body = self.call_body(claim, &challenge);
        body["to"] = base64url_encode(to.as_bytes()).into();
        body["keys"] = base64url_encode(keys).into();
        app.send(app.scope(), self.signed("/v1/secrets/give", &body, &challenge)).await
    }

    /// Opens a claim's answer, peeks, signs, acknowledges.
    pub async fn ack(&mut self, app: &TestApp, claimed: &Answer) -> Answer {
        self.ack_with(app, claimed, None).await
    }

    /// The same, with a passkey copy.
    pub async fn ack_with(
        &mut self,
        app: &TestApp,
        claimed: &Answer,
        copy: Option<&[u8]>,
    ) -> Answer {
        let preimage = base64url_encode(self.open(claimed).ack.expose());
        let challenge = self.challenge(app).await;
        let mut body = self.call_body(&claimed.json["claim"]["id"], &challenge);
        body["ack"] = preimage.into();
        if let Some(copy) = copy {
            body["copy"] = base64url_encode(copy).into();
        }
        let request = self.signed("/v1/secrets/ack", &body, &challenge);
        app.send(app.scope(), request).await
    }
}

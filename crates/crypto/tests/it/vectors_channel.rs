//! Vectors of the channel, of bound devices and of hand-overs, opened and produced again.

use wax_crypto::{
    ContentKey, DevicePublicKey, Handover, HandoverCode, HpkeKey, HpkePublicKey, OpenError,
    PartKey,
    channel::{
        ChannelConfig, ChannelError, ConfigBytes, ConfigError, ConfigSignature, HostPublicKey,
        SealedRequest, SignedConfig,
    },
};
use wax_kernel::{SecretId, SystemRng, Timestamp};

use crate::{
    produce::{
        Scripted,
        bound::{handed, parties},
        channel::{channel_key, exchange, origin, signed},
    },
    schema::{BoundCase, ChannelCase, ConfigCase, HandoverCase, PointCase},
    vectors::each,
};

#[test]
fn every_exchange_is_produced_again_and_opens_on_both_sides() {
    each("channel.json", |implementation, case: ChannelCase| {
        let label = format!("{implementation}: {}", case.name);
        let key = channel_key(&case.private_key);
        assert_eq!(key.public().as_bytes()[..], case.public_key.0, "{label}");
        assert_eq!(key.id().as_bytes()[..], case.key_id.0, "{label}");
        match case.expect.as_deref() {
            None => {
                assert_eq!(exchange(&case), (case.request.clone(), case.answer.clone()), "{label}");
                assert_eq!(request_body(&case).unwrap(), case.body, "{label}");
                assert_eq!(answer_records(&case).unwrap(), case.records, "{label}");
            }
            Some("request") => assert_eq!(request_body(&case), Err(ChannelError), "{label}"),
            Some("answer") => assert_eq!(answer_records(&case), Err(ChannelError), "{label}"),
            Some(other) => panic!("{label}: {other}"),
        }
    });
}

fn request_body(case: &ChannelCase) -> Result<String, ChannelError> {
    let request = SealedRequest::parse(&case.request.0)?;
    let key = channel_key(&case.private_key);
    let (body, _) = key.open(&request, &origin(&case.host), &case.path, &SystemRng)?;
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

/// Reads as many records as the case has, and nothing behind them.
fn answer_records(case: &ChannelCase) -> Result<Vec<String>, ChannelError> {
    let key = HpkePublicKey::from_slice(&case.public_key.0).unwrap();
    let (from, until) = (Timestamp::from_ms(0), Timestamp::from_ms(1));
    let config = ChannelConfig::new(&origin(&case.host), key, from, until);
    let (_, opener) = config.seal(&case.path, case.body.as_bytes(), &Scripted::new(&[&case.ikm]));
    if case.records.len() == 1 {
        let record = opener.open(&case.answer.0)?;
        return Ok(vec![String::from_utf8(record.to_vec()).unwrap()]);
    }
    let mut stream = opener.stream();
    stream.push(&case.answer.0);
    let mut records = Vec::new();
    while let Some(record) = stream.next_record()? {
        records.push(String::from_utf8(record.to_vec()).unwrap());
    }
    Ok(records)
}

#[test]
fn every_config_is_produced_again_and_believed_if_it_should_be() {
    each("config.json", |implementation, case: ConfigCase| {
        let label = format!("{implementation}: {}", case.name);
        if case.expect.is_none() {
            let made = (case.config.clone(), case.signature.clone(), case.host_key.clone());
            assert_eq!(signed(&case), made, "{label}");
        }
        let answered = SignedConfig {
            config: ConfigBytes::from_slice(&case.config.0).unwrap(),
            signature: ConfigSignature::from_slice(&case.signature.0).unwrap(),
            host_key: HostPublicKey::from_slice(&case.host_key.0).unwrap(),
        };
        let outcome = match answered.verify(&origin(&case.host)) {
            Ok(config) => {
                assert_eq!(config.key_id().as_bytes()[..], case.key_id.0, "{label}");
                None
            }
            Err(ConfigError::Signature) => Some("signature"),
            Err(ConfigError::Malformed) => Some("malformed"),
            Err(ConfigError::Host) => Some("host"),
        };
        assert_eq!(outcome, case.expect.as_deref(), "{label}");
    });
}

#[test]
fn a_bound_device_opens_with_what_it_stored() {
    each("bound.json", |implementation, case: BoundCase| {
        let label = format!("{implementation}: {}", case.name);
        let cek = ContentKey::from_slice(&case.cek.0).unwrap();
        let id = SecretId::from_bytes(case.id.0[..].try_into().unwrap());
        let opened = cek.open_text(&id, &case.header.0, &case.content.0);
        let outcome = match &opened {
            Ok(text) => {
                assert_eq!(text.expose(), &case.text, "{label}");
                let part_key = cek.manifest_key(&case.header.0).unwrap();
                assert_eq!(part_key.expose()[..], case.part_key.0, "{label}");
                let text = part_key.open_text(&case.content.0).unwrap();
                assert_eq!(text.expose(), &case.text, "{label}: by the part key alone");
                None
            }
            Err(OpenError::Header(_)) => Some("header"),
            Err(OpenError::Unwrap(_)) => Some("unwrap"),
            Err(OpenError::Commit) => Some("commit"),
            Err(OpenError::Content(_)) => Some("content"),
            Err(OpenError::Manifest(_)) => Some("manifest"),
        };
        assert_eq!(outcome, case.expect.as_deref(), "{label}");
    });
}

#[test]
fn every_hand_over_is_produced_again_and_opens_for_its_device_alone() {
    each("handover.json", |implementation, case: HandoverCase| {
        let label = format!("{implementation}: {}", case.name);
        let receive = HpkeKey::from_slice(&case.receive_private.0).unwrap();
        assert_eq!(receive.public().as_bytes()[..], case.receive.0, "{label}");
        let (id, from, to) = parties(&case);
        let opened = Handover { id: &id, from: &from, to: &to }.open(&receive, &case.keys.0);
        if case.expect.is_some() {
            assert!(opened.is_err(), "{label}");
            return;
        }
        assert_eq!(handed(&case), (case.code.clone(), case.keys.clone()), "{label}");
        assert_eq!(opened, Ok(PartKey::from_slice(&case.part_key.0).unwrap()), "{label}");
        let nonce = case.nonce.0[..].try_into().unwrap();
        let code = HandoverCode::new(nonce, &id, &to, receive.public());
        assert_eq!(code.to_string(), case.code, "{label}");
    });
}

#[test]
fn the_same_points_are_keys_everywhere() {
    each("point.json", |implementation, case: PointCase| {
        let label = format!("{implementation}: {}", case.name);
        assert_eq!(DevicePublicKey::from_slice(&case.point.0).is_ok(), case.valid, "{label}");
        assert_eq!(HpkePublicKey::from_slice(&case.point.0).is_ok(), case.valid, "{label}");
    });
}

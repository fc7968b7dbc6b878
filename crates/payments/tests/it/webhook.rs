//! Signatures of Stripe's. The ones written down here were computed with Python's `hmac` and with OpenSSL.

use proptest::prelude::*;
use wax_kernel::{Redacted, Timestamp};
use wax_payments::webhook::{BadEvent, BadSignature, Event, read, verify};

const BODY: &[u8] = br#"{"id":"evt_1"}"#;
const SIGNED: &str = "e32657f3e678d33b41ec084c16ac0e125d25480a06cb3902286dc5942c6fd259";
const AT_S: i64 = 1_790_000_000;

fn secrets(texts: &[&str]) -> Vec<Redacted<String>> {
    texts.iter().map(|text| Redacted::new((*text).to_owned())).collect()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(seconds * 1_000)
}

fn checked(header: &str) -> Result<(), BadSignature> {
    verify(header, BODY, &secrets(&["whsec_test"]), at(AT_S))
}

#[test]
fn signatures_computed_elsewhere_are_good() {
    let cases: [(&str, i64, &[u8], &str); 3] = [
        ("whsec_test", AT_S, BODY, SIGNED),
        ("whsec_é", 0, b"", "13ef45f958f274ee43d5bb256092ebf3ad8816135312d27b18e709f75d32e257"),
        (
            "whsec_old",
            AT_S,
            b"\x00\xff. x\n",
            "b5d1fcfa125ea33356cd589d93a2e49783644d47d30e327f8c1be71416b21a52",
        ),
    ];
    for (secret, t, body, v1) in cases {
        let header = format!("t={t},v1={v1}");
        assert_eq!(verify(&header, body, &secrets(&[secret]), at(t)), Ok(()), "{secret}");
    }
}

#[test]
fn a_signature_counts_for_300_s_either_way_and_not_a_second_longer() {
    let header = format!("t={AT_S},v1={SIGNED}");
    for (apart, good) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
        let checked = verify(&header, BODY, &secrets(&["whsec_test"]), at(AT_S + apart));
        assert_eq!(checked.is_ok(), good, "{apart} s");
    }
    let eternal = format!("t={},v1={SIGNED}", u64::MAX);
    assert_eq!(checked(&eternal), Err(BadSignature));
}

#[test]
fn while_a_secret_is_rotated_either_signs_and_any_v1_will_do() {
    let other = "0".repeat(64);
    let header = format!("t={AT_S},v1={other},v0={SIGNED},v1={SIGNED}");
    for texts in [["whsec_test", "whsec_next"], ["whsec_next", "whsec_test"]] {
        assert_eq!(verify(&header, BODY, &secrets(&texts), at(AT_S)), Ok(()));
    }
    assert_eq!(verify(&header, BODY, &secrets(&["whsec_next"]), at(AT_S)), Err(BadSignature));
}

#[test]
fn without_a_secret_or_with_an_empty_one_nothing_is_good() {
    // HMAC-SHA-256 of the same under an empty key: anybody could have made it.
    let forged = "t=1790000000,v1=EMPTY".replace("EMPTY", EMPTY_KEY);
    assert_eq!(verify(&forged, BODY, &secrets(&[""]), at(AT_S)), Err(BadSignature));
    assert_eq!(verify(&forged, BODY, &[], at(AT_S)), Err(BadSignature));
}

const EMPTY_KEY: &str = "dd8bca6fd6dc6c70f5f98c351e93e7b4cef4195ebf3c8d3271fdfaf4962ae517";

#[test]
fn a_header_that_is_not_stripes_is_refused() {
    let good = format!("v1={SIGNED}");
    let many = |count: usize| format!("t={AT_S}{}", format!(",{good}").repeat(count));
    assert_eq!(checked(&many(8)), Ok(()), "eight signatures");
    let padded = |length: usize| {
        let head = format!("t={AT_S},{good},x=");
        format!("{head}{}", "a".repeat(length - head.len()))
    };
    assert_eq!(checked(&padded(1_024)), Ok(()), "1 KiB");
    let bad = [
        String::new(),
        good.clone(),
        format!("t={AT_S}"),
        format!("t={AT_S},v0={SIGNED}"),
        format!("t={AT_S},t={AT_S},{good}"),
        format!("t=+{AT_S},{good}"),
        format!("t= {AT_S},{good}"),
        format!("t=,{good}"),
        format!("t={AT_S},{good}x"),
        format!("t={AT_S},v1={}", &SIGNED[..62]),
        format!("t={AT_S};{good}"),
        many(9),
        padded(1_025),
    ];
    for header in bad {
        assert_eq!(checked(&header), Err(BadSignature), "{header}");
    }
}

#[test]
fn an_event_says_whose_it_is_and_everything_else_may_be_strange() {
    let event = |id: &str, kind: &str, customer: Option<&str>| {
        Ok(Event { id: id.into(), kind: kind.into(), customer: customer.map(str::to_owned) })
    };
    let cases = [
        (
            r#"{"id":"evt_1","type":"invoice.paid","data":{"object":{"object":"invoice","id":"in_1","customer":"cus_1"}}}"#,
            event("evt_1", "invoice.paid", Some("cus_1")),
        ),
        (
            r#"{"id":"evt_2","type":"customer.deleted","data":{"object":{"object":"customer","id":"cus_2"}}}"#,
            event("evt_2", "customer.deleted", Some("cus_2")),
        ),
        (
            r#"{"id":"evt_3","type":"x","data":{"object":{"customer":{"id":"cus_3","object":"customer"}}}}"#,
            event("evt_3", "x", Some("cus_3")),
        ),
        (r#"{"id":"evt_4","type":"balance.available"}"#, event("evt_4", "balance.available", None)),
        (r#"{"id":"evt_5","type":7,"data":[]}"#, event("evt_5", "", None)),
        (r#"{"id":"evt_6","data":{"object":{"customer":"../evil"}}}"#, event("evt_6", "", None)),
        (r#"{"type":"invoice.paid"}"#, Err(BadEvent)),
        (r#"{"id":7}"#, Err(BadEvent)),
        (r#"{"id":""}"#, Err(BadEvent)),
        (r#"{"id":"evt 1"}"#, Err(BadEvent)),
        (r#"["evt_1","invoice.paid",{}]"#, Err(BadEvent)),
        (r#""evt_1""#, Err(BadEvent)),
        ("", Err(BadEvent)),
    ];
    for (body, expected) in cases {
        assert_eq!(read(body.as_bytes()), expected, "{body}");
    }
    let long = |length: usize| format!(r#"{{"id":"{}"}}"#, "e".repeat(length));
    assert!(read(long(255).as_bytes()).is_ok());
    assert_eq!(read(long(256).as_bytes()), Err(BadEvent));
}

proptest! {
    #[test]
    fn no_other_body_has_the_signature(body: Vec<u8>) {
        prop_assume!(body != BODY);
        let header = format!("t={AT_S},v1={SIGNED}");
        prop_assert_eq!(
            verify(&header, &body, &secrets(&["whsec_test"]), at(AT_S)),
            Err(BadSignature)
        );
    }

    #[test]
    fn one_changed_character_of_the_header_is_refused(place in 0_usize..74, to in "[0-9a-f]") {
        let header = format!("t={AT_S},v1={SIGNED}");
        let mut changed = header.clone();
        // The digits of the time and of the signature; not the names before them.
        let place = if place < 10 { 2 + place } else { 6 + place };
        changed.replace_range(place..=place, &to);
        prop_assume!(changed != header);
        prop_assert_eq!(checked(&changed), Err(BadSignature));
    }

    #[test]
    fn no_header_and_no_body_is_too_strange(header: String, body: Vec<u8>) {
        prop_assert_eq!(checked(&header), Err(BadSignature));
        let _ = read(&body);
    }
}

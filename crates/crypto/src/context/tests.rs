use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use wax_kernel::SeededRng;

use super::*;

const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);
const TARGET: ContextTarget<'static> = ContextTarget {
    method: "POST",
    authority: "secrets.acme.localhost:8080",
    path_and_query: "/v1/secrets/claim",
};

fn key(seed: u64) -> ContextKey {
    ContextKey::generate(&SeededRng::new(seed))
}

fn claims() -> ContextClaims {
    ContextClaims {
        host: ContextHost::Tenant {
            tenant: TenantId::from_bytes([1; 16]),
            domain: DomainId::from_bytes([2; 16]),
        },
        origin: Origin::parse("http://secrets.acme.localhost:8080").unwrap(),
        client: [192, 0, 2, 1].into(),
        network: "192.0.2.0/24".into(),
        request: RequestId::from_bytes([3; 16]),
    }
}

fn token() -> String {
    key(1).sign(&claims(), TARGET, NOW)
}

fn verify(
    token: &str,
    target: ContextTarget<'_>,
    now: Timestamp,
) -> Result<ContextClaims, ContextError> {
    ContextPublicKey::from_bytes(key(1).public()).verify(token, target, now)
}

fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn earlier(seconds: u64) -> Timestamp {
    NOW.minus(Duration::from_secs(seconds))
}

fn header(alg: Algorithm) -> Header {
    let (typ, kid) = (Some(TYPE.to_owned()), Some(key(1).id().to_string()));
    Header { typ, kid, ..Header::new(alg) }
}

/// A token of the real key with one claim changed or, by null, left out.
fn changed(claim: &str, value: Value) -> String {
    let payload = token().split('.').nth(1).map(base64url_decode).unwrap().unwrap();
    let mut payload: Value = serde_json::from_slice(&payload).unwrap();
    if value.is_null() {
        payload.as_object_mut().unwrap().remove(claim).unwrap();
    } else {
        payload[claim] = value;
    }
    encode(&header(Algorithm::EdDSA), &payload, &key(1).signing).unwrap()
}

#[test]
fn what_the_edge_signed_is_what_the_service_believes() {
    assert_eq!(context_key_id(&token()), Ok(key(1).id()));
    assert_eq!(verify(&token(), TARGET, NOW), Ok(claims()));
    let platform = ContextClaims { host: ContextHost::Platform, ..claims() };
    let token = key(1).sign(&platform, TARGET, NOW);
    assert_eq!(verify(&token, TARGET, NOW), Ok(platform));
}

#[test]
fn a_context_is_for_a_tenant_or_for_the_platform_and_never_half_of_one() {
    let (tenant, domain) = (TenantId::from_bytes([1; 16]), DomainId::from_bytes([2; 16]));
    for host in [
        json!(null),
        json!("tenant"),
        json!({ "tenant": { "tenant": tenant } }),
        json!({ "tenant": { "domain": domain } }),
        json!({ "platform": { "tenant": tenant, "domain": domain } }),
        json!({ "platform": null, "tenant": { "tenant": tenant, "domain": domain } }),
        json!({ "tenant": { "tenant": tenant, "domain": domain, "more": 1 } }),
        json!("operator"),
    ] {
        let told = verify(&changed("host", host.clone()), TARGET, NOW);
        assert_eq!(told, Err(ContextError::Malformed), "{host}");
    }
    for beside in ["tenant", "domain"] {
        let told = verify(&changed(beside, json!(tenant)), TARGET, NOW);
        assert_eq!(told, Err(ContextError::Malformed), "{beside}");
    }
}

#[test]
fn a_context_of_another_version_is_told_as_such() {
    let payload = token().split('.').nth(1).map(base64url_decode).unwrap().unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    for typ in [None, Some("JWT"), Some("waxseal-context.v1+jwt")] {
        let header = Header { typ: typ.map(str::to_owned), ..header(Algorithm::EdDSA) };
        let token = encode(&header, &payload, &key(1).signing).unwrap();
        assert_eq!(context_key_id(&token), Err(ContextError::Version), "{typ:?}");
        assert_eq!(verify(&token, TARGET, NOW), Err(ContextError::Version), "{typ:?}");
    }
}

#[test]
fn a_context_is_for_one_method_one_path_one_query_and_one_host() {
    let with_query = ContextTarget { path_and_query: "/v1/secrets/claim?again", ..TARGET };
    for (target, reason) in [
        (ContextTarget { method: "GET", ..TARGET }, ContextError::Method),
        (ContextTarget { path_and_query: "/v1/secrets/burn", ..TARGET }, ContextError::Path),
        (with_query, ContextError::Path),
        (ContextTarget { authority: "secrets.other.localhost:8080", ..TARGET }, ContextError::Host),
        (ContextTarget { authority: "secrets.acme.localhost", ..TARGET }, ContextError::Host),
    ] {
        assert_eq!(verify(&token(), target, NOW), Err(reason), "{target:?}");
    }
}

#[test]
fn a_context_lives_for_half_a_minute_and_clocks_may_differ_by_five_seconds() {
    for good in [earlier(5), NOW, later(30), later(34)] {
        assert!(verify(&token(), TARGET, good).is_ok(), "{good:?}");
    }
    assert_eq!(verify(&token(), TARGET, later(35)), Err(ContextError::Expired));
    assert_eq!(verify(&token(), TARGET, earlier(6)), Err(ContextError::Future));
}

#[test]
fn nobody_can_make_a_context_that_lives_longer() {
    let issued = NOW.as_secs();
    for (claim, value) in
        [("exp", json!(issued + 31)), ("exp", json!(i64::MAX)), ("iat", json!(i64::MIN))]
    {
        assert_eq!(verify(&changed(claim, value), TARGET, NOW), Err(ContextError::Expired));
    }
}

#[test]
fn a_signature_of_another_key_or_of_other_claims_is_refused() {
    let others = key(2).sign(&claims(), TARGET, NOW);
    assert_eq!(verify(&others, TARGET, NOW), Err(ContextError::Signature));
    let (token, forged) = (token(), changed("host", json!("platform")));
    let (signed, _) = forged.rsplit_once('.').unwrap();
    let (_, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(verify(&format!("{signed}.{signature}"), TARGET, NOW), Err(ContextError::Signature));
}

#[test]
fn another_algorithm_is_refused_before_any_key_is_looked_for() {
    let payload = token().split('.').nth(1).unwrap().to_owned();
    let kid = key(1).id().to_string();
    for alg in ["none", "None", "HS256", "ES256", "RS256"] {
        let head = base64url_encode(json!({ "alg": alg, "kid": kid }).to_string());
        let unsigned = format!("{head}.{payload}.");
        assert_eq!(context_key_id(&unsigned), Err(ContextError::Algorithm), "{alg}");
        assert!(verify(&unsigned, TARGET, NOW).is_err(), "{alg}");
    }
}

/// The old trick: what everybody may know, taken as a shared secret.
#[test]
fn a_mac_under_the_public_key_is_no_signature() {
    let header = header(Algorithm::HS256);
    let payload = token().split('.').nth(1).map(base64url_decode).unwrap().unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    let mac = encode(&header, &payload, &EncodingKey::from_secret(key(1).public())).unwrap();
    assert_eq!(context_key_id(&mac), Err(ContextError::Algorithm));
    assert_eq!(verify(&mac, TARGET, NOW), Err(ContextError::Algorithm));
}

#[test]
fn issuer_and_audience_are_fixed() {
    for claim in ["iss", "aud"] {
        let others = changed(claim, json!("somebody-else"));
        assert_eq!(verify(&others, TARGET, NOW), Err(ContextError::Audience), "{claim}");
    }
}

#[test]
fn what_is_no_context_is_malformed() {
    for text in ["", ".", "..", "a.b.c", "eyJhbGciOiJFZERTQSJ9"] {
        assert!(context_key_id(text).is_err(), "{text:?}");
        assert_eq!(verify(text, TARGET, NOW), Err(ContextError::Malformed), "{text:?}");
    }
    for claim in
        ["iss", "aud", "iat", "exp", "method", "path_sha256", "host", "origin", "client", "network"]
    {
        assert_eq!(
            verify(&changed(claim, Value::Null), TARGET, NOW),
            Err(ContextError::Malformed),
            "{claim}"
        );
    }
    assert_eq!(verify(&changed("more", json!(1)), TARGET, NOW), Err(ContextError::Malformed));
    let unnamed = base64url_encode(json!({ "alg": "EdDSA", "typ": TYPE }).to_string());
    assert_eq!(context_key_id(&format!("{unnamed}.e30.")), Err(ContextError::UnknownKey));
}

#[test]
fn keys_and_contexts_print_nothing_that_could_be_used() {
    let printed =
        format!("{:?} {:?} {:?}", key(1), claims(), ContextPublicKey::from_bytes(key(1).public()));
    for hidden in ["192.0.2", "PRIVATE", "acme"] {
        assert!(!printed.contains(hidden), "{printed}");
    }
}

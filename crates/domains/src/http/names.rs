//! What a field may say, as the OpenAPI document lists it.

use utoipa::openapi::schema::{Array, ArrayBuilder, Object, ObjectBuilder, Type};
use wax_model::{
    Kind,
    domain::{
        Axis, CertificateState, Creators, Gate, Home, Ownership, Pointing, Service, Transport,
    },
};

fn one(names: impl IntoIterator<Item = &'static str>, about: &str) -> Object {
    let names: Vec<_> = names.into_iter().collect();
    let object = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    object.description(Some(about)).build()
}

macro_rules! names {
    ($($name:ident = $type:ty, $about:literal;)+) => { $(
        pub(super) fn $name() -> Object {
            one(<$type>::ALL.iter().map(|known| known.as_str()), $about)
        }
    )+ };
}

names! {
    axis = Axis, "What changed.";
    certificate_state = CertificateState, "How far its certificate is.";
    creators = Creators, "Who may make secrets on it.";
    gate = Gate, "Whether we let it.";
    home = Home, "What stands at `/`.";
    kind = Kind, "How a secret is kept.";
    ownership = Ownership, "Whose it is, as far as the DNS has said.";
    pointing = Pointing, "Where it led at the last look.";
    service = Service, "What its visitors meet. Absent: nothing, the handshake is refused.";
    transport = Transport, "How it is reached.";
}

pub(super) fn kinds() -> Array {
    let items = one(Kind::ALL.iter().map(|kind| kind.as_str()), "A kind.");
    ArrayBuilder::new()
        .items(items)
        .description(Some("These only; at least one, each once."))
        .build()
}

pub(super) fn verdict() -> Object {
    one(["ready", "wait", "act"], "What it comes down to.")
}

pub(super) fn actor() -> Object {
    one(["tenant", "dns-provider", "issuer", "us", "nobody"], "Who must act.")
}

pub(super) fn action() -> Object {
    one(["add", "change", "delete"], "What to do with the record.")
}

pub(super) fn record_kind() -> Object {
    one(["A", "AAAA", "ALIAS", "CAA", "CNAME", "DS", "TXT"], "The record's type.")
}

pub(super) fn purpose() -> Object {
    let about = "`point`: leads visitors here; a CNAME proves the host as well. `prove`: proves whose it is. `certify`: lets us \
                 answer for its certificate.";
    one(["point", "prove", "certify"], about)
}

pub(super) fn severity() -> Object {
    one(["good", "note", "wait", "warning", "wrong"], "How much it matters.")
}

pub(super) fn check() -> Object {
    one(["zone", "ownership", "pointing", "caa", "dnssec"], "What it is about.")
}

pub(super) fn answer() -> Object {
    one(["cname", "address", "no-data", "no-name", "failed"], "What it answered.")
}

pub(super) fn mine() -> Object {
    one(["mine"], "The host is the organization's own.")
}

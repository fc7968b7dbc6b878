//! What a field may say, as the OpenAPI document lists it: names of one table each, so that programs that are made of the document
//! know them all.

use utoipa::openapi::schema::{Array, ArrayBuilder, Object, ObjectBuilder, Type};
use wax_model::{AccountAction, Action, Permission, Role, Scope, SessionKind, SignUpPolicy};

fn one(names: impl IntoIterator<Item = &'static str>) -> Object {
    let names: Vec<_> = names.into_iter().collect();
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

fn said(mut schema: Object, about: &str) -> Object {
    schema.description = Some(about.to_owned());
    schema
}

fn list(of: Object, about: &str) -> Array {
    ArrayBuilder::new().items(of).description(Some(about)).build()
}

macro_rules! names {
    ($($name:ident = $type:ty, $about:literal;)+) => { $(
        pub(super) fn $name() -> Object {
            said(one(<$type>::ALL.iter().map(|known| known.as_str())), $about)
        }
    )+ };
}

names! {
    account_action = AccountAction, "What happened.";
    action = Action, "What happened.";
    role = Role, "As what.";
    session_kind = SessionKind, "What holds it.";
    sign_up_policy = SignUpPolicy, "Who may sign up: everybody, who was invited, or nobody.";
}

pub(super) fn scopes() -> Array {
    list(one(Scope::ALL.iter().map(|scope| scope.as_str())), "At least one, each once.")
}

pub(super) fn permissions() -> Array {
    list(one(Permission::ALL.iter().map(|known| known.as_str())), "What the caller may do.")
}

pub(super) fn language() -> Object {
    one(["en", "ja"])
}

pub(super) fn export_format() -> Object {
    said(one(["jsonl", "csv"]), "One JSON document a line, or RFC 4180.")
}

pub(super) fn next_step() -> Object {
    let about = "`done`: signed in. `second-factor`: one of `methods` is wanted within 10 minutes.";
    said(one(["done", "second-factor"]), about)
}

pub(super) fn done() -> Object {
    one(["done"])
}

pub(super) fn methods() -> Array {
    list(one(["totp", "recovery-code", "passkey"]), "Second factors that the account has.")
}

pub(super) fn login_state() -> Object {
    said(one(["pending", "denied", "approved"]), "Whether somebody has decided, and what.")
}

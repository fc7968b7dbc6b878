//! What a field may say, as the OpenAPI document lists it.

use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use wax_model::{
    Meter,
    billing::{Interval, Standing},
};

fn one(names: impl IntoIterator<Item = &'static str>, about: &str) -> Object {
    let names: Vec<_> = names.into_iter().collect();
    let object = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    object.description(Some(about)).build()
}

pub(super) fn interval() -> Object {
    one(Interval::ALL.iter().map(|one| one.as_str()), "How often is paid.")
}

pub(super) fn meter() -> Object {
    one(Meter::ALL.iter().map(|one| one.as_str()), "What is counted.")
}

pub(super) fn standing() -> Object {
    one(Standing::ALL.iter().map(|one| one.as_str()), "How it stands with its payments.")
}

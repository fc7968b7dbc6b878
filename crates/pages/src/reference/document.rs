//! The OpenAPI document, as far as the page shows it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(super) struct Document {
    pub(super) info: Info,
    paths: BTreeMap<String, BTreeMap<String, Operation>>,
    #[serde(default)]
    components: Components,
}

#[derive(Debug, Deserialize)]
pub(super) struct Info {
    pub(super) version: String,
    #[serde(default)]
    pub(super) description: String,
}

#[derive(Debug, Default, Deserialize)]
struct Components {
    #[serde(default)]
    schemas: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Operation {
    #[serde(rename = "operationId")]
    pub(super) id: String,
    #[serde(default)]
    pub(super) tags: Vec<String>,
    #[serde(default)]
    pub(super) summary: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) parameters: Vec<Parameter>,
    pub(super) request_body: Option<Content>,
    #[serde(default)]
    pub(super) responses: BTreeMap<String, Content>,
    /// Who may; absent where the caller proves what the link gave them.
    #[serde(rename = "x-permission")]
    pub(super) permission: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Parameter {
    pub(super) name: String,
    #[serde(rename = "in")]
    pub(super) place: String,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) schema: Value,
}

/// A body: a request's or an answer's.
#[derive(Debug, Deserialize)]
pub(super) struct Content {
    #[serde(default)]
    pub(super) description: String,
    /// By media type.
    #[serde(default)]
    content: BTreeMap<String, Media>,
}

#[derive(Debug, Deserialize)]
struct Media {
    #[serde(default)]
    schema: Value,
}

/// One operation and where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route<'d> {
    pub(super) path: &'d str,
    /// In lower case.
    pub(super) method: &'d str,
    pub(super) operation: &'d Operation,
}

impl Document {
    /// Every operation, by path; of one path, in the order in which things are done.
    pub(super) fn routes(&self) -> Vec<Route<'_>> {
        const ORDER: [&str; 5] = ["get", "post", "put", "patch", "delete"];
        let mut routes = Vec::new();
        for (path, item) in &self.paths {
            let found = ORDER.iter().filter_map(|method| item.get_key_value(*method));
            routes.extend(found.map(|(method, operation)| Route { path, method, operation }));
        }
        routes
    }

    /// The schema itself, where one is only named.
    pub(super) fn resolve<'v>(&'v self, schema: &'v Value) -> &'v Value {
        let named = schema.get("$ref").and_then(Value::as_str);
        let name = named.and_then(|path| path.strip_prefix("#/components/schemas/"));
        name.and_then(|name| self.components.schemas.get(name)).unwrap_or(schema)
    }
}

impl Content {
    /// The schema of its plainest form, and that form's media type.
    pub(super) fn plain(&self) -> Option<(&str, &Value)> {
        let json = self.content.get_key_value("application/json");
        let form = json.or_else(|| self.content.iter().next());
        form.map(|(kind, media)| (kind.as_str(), &media.schema))
    }

    /// Every media type that it may have.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.content.keys().map(String::as_str)
    }
}

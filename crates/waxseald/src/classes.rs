//! Paths with limits of their own, on both kinds of hosts.

use wax_edge::RouteClass;
use wax_httpkit::HostKind::{Platform, Tenant};

/// Every path that creates or delivers more than others, or that a stranger could try passwords, tokens or other people's
/// addresses on.
pub(crate) const CLASSES: [RouteClass; 29] = [
    RouteClass::create(Tenant, "/v1/secrets/create"),
    RouteClass::deliver("/v1/secrets/claim"),
    RouteClass::deliver("/v1/secrets/recover"),
    RouteClass::deliver("/v1/secrets/open"),
    RouteClass::create(Platform, "/v1/organizations/{organization}/secrets"),
    RouteClass::create(Platform, "/v1/organizations/{organization}/domains"),
    RouteClass::hear("/v1/billing/stripe", 256 * 1024),
    RouteClass::sign_in("/v1/sign-up"),
    RouteClass::sign_in("/v1/sign-up/verify"),
    RouteClass::sign_in("/v1/sign-in/password"),
    RouteClass::sign_in("/v1/sign-in/second-factor"),
    RouteClass::sign_in("/v1/sign-in/passkey/start"),
    RouteClass::sign_in("/v1/sign-in/passkey/finish"),
    RouteClass::sign_in("/v1/sign-in/link"),
    RouteClass::sign_in("/v1/sign-in/link/finish"),
    RouteClass::sign_in("/v1/password/reset"),
    RouteClass::sign_in("/v1/password/reset/finish"),
    RouteClass::sign_in("/v1/invitations/look"),
    RouteClass::sign_in("/v1/invitations/sign-up"),
    RouteClass::sign_in("/v1/invitations/accept"),
    RouteClass::sign_in("/v1/device/start"),
    RouteClass::sign_in("/v1/device/look"),
    RouteClass::sign_in("/v1/device/approve"),
    RouteClass::sign_in("/v1/account/step-up"),
    RouteClass::sign_in("/v1/account/step-up/passkey/finish"),
    RouteClass::sign_in("/v1/account/address"),
    RouteClass::sign_in("/v1/account/address/finish"),
    RouteClass::sign_in("/v1/organizations/{organization}/invitations"),
    RouteClass::sign_in("/v1/organizations/{organization}/invitations/{invitation}/resend"),
];

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use wax_edge::RateClass;

    use super::*;

    /// What people type, and what mails and browsers carry for them, in a body: each is worth trying out.
    const TRIED: [&str; 7] =
        ["credential", "email", "password", "recovery_code", "token", "totp", "user_code"];

    /// Of one's own account, after a proof: nothing is tried here.
    const OWN: [&str; 2] = ["/v1/account/passkeys/finish", "/v1/account/password"];

    fn document() -> Value {
        serde_json::from_str(&crate::api_document::json().unwrap()).unwrap()
    }

    /// The names of a body's fields, in whichever of its forms.
    fn fields(document: &Value, schema: &Value) -> Vec<String> {
        if let Some(place) = schema["$ref"].as_str() {
            return fields(document, document.pointer(&place[1..]).unwrap());
        }
        let own = schema["properties"].as_object().into_iter().flat_map(|all| all.keys().cloned());
        let forms = ["allOf", "anyOf", "oneOf"].map(|forms| schema[forms].as_array());
        let forms = forms.into_iter().flatten().flatten();
        own.chain(forms.flat_map(|form| fields(document, form))).collect()
    }

    #[test]
    fn whatever_could_be_tried_out_is_in_the_tight_class() {
        let document = document();
        let mut found = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            let body = &item["post"]["requestBody"]["content"]["application/json"]["schema"];
            let fields = fields(&document, body);
            let tried = TRIED.iter().any(|name| fields.iter().any(|field| field == name));
            if tried && !OWN.contains(&&**path) {
                let mut classes = CLASSES.iter().filter(|class| class.path == path);
                let tight = classes.any(|class| class.rate == RateClass::SignIn);
                assert!(tight, "{path} takes {fields:?}");
                found += 1;
            }
        }
        assert!(found > 15, "the bodies were read");
    }

    #[test]
    fn every_class_is_of_an_operation_that_exists() {
        let document = document();
        for class in CLASSES {
            assert!(document["paths"][class.path]["post"].is_object(), "{}", class.path);
        }
    }
}

//! Paths with limits of their own, on both kinds of hosts.

use wax_edge::RouteClass;
use wax_httpkit::HostKind::{Platform, Tenant};

/// Every path that creates or delivers more than others, or that a stranger could try passwords, tokens or other people's
/// addresses on.
pub(crate) const CLASSES: [RouteClass; 25] = [
    RouteClass::create(Tenant, "/v1/secrets/create"),
    RouteClass::deliver("/v1/secrets/claim"),
    RouteClass::deliver("/v1/secrets/recover"),
    RouteClass::deliver("/v1/secrets/open"),
    RouteClass::create(Platform, "/v1/organizations/{organization}/secrets"),
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
    RouteClass::sign_in("/v1/device/start"),
    RouteClass::sign_in("/v1/device/look"),
    RouteClass::sign_in("/v1/account/step-up"),
    RouteClass::sign_in("/v1/account/step-up/passkey/finish"),
    RouteClass::sign_in("/v1/account/address"),
    RouteClass::sign_in("/v1/account/address/finish"),
    RouteClass::sign_in("/v1/organizations/{organization}/invitations"),
    RouteClass::sign_in("/v1/organizations/{organization}/invitations/{invitation}/resend"),
];

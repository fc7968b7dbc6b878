//! Paths with limits of their own.

use http::Method;
use wax_httpkit::{HostKind, segments_below};

use crate::RateClass;

/// A path with limits of its own, for POST. Every other request on the host may send and get the host's usual number of
/// bytes, and counts as a request.
#[derive(Debug, Clone, Copy)]
pub struct RouteClass {
    /// On whose hosts.
    pub host: HostKind,
    /// The path as its route has it: `/v1/things/{name}/parts`, where a name in braces is any one segment.
    pub path: &'static str,
    /// Most bytes of a body.
    pub max_body: usize,
    /// Memory set aside for the answer before anyone is asked, in bytes. It costs nothing once the answer is known to be
    /// smaller; a longer one is still sent.
    pub max_answer: usize,
    /// The rate it counts against.
    pub rate: RateClass,
}

impl RouteClass {
    /// Most bytes of a body, and of an answer, on a tenant's host where no class says otherwise.
    pub const SMALL: usize = 16 * 1024;
    /// The same on the platform's host, where members write descriptions and read lists.
    pub const MEDIUM: usize = 64 * 1024;
    /// Most bytes of what creates something or delivers it: a text of 1 MiB in JSON, through the channel.
    pub const LARGE: usize = 2 * 1024 * 1024 + 2 * 1024;

    /// A path that creates something from up to [`Self::LARGE`] bytes.
    pub const fn create(host: HostKind, path: &'static str) -> Self {
        Self { max_body: Self::LARGE, rate: RateClass::Create, ..Self::other(host, path) }
    }

    /// A path on tenants' hosts whose answer delivers up to [`Self::LARGE`] bytes.
    pub const fn deliver(path: &'static str) -> Self {
        Self { max_answer: Self::LARGE, ..Self::other(HostKind::Tenant, path) }
    }

    /// A path on the platform's host that tries a credential, opens an account or has mail sent to an address that
    /// anyone may type.
    pub const fn sign_in(path: &'static str) -> Self {
        Self { rate: RateClass::SignIn, ..Self::other(HostKind::Platform, path) }
    }

    /// A path on the platform's host that takes up to `max_body` bytes, from who signs them.
    pub const fn hear(path: &'static str, max_body: usize) -> Self {
        Self { max_body, ..Self::other(HostKind::Platform, path) }
    }

    /// Any other path.
    const fn other(host: HostKind, path: &'static str) -> Self {
        let usual = match host {
            HostKind::Tenant => Self::SMALL,
            HostKind::Platform => Self::MEDIUM,
        };
        Self { host, path, max_body: usual, max_answer: usual, rate: RateClass::Request }
    }

    /// The class of a request.
    pub(crate) fn of(classes: &[Self], host: HostKind, method: &Method, path: &str) -> Self {
        let covers =
            |class: &&Self| class.host == host && segments_below(class.path, path) == Some(0);
        let class = classes.iter().filter(|_| *method == Method::POST).find(covers);
        class.copied().unwrap_or(Self::other(host, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_for_one_kind_of_host_and_for_post() {
        let classes = [
            RouteClass::create(HostKind::Tenant, "/v1/x"),
            RouteClass::sign_in("/v1/y"),
            RouteClass::sign_in("/v1/things/{name}/parts"),
        ];
        let class = |host, method: &Method, path: &str| {
            let class = RouteClass::of(&classes, host, method, path);
            (class.rate, class.max_body)
        };
        let (tenant, platform) = (HostKind::Tenant, HostKind::Platform);
        let usual = [(RateClass::Request, 16 * 1024), (RateClass::Request, 64 * 1024)];
        assert_eq!(class(tenant, &Method::POST, "/v1/x"), (RateClass::Create, RouteClass::LARGE));
        assert_eq!(class(platform, &Method::POST, "/v1/y"), (RateClass::SignIn, 64 * 1024));
        for path in ["/v1/things/1/parts", "/v1/things/%2F/parts"] {
            assert_eq!(class(platform, &Method::POST, path).0, RateClass::SignIn, "{path}");
        }
        for path in ["/v1/x", "/v1/y/", "/v1/y/z", "/v1/things//parts", "/v1/things/1/parts/2"] {
            assert_eq!(class(platform, &Method::POST, path), usual[1], "{path}");
        }
        assert_eq!(class(tenant, &Method::POST, "/v1/y"), usual[0]);
        assert_eq!(class(platform, &Method::GET, "/v1/y"), usual[1]);
    }
}

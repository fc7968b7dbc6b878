//! What an organization allows on a host and begins with: what the form there is told, too.

use std::time::Duration;

use serde::Deserialize;
use wax_model::Kind;

use crate::{Client, Error};

/// What may be made on a host (`/brand.json`). It binds nobody: the server refuses what is beyond, whoever asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Offer {
    /// The longest life of a secret, in seconds.
    pub max_lifetime_s: Option<u64>,
    /// How long one lives unless somebody says otherwise, in seconds.
    pub lifetime_s: Option<u64>,
    /// How many views it has, likewise.
    pub views: Option<u32>,
    /// How it is kept, likewise.
    pub kind: Option<Kind>,
    /// The kinds that may be made.
    pub kinds: Option<Vec<Kind>>,
}

impl Offer {
    /// How long a secret lives if nobody says: as the organization likes, else as usual, and never longer than it allows.
    pub fn lifetime(&self, usual: Duration) -> Duration {
        let liked = self.lifetime_s.map_or(usual, Duration::from_secs);
        self.max_lifetime_s.map_or(liked, |max| liked.min(Duration::from_secs(max)))
    }

    /// How it is kept if nobody says.
    pub fn kind(&self) -> Kind {
        let only = match self.kinds.as_deref() {
            Some([only]) => Some(*only),
            _ => None,
        };
        self.kind.or(only).unwrap_or(Kind::OneTime)
    }
}

impl Client {
    /// Asks the host what it offers, once.
    pub async fn offer(&self) -> Result<Offer, Error> {
        let body = self.get("/brand.json").await?;
        serde_json::from_slice(&body).map_err(|_| Error::Answer("it cannot be read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(json: &str) -> Offer {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_nobody_says_is_as_the_organization_likes_and_within_what_it_allows() {
        const WEEK: Duration = Duration::from_secs(604_800);
        for (json, lifetime_s, kind) in [
            ("{}", 604_800, Kind::OneTime),
            (
                r#"{"organization":"Acme","max_lifetime_s":3600,"lifetime_s":null}"#,
                3_600,
                Kind::OneTime,
            ),
            (r#"{"max_lifetime_s":86400,"lifetime_s":7200}"#, 7_200, Kind::OneTime),
            (r#"{"kinds":["device_bound"]}"#, 604_800, Kind::DeviceBound),
            (
                r#"{"kinds":["one_time","device_bound"],"kind":"device_bound"}"#,
                604_800,
                Kind::DeviceBound,
            ),
            (r#"{"kinds":["one_time","device_bound"],"kind":null}"#, 604_800, Kind::OneTime),
        ] {
            let offer = offer(json);
            assert_eq!(
                (offer.lifetime(WEEK).as_secs(), offer.kind()),
                (lifetime_s, kind),
                "{json}"
            );
        }
    }
}

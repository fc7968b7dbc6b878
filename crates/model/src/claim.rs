//! A claim: one view, bound to one device.

use wax_kernel::{ClaimId, SecretId, Timestamp};

use crate::text_enum::text_enum;

text_enum! {
    /// Where a claim stands.
    ClaimState {
        /// Delivered, not confirmed: its device may recover it.
        Open = "open",
        /// Confirmed by somebody who unwrapped the key.
        Acked = "acked",
        /// Its window ended without confirmation.
        Lapsed = "lapsed",
        /// Confirmed, and later given to another device.
        Handed = "handed",
    }
}

text_enum! {
    /// What kind of device opened a secret: as much as is kept of the user agent.
    DeviceKind {
        /// A telephone.
        Phone = "phone",
        /// A tablet.
        Tablet = "tablet",
        /// A desktop or laptop computer.
        Computer = "computer",
        /// The command line client.
        Cli = "cli",
        /// Anything else.
        Unknown = "unknown",
    }
}

impl DeviceKind {
    /// Guesses from a `User-Agent`. Good enough for "opened by a phone"; nothing depends on it.
    pub fn from_user_agent(agent: &str) -> Self {
        let has = |words: &[&str]| words.iter().any(|word| agent.contains(word));
        if agent.starts_with("waxseal/") {
            Self::Cli
        } else if has(&["iPad", "Tablet"]) || (has(&["Android"]) && !has(&["Mobile"])) {
            Self::Tablet
        } else if has(&["iPhone", "Mobile"]) {
            Self::Phone
        } else if has(&["Windows", "Macintosh", "X11", "CrOS", "Linux"]) {
            Self::Computer
        } else {
            Self::Unknown
        }
    }
}

/// One row of `claims`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Random.
    pub id: ClaimId,
    /// Which secret.
    pub secret: SecretId,
    /// RFC 7638 thumbprint of the device's key. One claim per secret and device, for ever.
    pub thumbprint: [u8; 32],
    /// Where it stands.
    pub state: ClaimState,
    /// What opened it.
    pub device: DeviceKind,
    /// The largest counter taken from this device.
    pub counter: i64,
    /// When the view was taken.
    pub created_at: Timestamp,
    /// Until when it may be recovered.
    pub window_ends_at: Timestamp,
    /// When it was acknowledged, lapsed or handed over.
    pub ended_at: Option<Timestamp>,
    /// Openings after the first: only of device-bound secrets.
    pub opens: u32,
    /// The last of them.
    pub last_open_at: Option<Timestamp>,
    /// The device that gave the secret to this one, if one did.
    pub handed_by: Option<[u8; 32]>,
}

impl Claim {
    /// Whether it may still be confirmed at `now`. The row says `open` until the reaper comes by.
    pub fn is_open_at(&self, now: Timestamp) -> bool {
        self.state == ClaimState::Open && now < self.window_ends_at
    }
}

#[cfg(test)]
mod tests {
    use super::DeviceKind;

    #[test]
    fn common_agents_are_told_apart() {
        for (agent, kind) in [
            ("waxseal/0.1.0", DeviceKind::Cli),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148",
                DeviceKind::Phone,
            ),
            ("Mozilla/5.0 (Linux; Android 15; Pixel 9) Mobile Safari", DeviceKind::Phone),
            ("Mozilla/5.0 (Linux; Android 15; SM-X910) Safari", DeviceKind::Tablet),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", DeviceKind::Computer),
            ("curl/8", DeviceKind::Unknown),
        ] {
            assert_eq!(DeviceKind::from_user_agent(agent), kind, "{agent}");
        }
    }
}

//! Handing a device-bound secret to another device (protocol.md §6 "ask", "give").

use std::time::Duration;

use wax_kernel::{SecretId, Timestamp};

use crate::DeviceKind;

/// How long an ask stands.
pub const ASK_STANDS: Duration = Duration::from_secs(15 * 60);
/// How many asks for one secret may stand at once.
pub const MAX_ASKS: usize = 5;

/// A device that asks the bound device for its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// For which secret.
    pub secret: SecretId,
    /// Which device asks.
    pub thumbprint: [u8; 32],
    /// What kind of device it is.
    pub device: DeviceKind,
    /// The public key to which what is given is to be sealed: an uncompressed P-256 point.
    pub receive: [u8; 65],
    /// Drawn by the server after it has seen the device: the code on both screens follows from it.
    pub nonce: [u8; 16],
    /// When it asked.
    pub asked_at: Timestamp,
    /// First moment at which it can no longer be answered.
    pub ends_at: Timestamp,
}

impl Ask {
    /// Whether it can be answered at `now`. The row stays until the reaper comes by.
    pub fn stands_at(&self, now: Timestamp) -> bool {
        now < self.ends_at
    }
}

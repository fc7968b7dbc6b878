//! `[accounts]`

use std::time::Duration;

use serde::Deserialize;

use crate::sections::{seconds, within};

/// `[accounts]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    /// Who may sign up.
    pub sign_up: SignUp,
    /// How long a session lives without use.
    #[serde(rename = "session_idle_s", deserialize_with = "seconds::<300, 2_592_000, _>")]
    pub session_idle: Duration,
    /// How long a session lives.
    #[serde(rename = "session_max_s", deserialize_with = "seconds::<3_600, 31_536_000, _>")]
    pub session_max: Duration,
    /// Memory of one password's hash, in KiB.
    #[serde(deserialize_with = "within::<7_168, 1_048_576, _>")]
    pub argon2_memory_kib: u32,
    /// Passes over it.
    #[serde(deserialize_with = "within::<1, 64, _>")]
    pub argon2_passes: u32,
    /// Lanes.
    #[serde(deserialize_with = "within::<1, 16, _>")]
    pub argon2_lanes: u32,
    /// Passwords that are hashed at once; 0: as many as half the processors.
    #[serde(deserialize_with = "within::<0, 64, _>")]
    pub argon2_threads: u32,
}

/// Who may sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignUp {
    /// Everybody.
    Open,
    /// Who was invited.
    Invited,
    /// Nobody.
    Closed,
}

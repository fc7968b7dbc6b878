//! Wrong tries: counted, held back, locked; never burning anything (protocol.md §8 "Tries").

use std::time::Duration;

use wax_kernel::Timestamp;

/// Wrong tries of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// Wrong tries so far.
    pub wrong: u32,
    /// Wrong tries until the secret locks.
    pub left: u32,
    /// When the next try is taken, if tries are held back now.
    pub next_at: Option<Timestamp>,
}

/// How many wrong tries lock a secret of which `views_taken` views were taken. Every rightful opening earns one more,
/// so that a link for a thousand people does not lock because each of some mistyped once.
pub const fn lock_at(views_taken: u32) -> u32 {
    views_taken.saturating_add(20)
}

/// How long tries are held back after the `wrong`th wrong one.
pub const fn wait_after(wrong: u32) -> Duration {
    match wrong {
        0..=4 => Duration::ZERO,
        5 => Duration::from_secs(60),
        6 => Duration::from_secs(300),
        _ => Duration::from_secs(1_800),
    }
}

//! The ends of a secret, and of an attempt, in words.

use wax_client_sdk::{Opening, Problem, Tries};
use wax_crypto::{MAX_PASSPHRASE_BYTES, MAX_TEXT_BYTES, PassphraseError, SealError};
use wax_model::{DeviceKind, SecretState};

use crate::{
    failure::{Exit, Failure},
    when,
    words::Words,
};

/// Nothing can be claimed: why, who opened it, and what to do.
pub(crate) fn gone(words: Words, state: Option<SecretState>, openings: &[Opening]) -> Failure {
    let (message, advice) = match state {
        Some(SecretState::Burned) => ("gone.burned", "gone.advice"),
        Some(SecretState::Expired) => ("gone.expired", "gone.advice"),
        Some(SecretState::Bound) => ("gone.bound", "gone.bound.advice"),
        Some(SecretState::Draining) => ("gone.draining", "gone.stranger.advice"),
        Some(SecretState::Destroyed) => ("gone.destroyed", "gone.stranger.advice"),
        // Only this machine's own claim has ended: another window was faster.
        Some(SecretState::Ready) => ("gone.here", "gone.here.advice"),
        _ => ("gone.other", "gone.advice"),
    };
    let failure =
        openings.iter().fold(Failure::new(Exit::Gone, words.plain(message)), |failure, opening| {
            failure.advise(format!("  {}", opened_by(words, opening)))
        });
    failure.advise(words.plain(advice))
}

/// `Opened 22 Nov 2026, 09:14 UTC on a phone`
pub(crate) fn opened_by(words: Words, opening: &Opening) -> String {
    let device = device(words, opening.device);
    words.say("opened.by", &[("time", &when::moment(words, opening.at)), ("device", &device)])
}

/// `a phone`
pub(crate) fn device(words: Words, device: DeviceKind) -> String {
    let key = match device {
        DeviceKind::Phone => "further.device.phone",
        DeviceKind::Tablet => "further.device.tablet",
        DeviceKind::Computer => "further.device.computer",
        DeviceKind::Cli => "further.device.cli",
        DeviceKind::Unknown => "further.device.unknown",
    };
    wax_i18n::text(words.lang, key, &[])
}

/// The server counted a wrong passphrase.
pub(crate) fn wrong_key(words: Words, tries: Option<Tries>) -> Failure {
    let message = tries.map_or_else(
        || words.plain("passphrase.wrong"),
        |tries| words.say("passphrase.wrong.left", &[("count", &tries.left)]),
    );
    Failure::new(Exit::Passphrase, message)
}

/// Tries are held back: nothing was counted.
pub(crate) fn held_back(words: Words, problem: &Problem) -> Failure {
    let message = problem.retry_after.map_or_else(
        || words.plain("held"),
        |wait| words.say("held.for", &[("span", &when::span(words, wait))]),
    );
    Failure::new(Exit::Passphrase, message).advise(words.plain("held.advice"))
}

pub(crate) fn passphrase_error(words: Words, error: PassphraseError) -> String {
    match error {
        PassphraseError::Empty => words.plain("passphrase.empty"),
        PassphraseError::TooLong => {
            words.say("passphrase.long", &[("limit", &when::size(MAX_PASSPHRASE_BYTES as u64))])
        }
        PassphraseError::Params => words.plain("passphrase.params"),
        PassphraseError::Memory => words.plain("passphrase.memory"),
    }
}

pub(crate) fn draft_error(words: Words, error: SealError) -> Failure {
    match error {
        SealError::Text(_) => too_long(words),
        SealError::Passphrase(error) => Failure::usage(passphrase_error(words, error)),
    }
}

pub(crate) fn too_long(words: Words) -> Failure {
    let limit = when::size(MAX_TEXT_BYTES as u64);
    Failure::new(Exit::Refused, words.say("text.long", &[("limit", &limit)]))
}

//! A receipt as its sender reads it.

use wax_client_sdk::Receipt;
use wax_kernel::Timestamp;
use wax_model::{ClaimState, Kind, SecretState};

use crate::{
    outcome::opened_by,
    output::{Output, Stream, Style},
    when,
    words::Words,
};

/// What happened in one sentence, set off by whether it is good, bad or just so.
fn headline(receipt: &Receipt, words: Words) -> (Style, String) {
    let (key, style) = match receipt.state {
        SecretState::Ready if receipt.openings.is_empty() => ("state.ready", Style::Bold),
        SecretState::Ready => ("state.partly", Style::Bold),
        SecretState::Locked => ("state.locked", Style::Bad),
        SecretState::Draining => ("state.draining", Style::Bold),
        SecretState::Bound => ("state.bound", Style::Good),
        SecretState::Destroyed => ("state.destroyed", Style::Good),
        SecretState::Burned => ("state.burned", Style::Bold),
        SecretState::Expired => ("state.expired", Style::Bold),
        SecretState::Restored => ("state.restored", Style::Bad),
    };
    (style, words.plain(key))
}

/// Everything a receipt tells, a line each, for one of the two streams.
pub(crate) fn lines(
    receipt: &Receipt,
    now: Timestamp,
    words: Words,
    output: &Output,
    stream: Stream,
) -> Vec<String> {
    let (style, headline) = headline(receipt, words);
    let mut lines = vec![output.styled(stream, style, &headline)];
    let mut fact =
        |key: &str, time: String| lines.push(format!("  {}", words.say(key, &[("time", &time)])));
    fact("fact.created", when::past(words, receipt.created_at, now));
    match receipt.ended_at {
        Some(ended) => fact("fact.ended", when::past(words, ended, now)),
        None => fact("fact.expires", when::future(words, receipt.expires_at, now)),
    }
    lines.push(format!(
        "  {}",
        match receipt.kind {
            Kind::OneTime => views(words, receipt.views, receipt.views_left),
            Kind::DeviceBound => words.plain("fact.bound"),
        }
    ));
    if receipt.passphrase {
        let wrong = receipt.tries.wrong;
        let key = if wrong == 0 { "fact.passphrase" } else { "fact.passphrase.wrong" };
        lines.push(format!("  {}", words.say(key, &[("count", &wrong)])));
    }
    lines.extend(receipt.openings.iter().map(|opening| {
        let confirmed = match opening.state {
            ClaimState::Open => "opened.open",
            ClaimState::Acked => "opened.acked",
            ClaimState::Handed => "opened.handed",
            ClaimState::Lapsed => "opened.lapsed",
        };
        let again = opening.last_open_at.map_or_else(String::new, |last| {
            let last = when::past(words, last, now);
            words.say("opened.again", &[("count", &opening.opens), ("time", &last)])
        });
        format!("  {}{}{again}", opened_by(words, opening), words.plain(confirmed))
    }));
    if receipt.state == SecretState::Locked {
        lines.push(words.plain("locked.sender.advice"));
    }
    lines
}

/// How often it can be opened, of how many times.
pub(crate) fn views(words: Words, views: u32, left: u32) -> String {
    match views {
        1 if left == 1 => words.plain("fact.once"),
        _ => words.say("fact.views", &[("left", &left), ("total", &views)]),
    }
}

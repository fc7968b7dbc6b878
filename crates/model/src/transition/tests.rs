use std::collections::BTreeSet;

use super::*;

/// Small facts of every combination that a rule can tell apart.
fn all_facts() -> impl Iterator<Item = Facts> {
    let kinds = Kind::ALL.iter().copied();
    kinds.flat_map(|kind| {
        (0..32).map(move |bits: u32| Facts {
            kind,
            views_left: bits % 3,
            open_claims: (bits / 3) % 3,
            wrong_tries: (bits / 9) % 2,
            lock_at: 2,
            is_past_expiry: bits / 16 == 1,
        })
    })
}

#[test]
fn no_two_lines_answer_one_question() {
    for facts in all_facts() {
        for (from, event) in questions() {
            let fits = |line: &&Transition| {
                line.from == from && line.event == event && line.when.holds(&facts)
            };
            assert!(TRANSITIONS.iter().filter(fits).count() <= 1, "{from:?} {event:?} {facts:?}");
        }
    }
}

fn questions() -> impl Iterator<Item = (SecretState, Event)> {
    SecretState::ALL.iter().flat_map(|from| Event::ALL.into_iter().map(|event| (*from, event)))
}

#[test]
fn nothing_follows_an_end() {
    assert!(TRANSITIONS.iter().all(|line| !line.from.is_final()));
}

#[test]
fn every_state_that_is_no_end_can_be_burned_and_ends_by_itself() {
    for from in SecretState::ALL.iter().filter(|state| !state.is_final()) {
        let ends_by = |event| {
            TRANSITIONS
                .iter()
                .any(|line| (line.from, line.event) == (*from, event) && line.to.is_final())
        };
        assert!(ends_by(Event::Burn), "{from:?}");
        assert!(ends_by(Event::Expiry) || ends_by(Event::Lapse), "{from:?}");
    }
}

#[test]
fn the_document_has_exactly_these_lines() {
    let document = include_str!("../../../../docs/ARCHITECTURE.md");
    let (_, section) = document.split_once("### A secret\n").expect("the table of a secret");
    let (section, _) = section.split_once("### A claim\n").expect("the table of a claim");
    let published: BTreeSet<_> = section.lines().flat_map(published_lines).collect();
    let ours: BTreeSet<_> = TRANSITIONS
        .iter()
        .map(|line| (line.from.as_str(), format!("{:?}", line.event), line.to.as_str()))
        .collect();
    let missing: Vec<_> = ours.difference(&published).collect();
    let invented: Vec<_> = published.difference(&ours).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "missing {missing:?}, invented {invented:?}"
    );
}

/// A row stands for every pair of its first and its fourth cell; "same" stands for the state it began in.
fn published_lines(row: &'static str) -> Vec<(&'static str, String, &'static str)> {
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    let [_, from, event, _, to, ..] = cells.as_slice() else { return Vec::new() };
    let mut lines = Vec::new();
    for from in states(from) {
        for event in events(event) {
            let to = if *to == "same" { vec![from] } else { states(to) };
            lines.extend(to.into_iter().map(|to| (from, format!("{event:?}"), to)));
        }
    }
    lines
}

fn states(cell: &'static str) -> Vec<&'static str> {
    let words = cell.split('`').skip(1).step_by(2);
    words.filter(|word| SecretState::parse(word).is_ok()).collect()
}

/// What people call the events.
fn events(cell: &str) -> &'static [Event] {
    match cell {
        "claim, right key" => &[Claim],
        "claim, wrong key" => &[WrongKey],
        "a claim closes" | "the last claim closes" => &[Ack, Lapse],
        "ack of the only claim" => &[Ack],
        "open, ask, give" => &[Open],
        "unlock (proof of R)" => &[Unlock],
        "expiry" => &[Expiry],
        "burn (proof of R)" => &[Burn],
        unknown => panic!("which event is {unknown:?}?"),
    }
}

//! Histories made by hand: each promise is kept in one and broken in the next.

use wax_model::{Kind, SecretState};

use super::*;
use crate::history::What;

const SENDER: Who = Who::Sender;
const ONE: Who = Who::Reader(0);
const TWO: Who = Who::Reader(1);

fn plan() -> Plan {
    Plan {
        number: 7,
        kind: Kind::OneTime,
        views: 1,
        readers: vec![Habit::Plain; 2],
        burned: false,
        together: false,
    }
}

fn text() -> Answer {
    text_at(0)
}

fn text_at(counter: i64) -> Answer {
    Answer::Text(TextDigest::of(&plan().text()), counter)
}

fn receipt(state: SecretState, views_left: u32, open: u32, acked: u32) -> Answer {
    Answer::Receipt(Seen { state, views_left, open, acked, lapsed: 0, wrong: 0 })
}

fn destroyed() -> Answer {
    receipt(SecretState::Destroyed, 0, 0, 1)
}

/// Calls one after the other: each is answered before the next is asked.
fn in_a_row(calls: &[(Who, Ask, Answer)]) -> Vec<Event> {
    let events = calls.iter().enumerate().flat_map(|(number, (who, ask, answer))| {
        let at_us = number as u64 * 10;
        let asked = What::Asked(*who, *ask);
        let answered = What::Answered(answer.clone());
        [
            Event { at_us, call: number, what: asked },
            Event { at_us: at_us + 5, call: number, what: answered },
        ]
    });
    events.collect()
}

/// All are asked before the first is answered.
fn at_once(calls: &[(Who, Ask, Answer)]) -> Vec<Event> {
    let mut events = in_a_row(calls);
    events.sort_by_key(|event| matches!(event.what, What::Answered(_)));
    for (at_us, event) in (0..).zip(&mut events) {
        event.at_us = at_us;
    }
    events
}

/// Later events, with numbers and times behind those of the earlier.
fn then(mut earlier: Vec<Event>, later: Vec<Event>) -> Vec<Event> {
    let (calls, at) = (earlier.len(), earlier.last().map_or(0, |event| event.at_us + 1));
    earlier.extend(later.into_iter().map(|event| Event {
        at_us: event.at_us + at,
        call: event.call + calls,
        what: event.what,
    }));
    earlier
}

fn sound() -> Vec<(Who, Ask, Answer)> {
    vec![
        (SENDER, Ask::Share, Answer::Done),
        (ONE, Ask::Claim, text()),
        (TWO, Ask::Claim, Answer::Gone),
        (ONE, Ask::Ack(1), Answer::Done),
        (SENDER, Ask::Receipt, destroyed()),
    ]
}

/// The sound history with one call changed.
fn with(index: usize, call: (Who, Ask, Answer)) -> Vec<Event> {
    let mut calls = sound();
    calls[index] = call;
    in_a_row(&calls)
}

/// The sound history with further calls before the receipt.
fn and(calls: &[(Who, Ask, Answer)]) -> Vec<Event> {
    let mut all = sound();
    let receipt = all.len() - 1;
    all.splice(receipt..receipt, calls.iter().cloned());
    in_a_row(&all)
}

fn assert_sound(plan: &Plan, events: &[Event]) {
    assert_eq!(judge(plan, events), []);
}

fn assert_convicted(plan: &Plan, events: &[Event], violation: &Violation) {
    let found = judge(plan, events);
    assert!(found.contains(violation), "{found:?}");
}

#[test]
fn one_device_that_opens_and_acknowledges_is_as_it_should_be() {
    assert_sound(&plan(), &in_a_row(&sound()));
}

#[test]
fn two_devices_that_hold_one_view_are_convicted() {
    let events = with(2, (TWO, Ask::Claim, text()));
    assert_convicted(&plan(), &events, &Violation::OpenedByMore { devices: 2, views: 1 });
}

#[test]
fn a_view_that_nobody_gets_though_somebody_wants_it_is_convicted() {
    let events = with(1, (ONE, Ask::Claim, Answer::Gone));
    assert_convicted(&plan(), &events, &Violation::OpenedByFewer { devices: 0, expected: 1 });
}

#[test]
fn another_text_than_was_sealed_is_convicted() {
    let other = Answer::Text(TextDigest::of("another"), 0);
    assert_convicted(&plan(), &with(1, (ONE, Ask::Claim, other)), &Violation::AnotherText(ONE));
}

#[test]
fn a_reader_without_a_final_word_is_convicted_and_one_that_was_cut_off_by_a_burn_is_not() {
    let events = with(2, (TWO, Ask::Claim, Answer::Lost));
    assert_convicted(&plan(), &events, &Violation::NoVerdict(TWO));

    let burned = Plan { burned: true, ..plan() };
    let seen = Seen { lapsed: 1, ..seen_of(&receipt(SecretState::Burned, 0, 0, 0)) };
    assert_sound(
        &burned,
        &in_a_row(&[
            (ONE, Ask::Claim, text()),
            (SENDER, Ask::Burn, Answer::Receipt(seen)),
            (ONE, Ask::Ack(1), Answer::Gone),
            (TWO, Ask::Claim, Answer::Gone),
            (SENDER, Ask::Receipt, Answer::Receipt(seen)),
        ]),
    );
}

fn seen_of(answer: &Answer) -> Seen {
    match answer {
        Answer::Receipt(seen) => *seen,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_claim_that_was_answered_and_cannot_be_recovered_is_convicted() {
    let mut calls = sound();
    calls.insert(2, (ONE, Ask::Recover, Answer::NoClaim));
    assert_convicted(&plan(), &in_a_row(&calls), &Violation::LostAfterAnswer(ONE));
}

#[test]
fn a_claim_whose_answer_was_lost_may_be_recovered_or_taken_by_another() {
    let mut calls = sound();
    calls.insert(1, (ONE, Ask::Claim, Answer::Lost));
    calls[2] = (ONE, Ask::Recover, text());
    assert_sound(&plan(), &in_a_row(&calls));
    calls[2] = (TWO, Ask::Claim, text());
    calls[3] = (ONE, Ask::Claim, Answer::Gone);
    calls[4] = (TWO, Ask::Ack(1), Answer::Done);
    assert_sound(&plan(), &in_a_row(&calls));
}

#[test]
fn after_an_acknowledgement_was_sent_nothing_needs_to_be_recovered() {
    let mut calls = sound();
    calls[3] = (ONE, Ask::Ack(1), Answer::Lost);
    calls.insert(4, (ONE, Ask::Recover, Answer::NoClaim));
    calls.insert(5, (ONE, Ask::Ack(2), Answer::Done));
    assert_sound(&plan(), &in_a_row(&calls));
}

#[test]
fn a_stored_secret_that_is_unknown_is_convicted() {
    let events = with(2, (TWO, Ask::Peek, Answer::NotAvailable));
    assert_convicted(&plan(), &events, &Violation::NotStored);
}

#[test]
fn opening_after_the_burn_was_answered_is_convicted_and_during_the_burn_it_is_not() {
    let burned = Plan { burned: true, ..plan() };
    let seen = Seen { lapsed: 1, ..seen_of(&receipt(SecretState::Burned, 0, 0, 0)) };
    let burn = (SENDER, Ask::Burn, Answer::Receipt(seen));
    let claim = (ONE, Ask::Claim, text());
    let end = in_a_row(&[
        (ONE, Ask::Ack(1), Answer::Gone),
        (TWO, Ask::Claim, Answer::Gone),
        (SENDER, Ask::Receipt, Answer::Receipt(seen)),
    ]);
    assert_sound(&burned, &then(at_once(&[burn.clone(), claim.clone()]), end.clone()));
    let after = then(in_a_row(&[burn, claim]), end);
    assert_convicted(&burned, &after, &Violation::OpenedAfterBurn(ONE));
}

#[test]
fn a_counter_is_taken_once_and_only_if_it_rises() {
    let beat = |counter, answer| (ONE, Ask::Heartbeat(counter), answer);
    let before_ack =
        |beats: Vec<Event>| then(then(in_a_row(&sound()[..3]), beats), in_a_row(&sound()[3..]));
    let refused = at_once(&[beat(1, Answer::Done), beat(1, Answer::CounterRefused)]);
    assert_sound(&plan(), &before_ack(refused));
    let twice = at_once(&[beat(1, Answer::Done), beat(1, Answer::Done)]);
    assert_convicted(&plan(), &before_ack(twice), &Violation::CounterTakenTwice(ONE, 1));
    let back = in_a_row(&[beat(2, Answer::Done), beat(1, Answer::Done)]);
    assert_convicted(&plan(), &before_ack(back), &Violation::CounterTakenTwice(ONE, 1));
    // Of two that are on their way together the larger may arrive first, but then the smaller is refused: both were taken
    // in the other order.
    let crossed = at_once(&[beat(2, Answer::Done), beat(1, Answer::Done)]);
    assert_sound(&plan(), &before_ack(crossed));
    let forgotten = in_a_row(&[beat(2, Answer::Done), (ONE, Ask::Recover, text_at(1))]);
    assert_convicted(&plan(), &before_ack(forgotten), &Violation::CounterWentBack(ONE));
}

#[test]
fn wrong_tries_are_counted_one_by_one() {
    let guessed = Plan { readers: vec![Habit::Plain, Habit::Guesser, Habit::Guesser], ..plan() };
    let three = Who::Reader(2);
    let case = |first: u32, second: u32, counted: u32| {
        let seen = Seen { wrong: counted, ..seen_of(&destroyed()) };
        in_a_row(&[
            (TWO, Ask::Guess, Answer::WrongKey(first)),
            (three, Ask::Guess, Answer::WrongKey(second)),
            (ONE, Ask::Claim, text()),
            (ONE, Ask::Ack(1), Answer::Done),
            (SENDER, Ask::Receipt, Answer::Receipt(seen)),
        ])
    };
    assert_sound(&guessed, &case(1, 2, 2));
    assert_convicted(&guessed, &case(1, 1, 2), &Violation::TriesCountedAsOne(1));
    let disagree = |counted| Violation::TriesDisagree { counted, answered: 2, asked: 2 };
    assert_convicted(&guessed, &case(1, 2, 1), &disagree(1));
    assert_convicted(&guessed, &case(1, 2, 3), &disagree(3));
}

#[test]
fn a_receipt_that_loses_a_view_is_convicted() {
    let two = Plan { views: 2, ..plan() };
    let events = in_a_row(&[
        (ONE, Ask::Claim, text()),
        (TWO, Ask::Claim, text()),
        (ONE, Ask::Ack(1), Answer::Done),
        (TWO, Ask::Ack(1), Answer::Done),
        (SENDER, Ask::Receipt, destroyed()),
    ]);
    let seen = seen_of(&destroyed());
    assert_convicted(&two, &events, &Violation::ViewsNotConserved { seen, views: 2 });
}

#[test]
fn a_secret_that_everybody_acknowledged_and_that_does_not_end_is_convicted() {
    let draining = receipt(SecretState::Draining, 0, 0, 1);
    let seen = seen_of(&draining);
    let because = "every view was taken and acknowledged";
    let events = with(4, (SENDER, Ask::Receipt, draining));
    assert_convicted(&plan(), &events, &Violation::ReceiptDisagrees { seen, because });
}

#[test]
fn a_receipt_without_an_acknowledgement_that_was_answered_is_convicted() {
    let open = receipt(SecretState::Draining, 0, 1, 0);
    let seen = seen_of(&open);
    let because = "more devices acknowledged it";
    let events = with(4, (SENDER, Ask::Receipt, open));
    assert_convicted(&plan(), &events, &Violation::ReceiptDisagrees { seen, because });
}

#[test]
fn a_burn_that_was_answered_and_forgotten_is_convicted() {
    let burned = Plan { burned: true, ..plan() };
    let ready = receipt(SecretState::Ready, 1, 0, 0);
    let events = in_a_row(&[
        (SENDER, Ask::Burn, receipt(SecretState::Burned, 1, 0, 0)),
        (ONE, Ask::Claim, Answer::Gone),
        (TWO, Ask::Claim, Answer::Gone),
        (SENDER, Ask::Receipt, ready),
    ]);
    assert_convicted(&burned, &events, &Violation::WentBack);
}

#[test]
fn a_bound_device_returns_and_nobody_else() {
    let bound = Plan { kind: Kind::DeviceBound, ..plan() };
    let story = |who: Who, open: Answer| {
        in_a_row(&[
            (ONE, Ask::Claim, text()),
            (TWO, Ask::Claim, Answer::Gone),
            (ONE, Ask::Ack(1), Answer::Done),
            (who, Ask::Open(2), open),
            (SENDER, Ask::Receipt, receipt(SecretState::Bound, 0, 0, 1)),
        ])
    };
    assert_sound(&bound, &story(ONE, text_at(2)));
    assert_convicted(&bound, &story(ONE, Answer::Gone), &Violation::LostAfterAnswer(ONE));
    let stolen = story(TWO, text_at(2));
    assert_convicted(&bound, &stolen, &Violation::OpenedByMore { devices: 2, views: 1 });
}

#[test]
fn a_bound_devices_opening_with_a_used_counter_is_convicted() {
    let bound = Plan { kind: Kind::DeviceBound, ..plan() };
    let story = |counter: i64| {
        in_a_row(&[
            (ONE, Ask::Claim, text()),
            (TWO, Ask::Claim, Answer::Gone),
            (ONE, Ask::Ack(1), Answer::Done),
            (ONE, Ask::Open(2), text_at(2)),
            (ONE, Ask::Open(counter), text_at(counter)),
            (SENDER, Ask::Receipt, receipt(SecretState::Bound, 0, 0, 1)),
        ])
    };
    assert_sound(&bound, &story(3));
    assert_convicted(&bound, &story(2), &Violation::CounterTakenTwice(ONE, 2));
}

#[test]
fn a_bound_devices_opening_after_the_burns_answer_is_convicted() {
    let bound = Plan { kind: Kind::DeviceBound, burned: true, ..plan() };
    let story = |open: Answer| {
        in_a_row(&[
            (ONE, Ask::Claim, text()),
            (TWO, Ask::Claim, Answer::Gone),
            (ONE, Ask::Ack(1), Answer::Done),
            (ONE, Ask::Open(2), text_at(2)),
            (SENDER, Ask::Burn, receipt(SecretState::Burned, 0, 0, 1)),
            (ONE, Ask::Open(3), open),
            (SENDER, Ask::Receipt, receipt(SecretState::Burned, 0, 0, 1)),
        ])
    };
    assert_sound(&bound, &story(Answer::Gone));
    assert_convicted(&bound, &story(text_at(3)), &Violation::OpenedAfterBurn(ONE));
}

#[test]
fn an_answer_that_no_sound_server_gives_is_convicted() {
    let events = and(&[(TWO, Ask::Peek, Answer::Impossible("Internal (500)".into()))]);
    let violation = Violation::Impossible(TWO, "Internal (500)".into());
    assert_convicted(&plan(), &events, &violation);
}

#[test]
fn a_history_survives_being_written_down() {
    let events = in_a_row(&sound());
    let text = serde_json::to_string(&events).unwrap();
    let read: Vec<Event> = serde_json::from_str(&text).unwrap();
    assert_eq!(read, events);
}

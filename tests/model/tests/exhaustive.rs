//! Every path of every scenario; and of every scenario with a broken rule, one that breaks a promise.

#![expect(
    clippy::print_stdout,
    reason = "`--nocapture` shows how many states, and the way that breaks"
)]

use waxseal_tests_model::{Broken, Scenario, holds_everywhere, way_to_break};

fn holds(scenario: Scenario, at_least: usize) {
    let states = holds_everywhere(scenario).unwrap_or_else(|broken| panic!("{broken}"));
    println!("{states} states");
    assert!(states > at_least, "only {states} states: nothing was explored");
}

fn fails(scenario: Scenario, promise: &'static str) {
    let way = way_to_break(scenario, promise);
    println!("{}", way.unwrap_or_else(|| panic!("the broken rule went unnoticed: {promise}")));
}

#[test]
fn in_every_race_for_one_view_one_device_gets_it() {
    holds(Scenario::RACE, 1_000);
}

#[test]
fn a_crash_or_a_lost_answer_loses_nothing_and_gives_nothing_twice() {
    holds(Scenario::CRASH, 1_000);
}

#[test]
fn two_tabs_take_no_second_view() {
    holds(Scenario::TABS, 1_000);
}

#[test]
fn a_captured_call_is_worth_nothing_twice() {
    holds(Scenario::REPLAYS, 1_000);
}

#[test]
fn a_bound_device_returns_until_the_end_and_nobody_else_does() {
    holds(Scenario::BOUND, 1_000);
}

#[test]
fn a_lock_stops_new_claims_and_nothing_else() {
    holds(Scenario::LOCKED, 1_000);
}

#[test]
fn selecting_and_then_deleting_gives_one_view_to_two_devices() {
    fails(Scenario::RACE.with(Broken::SelectThenDelete), "no two devices have one view");
}

#[test]
fn not_exists_lets_two_tabs_take_two_views() {
    fails(
        Scenario::TABS.with(Broken::NotExists),
        "views taken and views left are the views there were",
    );
}

#[test]
fn an_ack_without_the_secrets_row_lock_leaves_a_secret_that_never_ends() {
    let short = Scenario { asks: 1, ..Scenario::TABS };
    fails(short.with(Broken::AckWithoutLock), "every secret ends");
}

#[test]
fn tries_counted_outside_the_update_are_lost() {
    fails(Scenario::LOCKED.with(Broken::TriesOutsideUpdate), "every wrong try is counted");
}

#[test]
fn a_counter_compared_in_memory_is_taken_twice() {
    fails(Scenario::REPLAYS.with(Broken::CounterInMemory), "no counter is taken twice");
    fails(Scenario::BOUND.with(Broken::CounterInMemory), "no counter is taken twice");
}

#[test]
fn an_answer_before_the_commit_can_be_lost_with_the_server() {
    fails(Scenario::CRASH.with(Broken::AnswerBeforeCommit), "what was answered can be recovered");
}

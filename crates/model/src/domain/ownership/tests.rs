use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp::from_ms(1_800_000_000_000);
const HOUR: Duration = Duration::from_hours(1);
const PROOF: Seen = Seen::Proof { fresh: false };
const FRESH: Seen = Seen::Proof { fresh: true };

fn tenant(n: u8) -> TenantId {
    TenantId::from_bytes([n; 16])
}

fn domain(n: u8) -> DomainId {
    DomainId::from_bytes([n; 16])
}

fn vantage(name: &str) -> Vantage {
    Vantage(name.into())
}

/// A host and its clock; claims are named by numbers from 1.
struct Story {
    host: Host,
    now: Timestamp,
}

impl Story {
    fn of(claims: u8) -> Self {
        let claims = (1..=claims).map(|n| HostClaim::pending(domain(n), tenant(n), START));
        Self { host: Host(claims.collect()), now: START }
    }

    fn after(&mut self, pause: Duration) -> &mut Self {
        self.now = self.now.plus(pause);
        self.host.apply(&Event::TimePassed, self.now);
        self
    }

    fn sees(&mut self, n: u8, seen: Seen) -> &mut Self {
        self.sees_from(n, seen, "here", None)
    }

    fn sees_from(
        &mut self,
        n: u8,
        seen: Seen,
        from: &str,
        locked_to: Option<&[TenantId]>,
    ) -> &mut Self {
        let event = Event::Checked { domain: domain(n), seen, from: &vantage(from), locked_to };
        self.host.apply(&event, self.now);
        self
    }

    /// Proves a claim against a holder: two sightings, from two places.
    fn proves_twice(&mut self, n: u8) -> &mut Self {
        self.sees_from(n, PROOF, "here", None).after(SIGHTINGS_APART);
        self.sees_from(n, PROOF, "there", None)
    }

    fn is(&mut self, n: u8, ownership: Ownership) -> &mut Self {
        assert_eq!(self.host.0[usize::from(n) - 1].ownership, ownership, "claim {n}");
        self
    }
}

#[test]
fn the_first_to_prove_holds_the_host_and_adding_it_reserves_nothing() {
    Story::of(2)
        .sees(1, Seen::Here)
        .is(1, Ownership::Pending)
        .sees(2, PROOF)
        .is(2, Ownership::Verified)
        .sees(1, PROOF)
        .is(1, Ownership::Pending);
}

#[test]
fn errors_and_silence_demote_nothing() {
    let mut story = Story::of(1);
    story.sees(1, PROOF).after(LOST_AFTER * 10).sees(1, Seen::Unclear).is(1, Ownership::Verified);
    story.sees(1, Seen::Elsewhere).sees(1, Seen::Unclear).is(1, Ownership::Held);
}

#[test]
fn a_host_that_leads_elsewhere_is_held_at_once_then_in_grace_then_lost() {
    let mut story = Story::of(1);
    story.sees(1, PROOF).sees(1, Seen::Elsewhere).is(1, Ownership::Held);
    story
        .after(HELD.saturating_sub(HOUR))
        .is(1, Ownership::Held)
        .after(HOUR)
        .is(1, Ownership::Grace);
    story.after(LOST_AFTER.saturating_sub(HELD + HOUR)).is(1, Ownership::Grace);
    story.after(HOUR).is(1, Ownership::Lapsed);
    story.sees(1, Seen::Here).is(1, Ownership::Lapsed).sees(1, PROOF).is(1, Ownership::Verified);
}

#[test]
fn a_node_that_slept_through_grace_finds_the_host_lost() {
    let mut story = Story::of(1);
    story.sees(1, PROOF).sees(1, Seen::Elsewhere);
    story.now = story.now.plus(LOST_AFTER);
    story.sees(1, Seen::Here).is(1, Ownership::Lapsed);
}

#[test]
fn a_host_that_comes_back_is_as_it_was() {
    for back in [PROOF, Seen::Here] {
        let mut story = Story::of(1);
        story.sees(1, PROOF).sees(1, Seen::Elsewhere).after(HELD).sees(1, back);
        story.is(1, Ownership::Verified).sees(1, Seen::Elsewhere).after(HELD.saturating_sub(HOUR));
        story.is(1, Ownership::Held);
    }
}

#[test]
fn a_held_host_changes_hands_only_after_two_sightings_from_two_places() {
    let mut story = Story::of(2);
    story.sees(1, PROOF).sees(1, Seen::Elsewhere).sees(2, PROOF).is(2, Ownership::Pending);
    story.sees_from(2, PROOF, "there", None).is(2, Ownership::Pending);
    story.after(SIGHTINGS_APART).sees(2, PROOF).is(2, Ownership::Pending);
    story.sees_from(2, PROOF, "there", None).is(2, Ownership::Verified).is(1, Ownership::Lapsed);
}

#[test]
fn a_proof_that_vanished_between_two_sightings_begins_anew() {
    let mut story = Story::of(2);
    story.sees(1, PROOF).sees(1, Seen::Elsewhere).sees(2, PROOF).sees(2, Seen::Elsewhere);
    story.after(HOUR).sees_from(2, PROOF, "there", None).is(2, Ownership::Pending);
}

#[test]
fn a_holder_has_72_hours_before_another_gets_its_host() {
    let mut story = Story::of(2);
    story.sees(1, PROOF).proves_twice(2).is(1, Ownership::Contested).is(2, Ownership::Pending);
    story.after(CONTEST.saturating_sub(HOUR)).sees(2, PROOF).is(1, Ownership::Contested);
    story.after(HOUR).is(1, Ownership::Contested).sees(2, PROOF);
    story.is(1, Ownership::Lapsed).is(2, Ownership::Verified);
}

#[test]
fn a_contest_ends_with_the_proof_that_it_rests_on() {
    for gone in [Seen::Here, Seen::Elsewhere] {
        let mut story = Story::of(2);
        story.sees(1, PROOF).proves_twice(2).sees(2, gone).is(1, Ownership::Verified);
        story.after(CONTEST).sees(2, PROOF).is(1, Ownership::Verified);
    }
    let mut story = Story::of(2);
    story.sees(1, PROOF).proves_twice(2);
    story.host.apply(&Event::Released { domain: domain(2) }, story.now);
    story.is(1, Ownership::Verified);
}

#[test]
fn a_holder_that_sets_a_fresh_record_keeps_its_host_for_a_week_without_question() {
    let mut story = Story::of(2);
    story.sees(1, PROOF).proves_twice(2).sees(1, PROOF).is(1, Ownership::Contested);
    story.sees(1, FRESH).is(1, Ownership::Verified);
    story.after(TURNED_DOWN.saturating_sub(HOUR)).proves_twice(2).is(1, Ownership::Verified);
    story.after(HOUR).proves_twice(2).is(1, Ownership::Contested);
}

#[test]
fn an_owner_lock_lets_nobody_else_in_and_ends_a_contest() {
    let lock = [tenant(1)];
    let mut story = Story::of(2);
    story.sees_from(2, PROOF, "here", Some(&lock)).is(2, Ownership::Pending);
    story.sees_from(1, PROOF, "here", Some(&lock)).is(1, Ownership::Verified);
    story.sees(2, Seen::Here).proves_twice(2).is(1, Ownership::Contested);
    story.sees_from(2, PROOF, "here", Some(&lock)).is(1, Ownership::Verified);
}

#[test]
fn a_third_claim_waits_while_a_host_is_contested() {
    let mut story = Story::of(3);
    story.sees(1, PROOF).proves_twice(2).proves_twice(3).after(CONTEST).sees(3, PROOF);
    story.is(1, Ownership::Contested).is(3, Ownership::Pending);
}

#[test]
fn what_was_released_stays_released() {
    let mut story = Story::of(2);
    story.sees(1, PROOF);
    story.host.apply(&Event::Released { domain: domain(1) }, story.now);
    story.sees(1, PROOF).is(1, Ownership::Released).sees(2, PROOF).is(2, Ownership::Verified);
}

#[test]
fn every_wait_says_when_it_ends() {
    let mut story = Story::of(2);
    assert_eq!(story.host.due_after(story.now), None);
    story.sees(1, PROOF).sees(2, PROOF);
    assert_eq!(story.host.due_after(story.now), Some(story.now.plus(SIGHTINGS_APART)));
    story.proves_twice(2).is(1, Ownership::Contested);
    assert_eq!(story.host.due_after(story.now), Some(story.now.plus(CONTEST)));
    story.sees(1, FRESH);
    assert_eq!(story.host.due_after(story.now), Some(story.now.plus(TURNED_DOWN)));
    story.after(TURNED_DOWN).sees(1, Seen::Elsewhere);
    assert_eq!(story.host.due_after(story.now), Some(story.now.plus(HELD)));
    let lost_at = story.now.plus(LOST_AFTER);
    story.after(HELD).sees(1, Seen::Elsewhere).is(1, Ownership::Grace);
    assert_eq!(story.host.due_after(story.now), Some(lost_at));
    story.after(LOST_AFTER).sees(1, Seen::Elsewhere).is(1, Ownership::Lapsed);
    assert_eq!(story.host.due_after(story.now), None);
}

fn any_seen() -> impl Strategy<Value = Seen> {
    prop_oneof![
        Just(PROOF),
        Just(FRESH),
        Just(Seen::Here),
        Just(Seen::Elsewhere),
        Just(Seen::Unclear)
    ]
}

/// A step: which claim is looked at, what is seen, from where, whether the lock names the first tenant, and how long
/// it has been since the last step.
fn steps() -> impl Strategy<Value = Vec<(u8, Seen, bool, bool, u64)>> {
    let hours = prop_oneof![0..2_u64, 60..80_u64, 260..270_u64];
    prop::collection::vec((1..=3_u8, any_seen(), any::<bool>(), any::<bool>(), hours), 1..60)
}

proptest! {
    #[test]
    fn whatever_happens_a_host_has_one_holder_and_nobody_gets_it_without_a_proof(steps in steps()) {
        let mut story = Story::of(3);
        for (n, seen, is_here, is_locked, hours) in steps {
            story.after(HOUR * u32::try_from(hours).unwrap());
            let before = story.host.clone();
            let lock = [tenant(1)];
            let from = if is_here { "here" } else { "there" };
            story.sees_from(n, seen, from, is_locked.then_some(&lock[..]));

            let is_proof = matches!(seen, Seen::Proof { .. });
            let holders = story.host.0.iter().filter(|claim| claim.ownership.holds()).count();
            prop_assert!(holders <= 1);
            for (was, is) in before.0.iter().zip(&story.host.0) {
                let got_it = is.ownership.holds() && !was.ownership.holds();
                prop_assert!(!got_it || (is.domain == domain(n) && is_proof));
                prop_assert!(!got_it || !is_locked || is.tenant == tenant(1));
                let lost_it = was.ownership.holds() && !is.ownership.holds();
                let had_time = was.since.plus(CONTEST) <= story.now;
                prop_assert!(!lost_it || was.ownership != Ownership::Verified);
                prop_assert!(!lost_it || was.ownership != Ownership::Contested || had_time);
            }
        }
    }
}

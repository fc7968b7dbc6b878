use proptest::prelude::*;

use super::*;

const LIMIT: Limit = limit(Budget::Orders, 10, 100, true);

fn charges(limits: &[Limit], name: &str, replaces: bool) -> Vec<Charge> {
    let name = HostPattern::parse(name).unwrap();
    Charge::for_order(&IssuerId::new("ca"), limits, &name, replaces)
}

/// An issuer's own count, written from its documentation and not from ours: `amount` tokens, back at `amount / window`.
struct Theirs {
    tokens: f64,
    at: i64,
}

impl Theirs {
    const fn full(limit: &Limit) -> Self {
        Self { tokens: limit.amount as f64, at: 0 }
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a test")]
    fn serve(&mut self, limit: &Limit, now: i64) -> bool {
        let rate = f64::from(limit.amount) / limit.window.as_millis() as f64;
        self.tokens = f64::from(limit.amount).min(self.tokens + (now - self.at) as f64 * rate);
        self.at = now;
        self.tokens -= 1.0;
        self.tokens >= 0.0
    }
}

const LANES: [Lane; 4] = [Lane::Expiring, Lane::Renewal, Lane::New, Lane::Bulk];

proptest! {
    #[test]
    fn what_the_ledger_grants_no_issuer_refuses(
        asks in prop::collection::vec((0_i64..20_000, 0_usize..4, any::<bool>()), 1..400),
        amount in 1_u32..60,
        secs in 1_u64..1_000,
    ) {
        // An issuer with a single token is asked at exactly its pace: our margin is in the tokens.
        let limit = limit(Budget::Orders, amount, secs, true);
        let (mut buckets, mut theirs, mut now) = (Buckets::new(), Theirs::full(&limit), 0);
        let charges = charges(&[limit], "a.example", false);
        for (pause, lane, return_it) in asks {
            now += pause;
            if take(&mut buckets, &charges, LANES[lane], Timestamp::from_ms(now)).is_err() {
                continue;
            }
            if return_it {
                give_back(&mut buckets, &charges[0]);
            } else {
                prop_assert!(theirs.serve(&limit, now), "refused at {now}");
            }
        }
    }

    #[test]
    fn whoever_waits_as_long_as_told_is_served(
        pauses in prop::collection::vec(0_i64..5_000, 1..200),
        lane in 0_usize..4,
    ) {
        let (mut buckets, mut now) = (Buckets::new(), 0);
        let charges = charges(&[LIMIT], "a.example", false);
        for pause in pauses {
            now += pause;
            let lane = LANES[lane];
            if let Err(wait) = take(&mut buckets, &charges, lane, Timestamp::from_ms(now)) {
                prop_assert!(wait.until.as_ms() > now);
                now = wait.until.as_ms();
                prop_assert_eq!(take(&mut buckets, &charges, lane, wait.until), Ok(()));
            }
        }
    }
}

#[test]
fn nothing_is_taken_when_one_bucket_is_empty() {
    let now = Timestamp::from_ms(0);
    let mut buckets = Buckets::new();
    let of = |name| charges(LETS_ENCRYPT, name, false);
    while take(&mut buckets, &of("a.example"), Lane::Expiring, now).is_ok() {}
    let before = buckets.clone();
    let wait = take(&mut buckets, &of("a.example"), Lane::Expiring, now).unwrap_err();
    assert_eq!(wait.bucket.budget, Budget::Duplicates);
    assert_eq!(buckets, before);
    assert_eq!(take(&mut buckets, &of("b.example"), Lane::Expiring, now), Ok(()));
}

#[test]
fn a_lane_leaves_tokens_to_those_before_it() {
    let now = Timestamp::from_ms(0);
    let mut buckets = Buckets::new();
    let charges = charges(&[LIMIT], "a.example", false);
    let mut drain =
        |lane| (0..100).take_while(|_| take(&mut buckets, &charges, lane, now).is_ok()).count();
    assert_eq!(
        [Lane::Bulk, Lane::New, Lane::Renewal, Lane::Expiring].map(&mut drain),
        [4, 2, 2, 1]
    );
}

#[test]
fn a_renewal_that_says_what_it_replaces_spends_failures_only() {
    let budgets: Vec<_> = charges(LETS_ENCRYPT, "a.example", true)
        .iter()
        .map(|charge| charge.bucket.budget)
        .collect();
    assert_eq!(budgets, [Budget::FailedProofs]);
    assert_eq!(charges(CAREFUL, "a.example", true).len(), CAREFUL.len());
}

#[test]
fn the_estimate_counts_those_who_are_ahead() {
    let now = Timestamp::from_ms(0);
    let charges = charges(&[LIMIT], "a.example", false);
    let mut buckets = Buckets::new();
    assert_eq!(estimate(&buckets, &charges, Lane::Expiring, 0, now), now);
    while take(&mut buckets, &charges, Lane::Expiring, now).is_ok() {}
    let first = estimate(&buckets, &charges, Lane::Expiring, 0, now);
    let tenth = estimate(&buckets, &charges, Lane::Expiring, 9, now);
    assert_eq!(first.as_ms(), charges[0].interval_ms);
    assert_eq!(tenth.as_ms(), 10 * charges[0].interval_ms);
}

#[test]
fn issuers_count_by_what_stands_below_a_public_suffix() {
    for (host, registered) in [
        ("a.b.example.com", "example.com"),
        ("*.example.co.uk", "example.co.uk"),
        ("me.github.io", "me.github.io"),
        ("co.uk", "co.uk"),
        ("a.x.test", "x.test"),
    ] {
        assert_eq!(registered_domain(&HostPattern::parse(host).unwrap()), registered);
    }
}

//! Whatever subscriptions there are, in whatever order and at whatever time.

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;

const DAY: Duration = Duration::from_secs(86_400);
const BEGIN: Timestamp = Timestamp::from_ms(1_700_000_000_000);

fn at(day: u32) -> Timestamp {
    BEGIN.plus(DAY * day)
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (0..800_u32).prop_map(at)
}

prop_compose! {
    fn subscription()(
        n in 0..9_u8,
        status in select(SubscriptionStatus::ALL),
        interval in select(Interval::ALL),
        created_at in (0..3_u32).prop_map(at),
        period_ends_at in moment(),
        trial_ends_at in option::of(moment()),
        ends_at in option::of(moment()),
        unpaid_since in option::of(moment()),
    ) -> Subscription {
        Subscription {
            id: format!("sub_{n}"),
            item: format!("si_{n}"),
            status,
            price: None,
            interval,
            currency: Currency(*b"usd"),
            seats: 1,
            created_at,
            period_ends_at,
            trial_ends_at,
            ends_at,
            unpaid_since,
        }
    }
}

fn subscriptions() -> impl Strategy<Value = Vec<Subscription>> {
    vec(subscription(), 0..6).prop_map(|mut all| {
        for (n, one) in all.iter_mut().enumerate() {
            one.id = format!("sub_{n}");
        }
        all
    })
}

proptest! {
    #[test]
    fn which_subscription_counts_does_not_depend_on_their_order(
        all in subscriptions(),
        seed in any::<usize>(),
    ) {
        let mut other = all.clone();
        other.reverse();
        let by = seed % other.len().max(1);
        other.rotate_left(by);
        prop_assert_eq!(Subscription::counting(&all), Subscription::counting(&other));
        prop_assert_eq!(Subscription::others(&all), Subscription::others(&other));
    }

    #[test]
    fn whatever_is_alive_counts_or_is_another(all in subscriptions()) {
        let alive = all.iter().filter(|one| one.status.is_alive()).count();
        let counting = Subscription::counting(&all);
        prop_assert_eq!(counting.is_some(), alive > 0);
        prop_assert_eq!(Subscription::others(&all).len(), alive.saturating_sub(1));
        for other in Subscription::others(&all) {
            prop_assert!(counting.is_some_and(|one| one.status.rank() >= other.status.rank()));
        }
    }

    #[test]
    fn time_alone_leads_from_grace_to_limited_once_and_never_back(
        one in subscription(),
        mut days in vec(0..1_600_u32, 2..20),
    ) {
        days.sort_unstable();
        let standings: Vec<_> = days.iter().map(|day| one.standing(at(*day)).0).collect();
        let limited = standings.iter().position(|is| *is == Standing::Limited);
        let first = limited.unwrap_or(standings.len());
        prop_assert!(standings[..first].windows(2).all(|pair| pair[0] == pair[1]));
        prop_assert!(standings[first..].iter().all(|is| *is == Standing::Limited));
    }

    #[test]
    fn a_standing_holds_until_it_says_it_ends(one in subscription(), day in 0..800_u32) {
        let (standing, until) = one.standing(at(day));
        if standing == Standing::Grace {
            let until = until.expect("grace ends");
            let last = until.minus(Duration::from_millis(1));
            prop_assert_eq!(one.standing(last).0, Standing::Grace);
            prop_assert_eq!(one.standing(until).0, Standing::Limited);
        }
    }

    #[test]
    fn grace_is_14_days_from_the_invoice_whatever_our_clock_says(
        one in subscription(),
        since in moment(),
        skew in -600_000_i64..600_000,
    ) {
        let late = Subscription {
            status: SubscriptionStatus::PastDue,
            unpaid_since: Some(since),
            ..one
        };
        let now = Timestamp::from_ms(since.as_ms() + skew);
        prop_assert_eq!(late.standing(now), (Standing::Grace, Some(since.plus(DAY * 14))));
    }

    #[test]
    fn a_currency_is_three_letters_in_any_case(text in "[a-zA-Z]{3}") {
        let currency = Currency::parse(&text).expect("three letters");
        prop_assert_eq!(currency.as_str(), text.to_ascii_lowercase());
        prop_assert_eq!(Currency::parse(currency.as_str()), Ok(currency));
        let json = serde_json::to_string(&currency).expect("a text");
        prop_assert_eq!(serde_json::from_str::<Currency>(&json).expect("the same"), currency);
    }

    #[test]
    fn what_is_not_three_letters_is_no_currency(text in ".{0,6}") {
        let fits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        prop_assert_eq!(Currency::parse(&text).is_ok(), fits);
    }
}

fn late(status: SubscriptionStatus, unpaid_since: Option<Timestamp>) -> Subscription {
    Subscription {
        id: "sub_1".to_owned(),
        item: "si_1".to_owned(),
        status,
        price: None,
        interval: Interval::Month,
        currency: Currency(*b"jpy"),
        seats: 1,
        created_at: at(0),
        period_ends_at: at(400),
        trial_ends_at: None,
        ends_at: None,
        unpaid_since,
    }
}

#[test]
fn a_late_payment_without_a_date_counts_from_when_the_period_began() {
    let old = late(SubscriptionStatus::PastDue, None);
    assert_eq!(old.standing(at(373)), (Standing::Grace, Some(at(386))));
    assert_eq!(old.standing(at(386)).0, Standing::Limited);
    let new = Subscription { period_ends_at: at(10), ..old };
    assert_eq!(new.standing(at(0)), (Standing::Grace, Some(at(14))), "never before it was made");
}

#[test]
fn every_status_has_the_standing_of_the_documented_table() {
    use Standing::{Active, Grace, Limited, None as Nothing, Trialing};
    for (status, standing) in [
        (SubscriptionStatus::Incomplete, Nothing),
        (SubscriptionStatus::IncompleteExpired, Nothing),
        (SubscriptionStatus::Canceled, Nothing),
        (SubscriptionStatus::Trialing, Trialing),
        (SubscriptionStatus::Active, Active),
        (SubscriptionStatus::PastDue, Grace),
        (SubscriptionStatus::Unpaid, Grace),
        (SubscriptionStatus::Paused, Limited),
    ] {
        let one = late(status, Some(at(390)));
        assert_eq!(one.standing(at(391)).0, standing, "{}", status.as_str());
    }
}

#[test]
fn amounts_have_the_digits_that_stripe_counts() {
    for (code, decimals) in [("jpy", 0), ("usd", 2), ("kwd", 3), ("ugx", 2), ("isk", 2), ("xxx", 2)]
    {
        assert_eq!(Currency::parse(code).unwrap().decimals(), decimals, "{code}");
    }
}

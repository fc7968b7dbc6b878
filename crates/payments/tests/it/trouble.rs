//! Stripe down, slow, busy, broken and unreadable; and answers that are lost on the way.

use std::time::Duration;

use wax_kernel::Redacted;
use wax_payments::{Payments as _, PaymentsError, Stripe, StripeSettings};
use wax_testkit::{ScriptedStripe, StripeFault as Fault};

use crate::house::{DAY, acme, checkout, house, house_with};

/// What can go wrong for a while.
const PASSING: [Fault; 5] = [Fault::Down, Fault::TooMany, Fault::Broken, Fault::InUse, Fault::Page];

#[tokio::test]
async fn whatever_passes_within_two_repetitions_is_not_noticed() {
    let house = house().await;
    for (at, fault) in PASSING.into_iter().enumerate() {
        house.stripe.next(fault);
        house.stripe.next(fault);
        let made = house.client.create_customer(&acme(), &format!("key {at}")).await;
        assert!(made.is_ok(), "{fault:?}: {made:?}");
        assert_eq!(house.stripe.customers().len(), at + 1);
    }
}

#[tokio::test]
async fn whatever_lasts_is_asked_three_times_and_then_unavailable() {
    for fault in PASSING {
        let house = house().await;
        house.stripe.always(Some(fault));
        let asked = house.client.subscriptions("cus_1").await;
        assert!(matches!(asked, Err(PaymentsError::Unavailable(_))), "{fault:?}: {asked:?}");
        assert_eq!(house.stripe.turned_away(), 3, "{fault:?}");
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_unavailable() {
    let url = {
        let gone = house().await;
        gone.stripe.url()
    };
    let key = Redacted::new("sk_test_x".to_owned());
    let settings = StripeSettings {
        timeout: Duration::from_secs(1),
        pause: Duration::ZERO,
        ..StripeSettings::new(key, Some(url))
    };
    let asked = Stripe::new(&settings).unwrap().subscriptions("cus_1").await;
    assert!(matches!(asked, Err(PaymentsError::Unavailable(_))), "{asked:?}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up_and_what_was_done_is_done_once() {
    let house = house_with(Duration::from_millis(100)).await;
    house.stripe.always(Some(Fault::Hold));
    let made = house.client.create_customer(&acme(), "key").await;
    assert!(matches!(made, Err(PaymentsError::Unavailable(_))), "{made:?}");
    house.stripe.always(None);
    house.stripe.release();
    let made = house.client.create_customer(&acme(), "key").await.unwrap();
    assert_eq!(house.stripe.customers(), [made]);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_and_nothing_is_done_twice() {
    let house = house().await;
    let lost = |route: &str| house.stripe.next_at(route, Fault::CutAfter);
    lost("POST /v1/customers");
    let customer = house.client.create_customer(&acme(), "customer").await.unwrap();
    assert_eq!(house.stripe.customers().len(), 1);

    lost("POST /v1/checkout/sessions");
    let page = house.client.checkout(&checkout(&customer, 0), "checkout").await.unwrap();
    assert_eq!(house.client.checkout(&checkout(&customer, 0), "checkout").await.unwrap(), page);
    let id = house.stripe.complete(&page, "4242424242424242");

    house.stripe.advance(15 * DAY);
    let change = house.change(&customer, "business-month", 3, 15 * DAY).await;
    lost(&format!("POST /v1/subscriptions/{id}"));
    house.client.change(&change, "change").await.unwrap();
    assert_eq!(house.bills(&customer).await.len(), 2, "it was paid for once");

    lost(&format!("POST /v1/subscriptions/{id}"));
    house.client.cancel_at_period_end(&id, true, "cancel").await.unwrap();
    let asked = house.stripe.asked();
    let keys: Vec<_> = asked.iter().filter_map(|one| one.key.as_deref()).collect();
    let twice = ["customer", "checkout", "change", "cancel"]
        .map(|key| keys.iter().filter(|one| **one == key).count());
    assert_eq!(twice, [2, 3, 2, 2]);
}

#[tokio::test]
async fn a_key_with_other_parameters_is_refused_and_not_repeated() {
    let house = house().await;
    house.customer().await;
    let other = wax_payments::NewCustomer { name: "Other".to_owned(), ..acme() };
    let refused = house.client.create_customer(&other, "acme").await;
    let Err(PaymentsError::Refused { code, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!((code.as_str(), house.stripe.asked().len()), ("idempotency_error", 2));
    assert_eq!(house.stripe.customers().len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_something_else_or_has_no_end_is_unreadable() {
    for fault in [Fault::Garbage, Fault::Endless] {
        let house = house().await;
        house.stripe.next(fault);
        assert_eq!(
            house.client.subscriptions("cus_1").await,
            Err(PaymentsError::Unreadable),
            "{fault:?}"
        );
        assert_eq!(house.stripe.turned_away(), 1, "{fault:?}: it will not be another answer");
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_not_told_on() {
    let house = house().await;
    let key = Redacted::new("sk_live_hunter2".to_owned());
    let client = Stripe::new(&StripeSettings::new(key, Some(house.stripe.url()))).unwrap();
    let refused = client.create_customer(&acme(), "key").await;
    let said = format!("{refused:?} {client:?}");
    assert!(matches!(refused, Err(PaymentsError::Refused { .. })), "{said}");
    assert!(!said.contains("hunter2") && !said.contains(ScriptedStripe::KEY), "{said}");
}

#[tokio::test]
async fn an_id_from_somewhere_else_reaches_no_other_operation() {
    let house = house().await;
    house.customer().await;
    for id in ["../customers", "sub_1?expand[]=x", "sub_1/../../customers", "", "sub 1"] {
        let done = house.client.cancel_at_period_end(id, true, "key").await;
        assert!(matches!(done, Err(PaymentsError::Refused { .. })), "{id}: {done:?}");
    }
    assert_eq!(house.stripe.asked().len(), 1, "the customer alone was asked for");
}

//! Each call, against a Stripe that refuses whatever it does not know.

use wax_kernel::{Redacted, Timestamp};
use wax_model::billing::{Interval, Standing, SubscriptionStatus};
use wax_payments::{Payments as _, PaymentsError, Price, webhook};
use wax_testkit::{AfterRetries, ScriptedStripe, stripe_signature};

use crate::house::{DAY, House, START_S, acme, checkout, currency, house};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(seconds * 1_000)
}

#[tokio::test]
async fn a_price_has_its_amount_in_each_currency_in_the_smallest_unit() {
    let house = house().await;
    let keys = ["team-year", "nobody-knows", "team-month"].map(str::to_owned);
    let prices = house.client.prices(&keys).await.unwrap();
    let price = |key: &str, interval, code: &str, amount| Price {
        lookup_key: key.to_owned(),
        interval,
        currency: currency(code),
        amount,
    };
    let expected = [
        price("team-year", Interval::Year, "usd", 9_000),
        price("team-year", Interval::Year, "jpy", 12_000),
        price("team-year", Interval::Year, "kwd", 27_550),
        price("team-month", Interval::Month, "usd", 900),
        price("team-month", Interval::Month, "jpy", 1_200),
        price("team-month", Interval::Month, "kwd", 2_755),
    ];
    assert_eq!(prices, expected);
    assert_eq!(
        prices.iter().map(|price| price.currency.decimals()).take(3).collect::<Vec<_>>(),
        [2, 0, 3]
    );
}

#[tokio::test]
async fn more_prices_than_stripe_takes_keys_at_once_are_asked_for_in_turn() {
    let house = house().await;
    let keys: Vec<String> = (0..25).map(|at| format!("plan-{at}")).collect();
    for key in &keys {
        house.stripe.price("Plan", key, "month", &[("usd", 100)]);
    }
    let prices = house.client.prices(&keys).await.unwrap();
    let found: Vec<&String> = prices.iter().map(|price| &price.lookup_key).collect();
    assert_eq!(found, keys.iter().collect::<Vec<_>>());
    assert_eq!(house.stripe.asked().len(), 3);
}

#[tokio::test]
async fn a_price_by_the_week_is_none_of_a_plans_and_hides_nobodys_subscription() {
    let house = house().await;
    let weekly = house.stripe.price("Odd", "odd", "week", &[("usd", 1)]);
    assert_eq!(house.client.prices(&["odd".to_owned()]).await, Ok(Vec::new()));
    let customer = house.customer().await;
    house.stripe.subscribe(&customer, &weekly, "usd", 1, 0);
    let one = house.one(&customer).await;
    assert_eq!((one.price, one.status), (None, SubscriptionStatus::Active));
}

#[tokio::test]
async fn a_customer_is_who_it_was_said_to_be() {
    let house = house().await;
    let id = house.client.create_customer(&acme(), "key").await.unwrap();
    let known = &house.stripe.state()["customers"][0];
    assert_eq!(known["id"], id.as_str());
    assert_eq!(known["name"], "Acme & Söhne, 株式会社");
    assert_eq!(known["email"], "owner+billing@acme.example");
    assert_eq!(known["preferred_locales"][0], "ja");
    assert_eq!(known["metadata"]["tenant"], acme().tenant.to_string());
}

#[tokio::test]
async fn checkout_sells_seats_with_a_trial_in_the_currency_that_was_asked_for() {
    let house = house().await;
    let customer = house.customer().await;
    let page = house.client.checkout(&checkout(&customer, 14), "key").await.unwrap();
    assert_eq!(house.client.subscriptions(&customer).await, Ok(Vec::new()));
    let id = house.stripe.complete(&page, "4242424242424242");
    let one = house.one(&customer).await;
    assert_eq!((one.id, one.status), (id, SubscriptionStatus::Trialing));
    assert_eq!((one.price.as_deref(), one.interval), (Some("team-month"), Interval::Month));
    assert_eq!((one.currency, one.seats), (currency("jpy"), 3));
    assert_eq!(
        (one.trial_ends_at, one.period_ends_at),
        (Some(at(START_S + 14 * DAY)), at(START_S + 14 * DAY))
    );
    assert_eq!((one.created_at, one.ends_at, one.unpaid_since), (at(START_S), None, None));
    assert_eq!(house.bills(&customer).await, [(0, "paid".to_owned())]);

    house.stripe.advance(14 * DAY);
    assert_eq!(house.one(&customer).await.status, SubscriptionStatus::Active);
    assert_eq!(house.bills(&customer).await[0], (3_600, "paid".to_owned()), "three seats, in yen");
}

#[tokio::test]
async fn checkout_takes_promotion_codes_and_tax_ids_and_leaves_a_trial_out_if_there_is_none() {
    let house = house().await;
    house.stripe.promotion("HALF", 50);
    let customer = house.customer().await;
    let page = house.client.checkout(&checkout(&customer, 0), "key").await.unwrap();
    let card = "card=4242424242424242&promotion=NONE&tax_id=JP123";
    assert_eq!(house.stripe.submit(&page, card), 200, "no such code: the page again");
    assert_eq!(house.stripe.submit(&page, &card.replace("NONE", "HALF")), 303);
    assert_eq!(house.bills(&customer).await, [(1_800, "paid".to_owned())]);
}

#[tokio::test]
async fn a_declined_card_subscribes_nobody() {
    let house = house().await;
    let customer = house.customer().await;
    let page = house.client.checkout(&checkout(&customer, 0), "key").await.unwrap();
    for card in ["4000000000000002", "4000000000009995", "4000000000000341", "1234"] {
        assert_eq!(house.stripe.submit(&page, &format!("card={card}")), 200, "{card}");
    }
    assert_eq!(house.client.subscriptions(&customer).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_second_currency_is_refused_by_stripe_too() {
    let house = house().await;
    let (customer, _) = house.subscriber("usd", 1).await;
    let refused = house.client.checkout(&checkout(&customer, 0), "key").await;
    let Err(PaymentsError::Refused { code, message }) = refused else { panic!("{refused:?}") };
    assert_eq!(code, "invalid_request_error");
    assert!(message.contains("currencies"), "{message}");
}

#[tokio::test]
async fn the_portal_is_a_page_for_a_customer_and_for_nobody_else() {
    let house = house().await;
    let customer = house.customer().await;
    let page = house.client.portal(&customer, "https://app.example.com/back").await.unwrap();
    assert!(page.starts_with(&format!("{}/p/session/", house.stripe.url())), "{page}");
    let refused = house.client.portal("cus_nobody", "https://app.example.com/").await;
    assert!(
        matches!(&refused, Err(PaymentsError::Refused { code, .. }) if code == "resource_missing")
    );
}

#[tokio::test]
async fn a_customer_that_stripe_does_not_know_has_nothing() {
    let house = house().await;
    assert_eq!(house.client.subscriptions("cus_nobody").await, Ok(Vec::new()));
}

#[tokio::test]
async fn it_is_not_paid_since_the_oldest_open_invoice_whatever_came_after_it() {
    let house = house().await;
    house.stripe.after_retries(AfterRetries::PastDue);
    let (customer, _) = house.subscriber("usd", 1).await;
    house.stripe.card_pays(&customer, false);
    house.stripe.advance(30 * DAY);
    let failed_at = at(START_S + 30 * DAY);
    let first = house.one(&customer).await;
    assert_eq!((first.status, first.unpaid_since), (SubscriptionStatus::PastDue, Some(failed_at)));
    assert_eq!(first.standing(failed_at).0, Standing::Grace);

    house.stripe.advance(35 * DAY);
    let later = house.one(&customer).await;
    assert_eq!(house.bills(&customer).await.len(), 3, "another period has begun meanwhile");
    assert_eq!((later.status, later.unpaid_since), (SubscriptionStatus::PastDue, Some(failed_at)));
    assert_eq!(later.standing(at(START_S + 65 * DAY)).0, Standing::Limited);

    house.stripe.card_pays(&customer, true);
    assert!(house.stripe.pay(&customer));
    let paid = house.one(&customer).await;
    assert_eq!((paid.status, paid.unpaid_since), (SubscriptionStatus::Active, None));
}

#[tokio::test]
async fn when_stripe_gives_up_the_draft_that_follows_hides_nothing() {
    let house = house().await;
    let (customer, _) = house.subscriber("usd", 1).await;
    house.stripe.card_pays(&customer, false);
    house.stripe.advance(62 * DAY);
    let one = house.one(&customer).await;
    assert_eq!(
        (one.status, one.unpaid_since),
        (SubscriptionStatus::Unpaid, Some(at(START_S + 30 * DAY)))
    );
    assert_eq!(house.bills(&customer).await.len(), 2, "drafts are no invoices");
}

#[tokio::test]
async fn every_status_is_read_as_stripe_says_it() {
    let house = house().await;
    let (customer, id) = house.subscriber("usd", 1).await;
    for status in SubscriptionStatus::ALL {
        house.stripe.force(&id, status.as_str());
        assert_eq!(house.one(&customer).await.status, *status);
    }
    house.stripe.force(&id, "surprised");
    assert_eq!(house.client.subscriptions(&customer).await, Err(PaymentsError::Unreadable));
}

#[tokio::test]
async fn when_the_last_try_has_failed_it_ends_if_the_account_says_so() {
    let house = house().await;
    house.stripe.after_retries(AfterRetries::Canceled);
    let (customer, _) = house.subscriber("usd", 1).await;
    house.stripe.card_pays(&customer, false);
    house.stripe.advance(36 * DAY);
    assert_eq!(house.one(&customer).await.status, SubscriptionStatus::PastDue);
    house.stripe.advance(DAY);
    let one = house.one(&customer).await;
    let ended = Some(at(START_S + 37 * DAY));
    assert_eq!((one.status, one.ends_at), (SubscriptionStatus::Canceled, ended));
}

#[tokio::test]
async fn what_the_preview_says_is_due_is_what_the_change_takes_at_once() {
    for (code, seats, key, due) in [
        ("usd", 2, "business-month", 2_100),
        ("jpy", 2, "business-month", 2_800),
        ("kwd", 3, "business-month", 10_866),
        ("usd", 2, "team-year", 17_100),
    ] {
        let house = house().await;
        let (customer, _) = house.subscriber(code, seats).await;
        // Half a month of thirty days is over.
        house.stripe.advance(15 * DAY);
        let change = house.change(&customer, key, seats.unsigned_abs(), 15 * DAY).await;
        let preview = house.client.preview(&change).await.unwrap();
        assert_eq!(preview.due_now, due, "{code} {key}");
        assert_eq!((preview.currency, preview.lines.len() >= 2), (currency(code), true));
        assert_eq!(house.bills(&customer).await.len(), 1, "a preview costs nothing");

        house.client.change(&change, "change").await.unwrap();
        assert_eq!(house.bills(&customer).await[0], (due, "paid".to_owned()), "{code} {key}");
        let one = house.one(&customer).await;
        assert_eq!((one.price.as_deref(), one.period_ends_at), (Some(key), preview.next_at));
        house.stripe.advance(366 * DAY);
        let bills = house.bills(&customer).await;
        assert_eq!(bills[bills.len() - 3].0, preview.next, "{code} {key}: the period after it");
    }
}

#[tokio::test]
async fn less_is_given_back_and_comes_off_the_next_invoices() {
    let house = house().await;
    let (customer, _) = house.subscriber("usd", 4).await;
    house.stripe.advance(15 * DAY);
    let change = house.change(&customer, "team-year", 1, 15 * DAY).await;
    let preview = house.client.preview(&change).await.unwrap();
    assert_eq!((preview.due_now, preview.next), (9_000 - 1_800, 9_000));
    assert_eq!(preview.lines[0].amount, -1_800, "half a month of four seats");
}

#[tokio::test]
async fn seats_alone_are_paid_with_the_next_invoice() {
    let house = house().await;
    let (customer, _) = house.subscriber("usd", 1).await;
    house.stripe.advance(10 * DAY);
    let change = house.change(&customer, "team-month", 4, 10 * DAY).await;
    house.client.change(&change, "seats").await.unwrap();
    assert_eq!(house.one(&customer).await.seats, 4);
    assert_eq!(house.bills(&customer).await.len(), 1, "nothing is charged for each who joins");
    house.stripe.advance(20 * DAY);
    assert_eq!(
        house.bills(&customer).await[0].0,
        4 * 900 + 3 * 600,
        "and for the twenty days before"
    );
}

#[tokio::test]
async fn a_plan_that_cannot_be_paid_is_not_had() {
    let house = house().await;
    let (customer, _) = house.subscriber("usd", 1).await;
    house.stripe.card_pays(&customer, false);
    let change = house.change(&customer, "business-month", 1, 0).await;
    let refused = house.client.change(&change, "key").await;
    assert!(
        matches!(&refused, Err(PaymentsError::Refused { code, .. }) if code == "card_declined")
    );
    let one = house.one(&customer).await;
    assert_eq!(
        (one.price.as_deref(), one.status),
        (Some("team-month"), SubscriptionStatus::Active)
    );
}

#[tokio::test]
async fn a_change_that_was_made_already_is_not_made_again() {
    let house = house().await;
    let (customer, _) = house.subscriber("usd", 1).await;
    let change = house.change(&customer, "business-month", 2, 0).await;
    house.client.change(&change, "one").await.unwrap();
    let bills = house.bills(&customer).await;
    for key in ["one", "another"] {
        house.client.change(&change, key).await.unwrap();
    }
    assert_eq!(house.bills(&customer).await, bills);
}

#[tokio::test]
async fn a_subscription_ends_with_its_period_or_not_after_all() {
    let house = house().await;
    let (customer, id) = house.subscriber("usd", 1).await;
    let ends = at(START_S + 30 * DAY);
    house.client.cancel_at_period_end(&id, true, "cancel").await.unwrap();
    let one = house.one(&customer).await;
    assert_eq!(
        (one.status, one.ends_at, one.period_ends_at),
        (SubscriptionStatus::Active, Some(ends), ends)
    );
    house.client.cancel_at_period_end(&id, false, "resume").await.unwrap();
    assert_eq!(house.one(&customer).await.ends_at, None);
    house.client.cancel_at_period_end(&id, true, "cancel again").await.unwrap();
    house.stripe.advance(31 * DAY);
    let one = house.one(&customer).await;
    assert_eq!((one.status, one.ends_at), (SubscriptionStatus::Canceled, Some(ends)));
}

#[tokio::test]
async fn everything_that_anybody_subscribes_to_comes_in_pages_of_a_hundred() {
    let house = house().await;
    let mut made = Vec::new();
    for at in 0..103 {
        let customer = house.client.create_customer(&acme(), &format!("key {at}")).await.unwrap();
        made.push((house.stripe.subscribe(&customer, &house.price, "usd", 1, 0), customer));
    }
    let first = house.client.all(None).await.unwrap();
    let last = &first[99].subscription.id;
    // What ends while it is read is still a place to go on from.
    house.stripe.force(last, "canceled");
    let second = house.client.all(Some(last)).await.unwrap();
    let found = first.iter().chain(&second);
    let found: Vec<_> =
        found.map(|one| (one.subscription.id.clone(), one.customer.clone())).collect();
    made.reverse();
    assert_eq!((first.len(), found), (100, made));
}

#[tokio::test]
async fn of_many_invoices_the_newest_are_told() {
    let house = house().await;
    let (customer, _) = house.subscriber("usd", 1).await;
    house.stripe.advance(150 * 31 * DAY);
    let all = house.client.invoices(&customer, 24).await.unwrap();
    assert_eq!(all.len(), 24);
    assert!(all.is_sorted_by(|one, next| one.created_at > next.created_at));
    assert!(all[0].url.is_some() && all[0].pdf.is_some() && all[0].number.is_some());
    assert!(all[0].created_at > at(START_S + 149 * 30 * DAY));
}

#[tokio::test]
async fn what_stripe_signs_is_good_and_names_its_customer() {
    let House { stripe, client, .. } = house().await;
    let customer = client.create_customer(&acme(), "key").await.unwrap();
    for event in stripe.events() {
        let header = stripe_signature("whsec_one", START_S, event.body.as_bytes());
        let secrets = [Redacted::new("whsec_one".to_owned())];
        assert_eq!(webhook::verify(&header, event.body.as_bytes(), &secrets, at(START_S)), Ok(()));
        let read = webhook::read(event.body.as_bytes()).unwrap();
        assert_eq!(
            (read.id, read.kind, read.customer),
            (event.id, event.kind, Some(customer.clone()))
        );
    }
    assert_eq!(stripe.events().len(), 1);
}

#[tokio::test]
async fn the_key_is_in_nothing_that_is_printed() {
    let house = house().await;
    assert!(!format!("{:?}", house.client).contains(ScriptedStripe::KEY));
}

//! A plan that is paid by members.

use wax_model::Role;
use wax_payments::PaymentsError;

use crate::kit::{MINUTE, Shop};

#[tokio::test]
async fn stripe_is_told_how_many_members_there_are_whenever_that_changes() {
    let shop = Shop::paying("team_month").await;
    assert_eq!(shop.app.till.changes(), [""; 0], "one is right");
    for (name, seats) in [("ann", 2), ("ben", 3)] {
        let person = shop.app.person(name).await;
        shop.app.join(&shop.house, &person, Role::Member, None).await;
        // Marked by one job, told by another.
        shop.pass(MINUTE).await;
        shop.pass(MINUTE).await;
        assert_eq!(shop.seen().await["seats"], seats);
    }
    assert_eq!(shop.app.till.changes(), ["change", "change"]);
    for _ in 0..5 {
        shop.pass(MINUTE).await;
    }
    assert_eq!(shop.app.till.changes().len(), 2, "nothing is told twice");
}

#[tokio::test]
async fn a_plan_for_everybody_is_paid_once_however_many_there_are() {
    let shop = Shop::paying("business_month").await;
    let person = shop.app.person("ann").await;
    shop.app.join(&shop.house, &person, Role::Member, None).await;
    for _ in 0..3 {
        shop.pass(MINUTE).await;
    }
    assert_eq!(shop.app.till.changes(), [""; 0]);
}

#[tokio::test]
async fn seats_that_stripe_does_not_take_are_told_and_asked_again_a_day_later() {
    let shop = Shop::paying("team_month").await;
    let person = shop.app.person("ann").await;
    shop.app.join(&shop.house, &person, Role::Member, None).await;
    let code = "card_declined".to_owned();
    shop.app.till.refuse_changes(Some(PaymentsError::Refused { code, message: String::new() }));
    shop.pass(MINUTE).await;
    shop.pass(MINUTE).await;
    assert_eq!(shop.drift().await, [("seats", "sub_1".to_owned())]);
    shop.app.till.refuse_changes(None);
    shop.pass(MINUTE * 60 * 24).await;
    assert_eq!((shop.drift().await.len(), shop.seen().await["seats"].as_u64()), (0, Some(2)));
}

//! The end of an organization that pays.

use wax_store::ERASURE_SETTLES;

use crate::kit::{CUSTOMER, DAY, MINUTE, Shop};

#[tokio::test]
async fn an_organization_that_is_erased_pays_for_nothing_any_more() {
    let shop = Shop::paying("business_month").await;
    let path = shop.house.path("/deletion");
    let body = serde_json::json!({"name": "acme"});
    assert!(shop.app.post(&path, &shop.owner.token, &body).await.status.is_success());
    shop.app.clock.advance(DAY * 8);
    shop.app.run_jobs().await;
    shop.app.clock.advance(ERASURE_SETTLES);
    shop.app.run_jobs().await;
    let billing = shop.app.store.platform().billing();
    assert_eq!(billing.customer(shop.house.scope).await.unwrap(), None);

    shop.app.till.fail(Some(wax_payments::PaymentsError::Unreadable));
    shop.app.run_billing().await;
    shop.app.till.fail(None);
    let ends = || shop.app.till.with(CUSTOMER, |all| all[0].ends_at.is_some());
    assert!(!ends(), "Stripe was down");
    shop.app.clock.advance(MINUTE * 10);
    shop.app.run_billing().await;
    assert!(ends());
    shop.app.clock.advance(MINUTE * 10);
    shop.app.run_billing().await;
    assert_eq!(shop.app.till.changes(), ["cancel_at_period_end"], "once");
}

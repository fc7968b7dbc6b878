//! A Stripe that sells one thing, and a client that asks it.

use std::{sync::Arc, time::Duration};

use wax_kernel::{EmailAddress, ManualClock, Redacted, TenantId, Timestamp};
use wax_model::billing::{Currency, Subscription};
use wax_payments::{Change, Checkout, NewCustomer, Payments as _, Stripe, StripeSettings};
use wax_testkit::ScriptedStripe;

/// 2026-11-23T00:00:00Z
pub(crate) const START_S: i64 = 1_795_392_000;
pub(crate) const DAY: i64 = 86_400;

pub(crate) struct House {
    pub(crate) stripe: ScriptedStripe,
    pub(crate) client: Stripe,
    /// Of the monthly price of `team`.
    pub(crate) price: String,
}

/// Team by the month and year, and Business by the month, in three currencies.
pub(crate) async fn house() -> House {
    house_with(Duration::from_secs(10)).await
}

/// With an end to each request; nothing waits before it is repeated.
pub(crate) async fn house_with(timeout: Duration) -> House {
    let clock = ManualClock::at_ms(START_S * 1_000);
    let stripe = ScriptedStripe::start(Arc::new(clock)).await;
    let price = stripe.price(
        "Team",
        "team-month",
        "month",
        &[("usd", 900), ("jpy", 1_200), ("kwd", 2_755)],
    );
    stripe.price("Team", "team-year", "year", &[("usd", 9_000), ("jpy", 12_000), ("kwd", 27_550)]);
    stripe.price(
        "Business",
        "business-month",
        "month",
        &[("usd", 3_000), ("jpy", 4_000), ("kwd", 9_999)],
    );
    let key = Redacted::new(ScriptedStripe::KEY.to_owned());
    let settings = StripeSettings {
        timeout,
        pause: Duration::ZERO,
        ..StripeSettings::new(key, Some(stripe.url()))
    };
    House { client: Stripe::new(&settings).unwrap(), stripe, price }
}

pub(crate) fn acme() -> NewCustomer {
    NewCustomer {
        tenant: TenantId::from_bytes([7; 16]),
        name: "Acme & Söhne, 株式会社".to_owned(),
        email: EmailAddress::parse("owner+billing@acme.example").unwrap(),
        language: "ja",
    }
}

pub(crate) fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

impl House {
    pub(crate) async fn customer(&self) -> String {
        self.client.create_customer(&acme(), "acme").await.unwrap()
    }

    /// Somebody who pays for so many seats of `team` by the month.
    pub(crate) async fn subscriber(&self, code: &str, seats: i64) -> (String, String) {
        let customer = self.customer().await;
        let subscription = self.stripe.subscribe(&customer, &self.price, code, seats, 0);
        (customer, subscription)
    }

    /// The only subscription of a customer.
    pub(crate) async fn one(&self, customer: &str) -> Subscription {
        let mut all = self.client.subscriptions(customer).await.unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    /// A change to so many seats of this price, so long after the beginning.
    pub(crate) async fn change(
        &self,
        customer: &str,
        lookup_key: &str,
        seats: u64,
        after_s: i64,
    ) -> Change {
        let one = self.one(customer).await;
        Change {
            customer: customer.to_owned(),
            subscription: one.id,
            item: one.item,
            lookup_key: lookup_key.to_owned(),
            seats,
            at: Timestamp::from_ms((START_S + after_s) * 1_000),
        }
    }

    /// What every invoice came to and what has become of it, the newest first.
    pub(crate) async fn bills(&self, customer: &str) -> Vec<(i64, String)> {
        let invoices = self.client.invoices(customer, 100).await.unwrap();
        invoices.into_iter().map(|invoice| (invoice.total, invoice.status)).collect()
    }
}

pub(crate) fn checkout(customer: &str, trial_days: u32) -> Checkout {
    Checkout {
        customer: customer.to_owned(),
        lookup_key: "team-month".to_owned(),
        currency: currency("jpy"),
        seats: 3,
        trial_days,
        language: "ja",
        success_url: "https://app.example.com/o/x/billing?back=checkout".to_owned(),
        cancel_url: "https://app.example.com/o/x/billing?back=left".to_owned(),
    }
}

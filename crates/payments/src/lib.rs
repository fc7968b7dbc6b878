#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(feature = "stripe")]
mod stripe;
mod types;
pub mod webhook;

#[cfg(feature = "stripe")]
pub use stripe::{BadStripe, Stripe, StripeSettings};
pub use types::{
    Change, Checkout, Invoice, NewCustomer, PaymentsError, Preview, PreviewLine, Price, Subscribed,
};

use async_trait::async_trait;
use wax_model::billing::Subscription;

/// What can be asked of Stripe. Each call takes at most 30 s, repetitions included.
#[async_trait]
pub trait Payments: std::fmt::Debug + Send + Sync {
    /// The active prices with these lookup keys, one for each currency that they have. Keys that Stripe does not know are
    /// left out.
    async fn prices(&self, lookup_keys: &[String]) -> Result<Vec<Price>, PaymentsError>;

    /// Makes a customer; answers its id, `cus_…`.
    async fn create_customer(
        &self,
        new: &NewCustomer,
        idempotency_key: &str,
    ) -> Result<String, PaymentsError>;

    /// Where somebody can subscribe: a page of Stripe's.
    async fn checkout(
        &self,
        checkout: &Checkout,
        idempotency_key: &str,
    ) -> Result<String, PaymentsError>;

    /// Where a customer can see to payments themselves, and come back from to `return_url`: a page of Stripe's.
    async fn portal(&self, customer: &str, return_url: &str) -> Result<String, PaymentsError>;

    /// Everything that a customer subscribes or subscribed to, newest first, at most 100. A customer that Stripe does not
    /// know (any more) has nothing.
    async fn subscriptions(&self, customer: &str) -> Result<Vec<Subscription>, PaymentsError>;

    /// A customer's last invoices that are no drafts, newest first, at most `most` (1 to 100).
    async fn invoices(&self, customer: &str, most: u8) -> Result<Vec<Invoice>, PaymentsError>;

    /// What a change would cost.
    async fn preview(&self, change: &Change) -> Result<Preview, PaymentsError>;

    /// Changes what is subscribed to, prorated.
    async fn change(&self, change: &Change, idempotency_key: &str) -> Result<(), PaymentsError>;

    /// Ends a subscription with its period; or not after all.
    async fn cancel_at_period_end(
        &self,
        subscription: &str,
        cancel: bool,
        idempotency_key: &str,
    ) -> Result<(), PaymentsError>;

    /// Everything that anybody subscribes to, after the subscription with this id, at most 100: to find customers that we
    /// do not know.
    async fn all(&self, after: Option<&str>) -> Result<Vec<Subscribed>, PaymentsError>;
}

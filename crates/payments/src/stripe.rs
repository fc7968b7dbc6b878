//! [`Payments`] by Stripe itself.
//!
//! What is asked are the SDK's typed requests, and its version of the API is the one that is asked for. What is answered is
//! read by our own types, which name what we need and nothing else: the SDK's refuse a whole subscription for one field that
//! it lacks, and cost 14 MB of binary. The way there is ours too, because the SDK's client keeps no connection, reads answers
//! without a bound, and cannot repeat a request with a key of our choice.

mod answers;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use stripe_billing::{
    billing_portal_session::CreateBillingPortalSession,
    invoice::{
        CreatePreviewInvoice, CreatePreviewInvoiceSubscriptionDetails,
        CreatePreviewInvoiceSubscriptionDetailsItems,
        CreatePreviewInvoiceSubscriptionDetailsProrationBehavior, ListInvoice,
    },
    subscription::{
        ListSubscription, ListSubscriptionStatus, RetrieveSubscription, UpdateSubscription,
        UpdateSubscriptionItems, UpdateSubscriptionPaymentBehavior,
        UpdateSubscriptionProrationBehavior,
    },
};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionCustomerUpdate,
    CreateCheckoutSessionCustomerUpdateAddress, CreateCheckoutSessionCustomerUpdateName,
    CreateCheckoutSessionLineItems, CreateCheckoutSessionPaymentMethodCollection,
    CreateCheckoutSessionSubscriptionData, CreateCheckoutSessionTaxIdCollection,
};
use stripe_client_core::StripeRequest as _;
use stripe_core::customer::CreateCustomer;
use stripe_product::price::ListPrice;
use stripe_shared::{CheckoutSessionLocale, CheckoutSessionMode, InvoiceStatus};
use wax_kernel::{Redacted, Timestamp};
use wax_model::billing::{Subscription, SubscriptionStatus};

use crate::{
    Change, Checkout, Invoice, NewCustomer, Payments, PaymentsError, Preview, Price, Subscribed,
};
use answers::{Document, Listed, Priced, Unpaid};
use wire::Wire;

/// More keys Stripe does not take at once (<https://docs.stripe.com/api/prices/list>).
const MOST_KEYS: usize = 10;
/// The longest page of a list.
const PAGE: i64 = 100;
/// How many pages of invoices are looked through: drafts do not count, and nobody has so many.
const MOST_PAGES: usize = 4;

/// How Stripe is reached.
#[derive(Debug, Clone)]
pub struct StripeSettings {
    /// `sk_…` or `rk_…`. Never printed.
    pub secret_key: Redacted<String>,
    /// Another server in its place, without `/` at the end.
    pub url: Option<String>,
    /// For one request. A call makes up to three of the same, and ends after three times this.
    pub timeout: Duration,
    /// Before the first repetition; four times as long before the second.
    pub pause: Duration,
}

impl StripeSettings {
    /// As docs/billing.md §5 says.
    pub const fn new(secret_key: Redacted<String>, url: Option<String>) -> Self {
        let (timeout, pause) = (Duration::from_secs(10), Duration::from_millis(250));
        Self { secret_key, url, timeout, pause }
    }
}

/// The settings make no client.
#[derive(Debug, thiserror::Error)]
#[error("Stripe cannot be asked: {0}")]
pub struct BadStripe(pub(crate) String);

/// Stripe.
#[derive(Debug)]
pub struct Stripe {
    wire: Wire,
}

impl Stripe {
    /// Asks nothing yet.
    pub fn new(settings: &StripeSettings) -> Result<Self, BadStripe> {
        Ok(Self { wire: Wire::new(settings)? })
    }

    async fn priced(&self, lookup_keys: &[String]) -> Result<Vec<Priced>, PaymentsError> {
        let mut found = Vec::new();
        for keys in lookup_keys.chunks(MOST_KEYS) {
            let request = ListPrice::new()
                .active(true)
                .lookup_keys(keys.to_vec())
                .expand(vec!["data.currency_options".to_owned()])
                .limit(PAGE);
            let page: Listed<Priced> = self.wire.read(request.build()).await?;
            found.extend(page.data);
        }
        Ok(found)
    }

    /// Stripe's id of the price with this key.
    async fn price_id(&self, lookup_key: &str) -> Result<String, PaymentsError> {
        let found = self.priced(&[lookup_key.to_owned()]).await?;
        let absent = || PaymentsError::Refused {
            code: "resource_missing".to_owned(),
            message: format!("No active price has the lookup key {lookup_key:?}"),
        };
        found.into_iter().next().map(|price| price.id).ok_or_else(absent)
    }

    async fn document(&self, id: &str) -> Result<Document, PaymentsError> {
        self.wire.read(RetrieveSubscription::new(id).build()).await
    }

    /// Since when something is not paid: the oldest of the open invoices, for the latest may be a draft, or of a period after
    /// the one that was not paid.
    async fn unpaid_since(&self, subscription: &str) -> Result<Option<Timestamp>, PaymentsError> {
        let request =
            ListInvoice::new().subscription(subscription).status(InvoiceStatus::Open).limit(PAGE);
        let page: Listed<Unpaid> = self.wire.read(request.build()).await?;
        Ok(page.data.iter().filter_map(Unpaid::since).min())
    }
}

#[async_trait]
impl Payments for Stripe {
    async fn prices(&self, lookup_keys: &[String]) -> Result<Vec<Price>, PaymentsError> {
        let mut found: Vec<_> =
            self.priced(lookup_keys).await?.iter().flat_map(Priced::prices).collect();
        let place = |price: &Price| lookup_keys.iter().position(|key| *key == price.lookup_key);
        // Stripe lists the newest first. Stable: a price's own currency stays before the others.
        found.sort_by_key(place);
        Ok(found)
    }

    async fn create_customer(
        &self,
        new: &NewCustomer,
        idempotency_key: &str,
    ) -> Result<String, PaymentsError> {
        let request = CreateCustomer::new()
            .name(&new.name)
            .email(new.email.as_str())
            .preferred_locales(vec![new.language.to_owned()])
            .metadata([("tenant".to_owned(), new.tenant.to_string())]);
        let made: answers::Made = self.wire.write(request.build(), idempotency_key).await?;
        Ok(made.id)
    }

    async fn checkout(
        &self,
        checkout: &Checkout,
        idempotency_key: &str,
    ) -> Result<String, PaymentsError> {
        let price = self.price_id(&checkout.lookup_key).await?;
        let request = checkout_session(checkout, price);
        let page: answers::Page = self.wire.write(request.build(), idempotency_key).await?;
        page.url.ok_or(PaymentsError::Unreadable)
    }

    async fn portal(&self, customer: &str, return_url: &str) -> Result<String, PaymentsError> {
        let request = CreateBillingPortalSession::new().customer(customer).return_url(return_url);
        // Without a key: a page more or less changes nothing.
        let page: answers::Page = self.wire.read(request.build()).await?;
        page.url.ok_or(PaymentsError::Unreadable)
    }

    async fn subscriptions(&self, customer: &str) -> Result<Vec<Subscription>, PaymentsError> {
        let request = ListSubscription::new()
            .customer(customer)
            .status(ListSubscriptionStatus::All)
            .expand(vec!["data.latest_invoice".to_owned()])
            .limit(PAGE);
        let page: Listed<Document> = match self.wire.read(request.build()).await {
            Err(PaymentsError::Refused { code, .. }) if code == "resource_missing" => {
                return Ok(Vec::new());
            }
            answer => answer?,
        };
        let mut subscriptions = Vec::new();
        for document in page.data {
            let mut subscription = document.subscription()?;
            if matches!(
                subscription.status,
                SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid
            ) {
                let since = self.unpaid_since(&subscription.id).await?;
                subscription.unpaid_since = since.or(subscription.unpaid_since);
            }
            subscriptions.push(subscription);
        }
        Ok(subscriptions)
    }

    async fn invoices(&self, customer: &str, most: u8) -> Result<Vec<Invoice>, PaymentsError> {
        let (mut found, most) = (Vec::new(), usize::from(most));
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut request = ListInvoice::new().customer(customer).limit(PAGE);
            if let Some(after) = &after {
                request = request.starting_after(after);
            }
            let page: Listed<answers::Billed> = self.wire.read(request.build()).await?;
            after = page.data.last().map(|invoice| invoice.id.clone());
            for invoice in page.data {
                found.extend(invoice.invoice()?);
            }
            if !page.has_more || found.len() >= most {
                break;
            }
        }
        found.truncate(most);
        Ok(found)
    }

    async fn preview(&self, change: &Change) -> Result<Preview, PaymentsError> {
        let price = self.price_id(&change.lookup_key).await?;
        let mut item = CreatePreviewInvoiceSubscriptionDetailsItems::new();
        (item.id, item.price) = (Some(change.item.clone()), Some(price));
        item.quantity = Some(change.seats);
        let mut details = CreatePreviewInvoiceSubscriptionDetails::new();
        details.items = Some(vec![item]);
        details.proration_date = Some(change.at.as_secs());
        details.proration_behavior =
            Some(CreatePreviewInvoiceSubscriptionDetailsProrationBehavior::CreateProrations);
        let request = CreatePreviewInvoice::new()
            .customer(&change.customer)
            .subscription(&change.subscription)
            .subscription_details(details);
        let invoice: answers::Upcoming = self.wire.read(request.build()).await?;
        invoice.preview(change.at)
    }

    /// Another price is paid for at once, and if that fails nothing has changed: nobody gets a better plan for a card that is
    /// declined. Another number of seats alone goes onto the next invoice: nobody is charged for each member who joins.
    async fn change(&self, change: &Change, idempotency_key: &str) -> Result<(), PaymentsError> {
        let price = self.price_id(&change.lookup_key).await?;
        let now = self.document(&change.subscription).await?;
        let same_price = now.has_price(&price);
        if same_price && now.has_seats(change.seats) {
            return Ok(());
        }
        let mut item = UpdateSubscriptionItems::new();
        (item.id, item.price) = (Some(change.item.clone()), Some(price));
        item.quantity = Some(change.seats);
        let request = UpdateSubscription::new(change.subscription.as_str())
            .items(vec![item])
            .proration_date(change.at.as_secs());
        let request = if same_price {
            request.proration_behavior(UpdateSubscriptionProrationBehavior::CreateProrations)
        } else {
            request
                .proration_behavior(UpdateSubscriptionProrationBehavior::AlwaysInvoice)
                .payment_behavior(UpdateSubscriptionPaymentBehavior::ErrorIfIncomplete)
        };
        let _: answers::Made = self.wire.write(request.build(), idempotency_key).await?;
        Ok(())
    }

    async fn cancel_at_period_end(
        &self,
        subscription: &str,
        cancel: bool,
        idempotency_key: &str,
    ) -> Result<(), PaymentsError> {
        let request = UpdateSubscription::new(subscription).cancel_at_period_end(cancel);
        let _: answers::Made = self.wire.write(request.build(), idempotency_key).await?;
        Ok(())
    }

    async fn all(&self, after: Option<&str>) -> Result<Vec<Subscribed>, PaymentsError> {
        let mut request =
            ListSubscription::new().expand(vec!["data.latest_invoice".to_owned()]).limit(PAGE);
        if let Some(after) = after {
            request = request.starting_after(after);
        }
        let page: Listed<Document> = self.wire.read(request.build()).await?;
        page.data.into_iter().map(Document::subscribed).collect()
    }
}

fn checkout_session(checkout: &Checkout, price: String) -> CreateCheckoutSession {
    let mut item = CreateCheckoutSessionLineItems::new();
    (item.price, item.quantity) = (Some(price), Some(checkout.seats));
    let mut trial = CreateCheckoutSessionSubscriptionData::new();
    trial.trial_period_days = Some(checkout.trial_days).filter(|days| *days > 0);
    // Stripe wants the name to be that of the tax id, and says so if this is left out.
    let mut update = CreateCheckoutSessionCustomerUpdate::new();
    update.name = Some(CreateCheckoutSessionCustomerUpdateName::Auto);
    update.address = Some(CreateCheckoutSessionCustomerUpdateAddress::Auto);
    let currency: stripe_types::Currency = match checkout.currency.as_str().parse() {
        Ok(currency) => currency,
        Err(never) => match never {},
    };
    let locale = match checkout.language {
        "ja" => CheckoutSessionLocale::Ja,
        "en" => CheckoutSessionLocale::En,
        _ => CheckoutSessionLocale::Auto,
    };
    CreateCheckoutSession::new()
        .mode(CheckoutSessionMode::Subscription)
        .customer(&checkout.customer)
        .customer_update(update)
        .line_items(vec![item])
        .currency(currency)
        .subscription_data(trial)
        .payment_method_collection(CreateCheckoutSessionPaymentMethodCollection::Always)
        .allow_promotion_codes(true)
        .tax_id_collection(CreateCheckoutSessionTaxIdCollection::new(true))
        .locale(locale)
        .success_url(&checkout.success_url)
        .cancel_url(&checkout.cancel_url)
}

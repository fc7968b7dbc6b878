//! What goes to Stripe and comes from there, as far as we need it.

use wax_kernel::{EmailAddress, TenantId, Timestamp};
use wax_model::billing::{Currency, Interval, Subscription};

/// A price, in one of its currencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// By which configurations name it.
    pub lookup_key: String,
    /// How often it is paid.
    pub interval: Interval,
    /// In what.
    pub currency: Currency,
    /// How much, in the currency's smallest unit.
    pub amount: i64,
}

/// An organization that wants to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCustomer {
    /// Kept at Stripe as the metadata `tenant`.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// Where invoices go: whoever subscribes first.
    pub email: EmailAddress,
    /// The language of Stripe's pages and mails: `en`, `ja`.
    pub language: &'static str,
}

/// A subscription that somebody is about to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// Stripe's id of the customer.
    pub customer: String,
    /// Of the price.
    pub lookup_key: String,
    /// In what it is paid.
    pub currency: Currency,
    /// For how many.
    pub seats: u64,
    /// Days for which it may be tried; 0: none.
    pub trial_days: u32,
    /// The language of the page: `en`, `ja`.
    pub language: &'static str,
    /// Where the browser goes when it is done.
    pub success_url: String,
    /// Where it goes when somebody turns back.
    pub cancel_url: String,
}

/// Another price or number of seats for a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Stripe's id of the customer.
    pub customer: String,
    /// Of the subscription.
    pub subscription: String,
    /// Of its item.
    pub item: String,
    /// Of the price.
    pub lookup_key: String,
    /// For how many.
    pub seats: u64,
    /// From when on it counts; a preview and the change after it say the same.
    pub at: Timestamp,
}

/// What a change would cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// In what.
    pub currency: Currency,
    /// What the change itself costs or gives back, below 0, at once: the lines that are prorated, and the whole period
    /// that begins with another interval.
    pub due_now: i64,
    /// What the next period costs.
    pub next: i64,
    /// When that is.
    pub next_at: Timestamp,
    /// What it is made of.
    pub lines: Vec<PreviewLine>,
}

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewLine {
    /// Stripe's words, in the customer's language.
    pub text: String,
    /// How much; below 0: given back.
    pub amount: i64,
}

/// An invoice, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Stripe's id: `in_…`.
    pub id: String,
    /// What it says it is: `A-0001`.
    pub number: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// `open`, `paid`, `uncollectible`, `void`.
    pub status: String,
    /// What it comes to.
    pub total: i64,
    /// In what.
    pub currency: Currency,
    /// Stripe's page of it.
    pub url: Option<String>,
    /// And as a file.
    pub pdf: Option<String>,
}

/// A subscription and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribed {
    /// Stripe's id of the customer.
    pub customer: String,
    /// What they subscribe to.
    pub subscription: Subscription,
}

/// Why Stripe did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentsError {
    /// It did not answer, or not in time, or said that it cannot now. It may have happened all the same: repeat with the
    /// same key.
    #[error("cannot be reached: {0}")]
    Unavailable(String),
    /// It refuses, with its code (<https://docs.stripe.com/error-codes>).
    #[error("refuses: {code}")]
    Refused {
        /// `resource_missing`, `card_declined`, …; Stripe's type of error, if it gave no code.
        code: String,
        /// What is wrong, as Stripe says it for developers. For logs of the operator.
        message: String,
    },
    /// Its answer cannot be read.
    #[error("gave an answer that cannot be read")]
    Unreadable,
}

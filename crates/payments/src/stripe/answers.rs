//! What of Stripe's documents is read. Everything else in them may be whatever it likes.

use std::collections::BTreeMap;

use serde::Deserialize;
use wax_kernel::Timestamp;
use wax_model::billing::{Currency, Interval, Subscription, SubscriptionStatus};

use crate::{Invoice, PaymentsError, Preview, PreviewLine, Price, Subscribed};

/// A page of a list.
#[derive(Deserialize)]
pub(super) struct Listed<T> {
    pub(super) data: Vec<T>,
    pub(super) has_more: bool,
}

/// Something that was made or changed.
#[derive(Deserialize)]
pub(super) struct Made {
    pub(super) id: String,
}

/// A page of Stripe's.
#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Priced {
    pub(super) id: String,
    lookup_key: Option<String>,
    currency: String,
    unit_amount: Option<i64>,
    currency_options: Option<BTreeMap<String, CurrencyOption>>,
    recurring: Option<Recurring>,
}

#[derive(Deserialize)]
struct CurrencyOption {
    unit_amount: Option<i64>,
}

#[derive(Deserialize)]
struct Recurring {
    interval: String,
    interval_count: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct Document {
    id: String,
    customer: String,
    status: String,
    currency: String,
    created: i64,
    items: Items,
    cancel_at: Option<i64>,
    cancel_at_period_end: bool,
    ended_at: Option<i64>,
    trial_end: Option<i64>,
    latest_invoice: Option<LatestInvoice>,
}

#[derive(Deserialize)]
struct Items {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    price: Priced,
    quantity: Option<u64>,
    current_period_end: i64,
}

/// An invoice as its id, or whole where it was asked for.
#[derive(Deserialize)]
#[serde(untagged)]
enum LatestInvoice {
    Whole(Unpaid),
    Id(#[expect(dead_code, reason = "it tells a text from what cannot be read")] String),
}

#[derive(Deserialize)]
pub(super) struct Unpaid {
    status: Option<String>,
    status_transitions: Transitions,
}

#[derive(Deserialize)]
struct Transitions {
    finalized_at: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Billed {
    pub(super) id: String,
    number: Option<String>,
    created: i64,
    status: Option<String>,
    total: i64,
    currency: String,
    hosted_invoice_url: Option<String>,
    invoice_pdf: Option<String>,
}

/// An invoice that there is not yet.
#[derive(Deserialize)]
pub(super) struct Upcoming {
    currency: String,
    created: i64,
    lines: Lines,
}

#[derive(Deserialize)]
struct Lines {
    data: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    description: Option<String>,
    amount: i64,
    discount_amounts: Option<Vec<Discount>>,
    period: Period,
    parent: Option<Parent>,
}

#[derive(Deserialize)]
struct Discount {
    amount: i64,
}

#[derive(Deserialize)]
struct Period {
    start: i64,
    end: i64,
}

#[derive(Deserialize)]
struct Parent {
    subscription_item_details: Option<Details>,
    invoice_item_details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    proration: bool,
}

impl Priced {
    /// One for each currency, its own first. None, if it is not paid by the month or year, or has no whole amount.
    pub(super) fn prices(&self) -> Vec<Price> {
        let (Some(key), Some(interval)) = (&self.lookup_key, self.interval()) else {
            return Vec::new();
        };
        let own = (&self.currency, self.unit_amount);
        let others = self.currency_options.iter().flatten();
        let others = others.map(|(code, option)| (code, option.unit_amount));
        let all = std::iter::once(own).chain(others.filter(|(code, _)| **code != self.currency));
        let price = |(code, amount): (&String, Option<i64>)| {
            let currency = Currency::parse(code).ok()?;
            Some(Price { lookup_key: key.clone(), interval, currency, amount: amount? })
        };
        all.filter_map(price).collect()
    }

    fn interval(&self) -> Option<Interval> {
        let recurring = self.recurring.as_ref()?;
        let whole = recurring.interval_count.is_none_or(|count| count == 1);
        Interval::ALL.iter().copied().find(|one| whole && one.as_str() == recurring.interval)
    }
}

impl Document {
    pub(super) fn has_price(&self, id: &str) -> bool {
        self.items.data.first().is_some_and(|item| item.price.id == id)
    }

    pub(super) fn has_seats(&self, seats: u64) -> bool {
        self.items.data.first().is_some_and(|item| item.quantity == Some(seats))
    }

    pub(super) fn subscription(self) -> Result<Subscription, PaymentsError> {
        let item = self.items.data.into_iter().next().ok_or(PaymentsError::Unreadable)?;
        let status = SubscriptionStatus::ALL.iter().find(|one| one.as_str() == self.status);
        // A price that is paid by the week is none that a plan has: drift, and not the end of reading.
        let interval = item.price.interval();
        let cancelled =
            self.cancel_at.or(self.cancel_at_period_end.then_some(item.current_period_end));
        Ok(Subscription {
            id: self.id,
            item: item.id,
            status: *status.ok_or(PaymentsError::Unreadable)?,
            price: item.price.lookup_key.filter(|_| interval.is_some()),
            interval: interval.unwrap_or(Interval::Month),
            currency: currency(&self.currency)?,
            seats: item.quantity.unwrap_or(1),
            created_at: at(self.created),
            period_ends_at: at(item.current_period_end),
            trial_ends_at: self.trial_end.map(at),
            ends_at: self.ended_at.or(cancelled).map(at),
            unpaid_since: match &self.latest_invoice {
                Some(LatestInvoice::Whole(invoice)) => invoice.since(),
                _ => None,
            },
        })
    }

    pub(super) fn subscribed(self) -> Result<Subscribed, PaymentsError> {
        let customer = self.customer.clone();
        Ok(Subscribed { customer, subscription: self.subscription()? })
    }
}

impl Unpaid {
    /// When it was finalized, if it is open.
    pub(super) fn since(&self) -> Option<Timestamp> {
        let open = self.status.as_deref() == Some("open");
        self.status_transitions.finalized_at.filter(|_| open).map(at)
    }
}

impl Billed {
    /// `None`: a draft.
    pub(super) fn invoice(self) -> Result<Option<Invoice>, PaymentsError> {
        let Some(status) = self.status.filter(|status| status != "draft") else { return Ok(None) };
        Ok(Some(Invoice {
            id: self.id,
            number: self.number,
            created_at: at(self.created),
            status,
            total: self.total,
            currency: currency(&self.currency)?,
            url: self.hosted_invoice_url,
            pdf: self.invoice_pdf,
        }))
    }
}

impl Upcoming {
    /// What is prorated is due now; so is a whole period, if it begins with the change: another interval begins one at once.
    pub(super) fn preview(self, change_at: Timestamp) -> Result<Preview, PaymentsError> {
        let (mut due_now, mut next, mut next_at) = (0, 0, at(self.created));
        for line in &self.lines.data {
            let begins_now = at(line.period.start).as_secs() <= change_at.as_secs();
            if line.is_prorated() {
                due_now += line.comes_to();
            } else {
                due_now += if begins_now { line.comes_to() } else { 0 };
                next += line.comes_to();
                next_at = at(if begins_now { line.period.end } else { line.period.start });
            }
        }
        let line = |line: Line| PreviewLine {
            amount: line.comes_to(),
            text: line.description.unwrap_or_default(),
        };
        Ok(Preview {
            currency: currency(&self.currency)?,
            due_now,
            next,
            next_at,
            lines: self.lines.data.into_iter().map(line).collect(),
        })
    }
}

impl Line {
    fn is_prorated(&self) -> bool {
        let parent = self.parent.as_ref();
        let details = |of: &'_ Parent| {
            let items = [&of.subscription_item_details, &of.invoice_item_details];
            items.into_iter().flatten().any(|details| details.proration)
        };
        parent.is_some_and(details)
    }

    /// Discounts taken off.
    fn comes_to(&self) -> i64 {
        let discounts = self.discount_amounts.iter().flatten();
        self.amount - discounts.map(|discount| discount.amount).sum::<i64>()
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(seconds.saturating_mul(1_000))
}

fn currency(code: &str) -> Result<Currency, PaymentsError> {
    Currency::parse(code).map_err(|_| PaymentsError::Unreadable)
}

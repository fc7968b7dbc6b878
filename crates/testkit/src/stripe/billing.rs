//! How money goes: subscriptions begin, change, renew, are not paid, and end. To the second, and to the smallest unit.

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

use super::{
    books::{AfterRetries, Books, Card, Invoice, Line, Subscription},
    refusal::Refusal,
};

const DAY: i64 = 86_400;
/// When an invoice is tried again, in days since it was finalized.
const RETRIES: [i64; 3] = [3, 5, 7];

/// What is subscribed to.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) customer: String,
    pub(super) price: String,
    pub(super) currency: String,
    pub(super) quantity: i64,
    pub(super) trial_days: i64,
    pub(super) percent_off: i64,
}

/// Another price or quantity from `at` on.
#[derive(Debug, Clone)]
pub(super) struct Changed {
    pub(super) price: String,
    pub(super) quantity: i64,
    pub(super) at: i64,
}

/// The lines of a change, and the period that it begins, if the interval is another.
pub(super) struct Prorated {
    pub(super) lines: Vec<Line>,
    pub(super) period: Option<(i64, i64)>,
}

impl Books {
    /// Begins a subscription, paid with this card. Nothing has happened if the card is declined.
    pub(super) fn subscribe(&mut self, wanted: &Wanted, card: &Card) -> Result<String, Refusal> {
        let now = self.now();
        self.one_currency(&wanted.customer, &wanted.currency)?;
        let interval = self.price(&wanted.price, "price")?.interval.clone();
        self.price(&wanted.price, "price")?.amount(&wanted.currency)?;
        let trial = (wanted.trial_days > 0).then(|| (now, now + wanted.trial_days * DAY));
        // A trial costs nothing, so the card is only looked at: 4000000000000341 passes, 4000000000000002 does not.
        let attaches = card.pays || (trial.is_some() && card.last4 == "0341");
        if !attaches {
            return Err(Refusal::declined());
        }
        let (id, item) = (self.id("sub"), self.id("si"));
        let customer = self.customer(&wanted.customer, "customer")?;
        customer.card = Some(card.clone());
        customer.currency = Some(wanted.currency.clone());
        let period = trial.unwrap_or_else(|| (now, after(now, &interval, 1)));
        self.subscriptions.push(Subscription {
            id: id.clone(),
            item,
            customer: wanted.customer.clone(),
            price: wanted.price.clone(),
            currency: wanted.currency.clone(),
            quantity: wanted.quantity,
            status: if trial.is_some() { "trialing" } else { "active" },
            created: now,
            anchor: period.1,
            nth: 0,
            period,
            trial,
            cancel_at_period_end: false,
            canceled_at: None,
            ended_at: None,
            latest_invoice: None,
            retry: None,
            percent_off: wanted.percent_off,
            pending: Vec::new(),
        });
        let mut one = self.subscription(&id, "id")?.clone();
        if trial.is_none() {
            one.anchor = now;
            one.nth = 1;
        }
        let mut line = self.regular(&one, one.period)?;
        if trial.is_some() {
            (line.amount, line.discount) = (0, 0);
            line.text = format!("Trial period for {}", self.product(&one.price));
        }
        self.tell_subscription("customer.subscription.created", &one);
        self.bill(&mut one, vec![line]);
        self.keep(one);
        Ok(id)
    }

    /// A customer pays in one currency, for ever.
    pub(super) fn one_currency(&mut self, customer: &str, currency: &str) -> Result<(), Refusal> {
        match self.customer(customer, "customer")?.currency.as_deref() {
            Some(has) if has != currency => Err(Refusal::invalid(
                "currency",
                format!(
                    "You cannot combine currencies on a single customer. This customer has {has}."
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Whatever is due by now has happened, each at its time.
    pub(super) fn catch_up(&mut self) {
        let now = self.now();
        loop {
            let due =
                self.subscriptions.iter().filter_map(|one| Some((one.due()?, one.id.clone())));
            let Some((moment, id)) = due.filter(|(at, _)| *at <= now).min() else { break };
            self.moment = Some(moment);
            if let Ok(one) = self.subscription(&id, "id").cloned() {
                self.happens(one, moment);
            }
            self.moment = None;
        }
    }

    fn happens(&mut self, mut one: Subscription, moment: i64) {
        if one.retry.is_some_and(|(at, _)| at == moment) {
            self.retry(&mut one);
        } else if one.cancel_at_period_end {
            one.end("canceled", moment);
            self.tell_subscription("customer.subscription.deleted", &one);
        } else {
            self.renew(&mut one);
        }
        self.keep(one);
    }

    fn renew(&mut self, one: &mut Subscription) {
        let Ok(interval) = self.price(&one.price, "price").map(|price| price.interval.clone())
        else {
            return;
        };
        one.nth += 1;
        one.period = (one.period.1, after(one.anchor, &interval, one.nth));
        let was_trial = one.status == "trialing";
        let mut lines = std::mem::take(&mut one.pending);
        lines.extend(self.regular(one, one.period));
        if one.status == "unpaid" {
            // Stripe has given up collecting, and makes drafts from here on.
            let id = self.draft(one, lines);
            one.latest_invoice = Some(id);
        } else {
            if was_trial {
                one.status = "active";
            }
            self.bill(one, lines);
        }
        self.tell_subscription("customer.subscription.updated", one);
    }

    fn retry(&mut self, one: &mut Subscription) {
        let Some((_, tried)) = one.retry.take() else { return };
        let open =
            self.invoices.iter().rev().find(|i| i.subscription == one.id && i.status == "open");
        let Some(invoice) = open.map(|invoice| invoice.id.clone()) else { return };
        let finalized = open.and_then(|invoice| invoice.finalized_at).unwrap_or_default();
        if self.collect(&invoice) {
            one.status = "active";
        } else if let Some(days) = RETRIES.get(tried + 1) {
            one.retry = Some((finalized + days * DAY, tried + 1));
        } else {
            let now = self.now();
            match self.after_retries {
                AfterRetries::PastDue => {}
                AfterRetries::Unpaid => one.status = "unpaid",
                AfterRetries::Canceled => one.end("canceled", now),
            }
        }
        let ended = one.ended_at.is_some();
        let kind =
            if ended { "customer.subscription.deleted" } else { "customer.subscription.updated" };
        self.tell_subscription(kind, one);
    }

    /// Makes an invoice, and collects it. What cannot be collected is tried again later.
    pub(super) fn bill(&mut self, one: &mut Subscription, lines: Vec<Line>) {
        let id = self.draft(one, lines);
        one.latest_invoice = Some(id.clone());
        let now = self.now();
        let number = format!("SCRIPTED-{:04}", self.invoices.len());
        if let Ok(invoice) = self.invoice(&id) {
            (invoice.status, invoice.number, invoice.finalized_at) =
                ("open", Some(number), Some(now));
        }
        self.tell_invoice("invoice.finalized", &id);
        if !self.collect(&id) {
            one.status = "past_due";
            one.retry = RETRIES.first().map(|days| (now + days * DAY, 0));
        }
    }

    fn draft(&mut self, one: &Subscription, lines: Vec<Line>) -> String {
        let (id, now) = (self.id("in"), self.now());
        self.invoices.push(Invoice {
            id: id.clone(),
            number: None,
            customer: one.customer.clone(),
            subscription: one.id.clone(),
            item: one.item.clone(),
            currency: one.currency.clone(),
            status: "draft",
            created: now,
            finalized_at: None,
            paid_at: None,
            attempts: 0,
            amount_paid: 0,
            lines,
        });
        self.tell_invoice("invoice.created", &id);
        id
    }

    /// Takes the money: first what Stripe owes the customer, then from the card.
    fn collect(&mut self, id: &str) -> bool {
        let now = self.now();
        let Ok(invoice) = self.invoice(id).cloned() else { return false };
        let Ok(customer) = self.customer(&invoice.customer, "customer") else { return false };
        let total = invoice.total();
        let after = customer.balance.saturating_add(total);
        let paid = after <= 0 || customer.card.as_ref().is_some_and(|card| card.pays);
        if paid {
            customer.balance = after.min(0);
        }
        if let Ok(invoice) = self.invoice(id) {
            invoice.attempts += i64::from(total > 0);
            if paid {
                (invoice.status, invoice.paid_at) = ("paid", Some(now));
                invoice.amount_paid = total.max(0);
            }
        }
        self.tell_invoice(if paid { "invoice.paid" } else { "invoice.payment_failed" }, id);
        paid
    }

    /// Somebody pays an open invoice by hand.
    pub(super) fn pay(&mut self, id: &str) -> Result<(), Refusal> {
        let invoice = self.invoice(id)?.clone();
        if invoice.status != "open" {
            return Err(Refusal::invalid("id", "Invoice is not open"));
        }
        if !self.collect(id) {
            return Err(Refusal::declined());
        }
        let mut one = self.subscription(&invoice.subscription, "id")?.clone();
        let open = |i: &Invoice| i.subscription == one.id && i.status == "open";
        if matches!(one.status, "past_due" | "unpaid") && !self.invoices.iter().any(open) {
            (one.status, one.retry) = ("active", None);
            self.tell_subscription("customer.subscription.updated", &one);
            self.keep(one);
        }
        Ok(())
    }

    /// What a change costs: time that is not used given back, time that remains paid anew; or, with another interval, a new
    /// period from then on.
    pub(super) fn prorated(&self, one: &Subscription, to: &Changed) -> Result<Prorated, Refusal> {
        let (old, new) =
            (self.price(&one.price, "price")?, self.price(&to.price, "items[0][price]")?);
        let (before, then) = (old.amount(&one.currency)?, new.amount(&one.currency)?);
        let same = one.price == to.price && one.quantity == to.quantity;
        if same || one.status == "trialing" {
            return Ok(Prorated { lines: Vec::new(), period: None });
        }
        let (start, end) = one.period;
        if !(start..=end).contains(&to.at) {
            let message = "The proration date must be within the current billing period.";
            return Err(Refusal::invalid("proration_date", message));
        }
        let share = |amount: i64| rounded(amount, end - to.at, end - start);
        let mut lines = vec![Line {
            text: format!("Unused time on {}", self.product(&one.price)),
            proration: true,
            period: (to.at, end),
            ..line(one, -share(before * one.quantity), one.quantity, &one.price)
        }];
        let period =
            (old.interval != new.interval).then(|| (to.at, after(to.at, &new.interval, 1)));
        lines.push(match period {
            Some(period) => Line {
                text: format!("{} × {}", to.quantity, self.product(&to.price)),
                period,
                ..line(one, then * to.quantity, to.quantity, &to.price)
            },
            None => Line {
                text: format!("Remaining time on {} × {}", to.quantity, self.product(&to.price)),
                proration: true,
                period: (to.at, end),
                ..line(one, share(then * to.quantity), to.quantity, &to.price)
            },
        });
        Ok(Prorated { lines, period })
    }

    /// What a period costs.
    pub(super) fn regular(&self, one: &Subscription, period: (i64, i64)) -> Result<Line, Refusal> {
        let unit = self.price(&one.price, "price")?.amount(&one.currency)?;
        Ok(Line {
            text: format!("{} × {}", one.quantity, self.product(&one.price)),
            period,
            ..line(one, unit * one.quantity, one.quantity, &one.price)
        })
    }

    pub(super) fn product(&self, price: &str) -> String {
        self.price(price, "price").map_or_else(|_| String::new(), |price| price.product.clone())
    }

    pub(super) fn keep(&mut self, changed: Subscription) {
        if let Ok(kept) = self.subscription(&changed.id.clone(), "id") {
            *kept = changed;
        }
    }
}

impl Subscription {
    /// When something happens to it next.
    fn due(&self) -> Option<i64> {
        let period = match self.status {
            "trialing" | "active" | "past_due" | "unpaid" => Some(self.period.1),
            _ => None,
        };
        [period, self.retry.map(|(at, _)| at)].into_iter().flatten().min()
    }

    pub(super) fn end(&mut self, status: &'static str, at: i64) {
        self.status = status;
        self.canceled_at = self.canceled_at.or(Some(at));
        self.ended_at = Some(at);
        self.retry = None;
    }

    /// Moves to what a change says.
    pub(super) fn moved(&mut self, to: &Changed, period: Option<(i64, i64)>) {
        self.price.clone_from(&to.price);
        self.quantity = to.quantity;
        if let Some(period) = period {
            (self.period, self.anchor, self.nth) = (period, period.0, 1);
        }
    }
}

fn line(one: &Subscription, amount: i64, quantity: i64, price: &str) -> Line {
    Line {
        text: String::new(),
        amount,
        discount: rounded(amount, one.percent_off, 100),
        quantity,
        price: price.to_owned(),
        proration: false,
        period: one.period,
    }
}

/// `amount × part / whole`, half away from zero.
fn rounded(amount: i64, part: i64, whole: i64) -> i64 {
    let (product, whole) = (i128::from(amount) * i128::from(part), i128::from(whole.max(1)));
    let half = if product < 0 { -whole / 2 } else { whole / 2 };
    i64::try_from((product + half) / whole).unwrap_or(i64::MAX)
}

/// So many intervals later, on the same day of the month where there is one.
pub(super) fn after(start: i64, interval: &str, count: i32) -> i64 {
    let span = if interval == "year" { count.years() } else { count.months() };
    let moved = Timestamp::from_second(start)
        .map(|at| at.to_zoned(TimeZone::UTC))
        .and_then(|at| at.checked_add(span));
    moved.map_or(i64::MAX, |at| at.timestamp().as_second())
}

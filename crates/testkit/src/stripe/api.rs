//! The operations, by their documented paths and parameters (<https://docs.stripe.com/api>).

use serde_json::{Value, json};

use super::{
    billing::Changed,
    books::{Books, Customer, Invoice, Portal, Session, Subscription},
    documents,
    form::Form,
    refusal::Refusal,
};

type Answer = Result<Value, Refusal>;

impl Books {
    pub(super) fn operate(&mut self, method: &str, path: &str, mut form: Form) -> Answer {
        let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        let form = &mut form;
        match (method, parts.as_slice()) {
            ("GET", ["prices"]) => self.list_prices(form),
            ("POST", ["customers"]) => self.create_customer(form),
            ("GET", ["customers", id]) => {
                form.finish()?;
                self.customer(id, "id").map(|customer| documents::customer(customer))
            }
            ("POST", ["checkout", "sessions"]) => self.create_session(form),
            ("POST", ["billing_portal", "sessions"]) => self.create_portal(form),
            ("GET", ["subscriptions"]) => self.list_subscriptions(form),
            ("GET", ["subscriptions", id]) => self.get_subscription(id, form),
            ("POST", ["subscriptions", id]) => self.update_subscription(id, form),
            ("DELETE", ["subscriptions", id]) => self.cancel_subscription(id, form),
            ("GET", ["invoices"]) => self.list_invoices(form),
            ("POST", ["invoices", "create_preview"]) => self.preview(form),
            _ => Err(Refusal::route(method, path)),
        }
    }

    fn list_prices(&self, form: &mut Form) -> Answer {
        let keys = form.list("lookup_keys");
        let active = form.flag("active")?.unwrap_or(true);
        let expanded =
            expansions(form, &["data.currency_options"])?.contains(&"data.currency_options");
        let found = self
            .prices
            .iter()
            .filter(|price| active && (keys.is_empty() || keys.contains(&price.lookup_key)));
        let page = Page::of(form)?;
        if keys.len() > 10 {
            return Err(Refusal::invalid(
                "lookup_keys",
                "You may only specify up to 10 lookup_keys.",
            ));
        }
        form.finish()?;
        let all = found.map(|price| (price.id.as_str(), Some(documents::price(price, expanded))));
        page.cut("/v1/prices", all.collect())
    }

    fn create_customer(&mut self, form: &mut Form) -> Answer {
        let (id, created) = (self.id("cus"), self.now());
        let customer = Customer {
            id,
            name: form.take("name"),
            email: form.take("email"),
            metadata: form.map("metadata"),
            locales: form.list("preferred_locales"),
            created,
            card: None,
            currency: None,
            balance: 0,
            tax_id: None,
        };
        form.finish()?;
        let document = documents::customer(&customer);
        self.customers.push(customer);
        self.tell("customer.created", &document);
        Ok(document)
    }

    fn create_session(&mut self, form: &mut Form) -> Answer {
        if form.required("mode")? != "subscription" {
            return Err(Refusal::invalid("mode", "This Stripe sells subscriptions only."));
        }
        let price = form.required("line_items[0][price]")?;
        let of = self.price(&price, "line_items[0][price]")?;
        let currency = form.take("currency").or_else(|| Some(of.amounts.first()?.0.clone()));
        let currency = currency.unwrap_or_default();
        of.amount(&currency)?;
        let session = Session {
            id: self.id("cs_test"),
            customer: form.required("customer")?,
            price,
            currency,
            quantity: positive(
                "line_items[0][quantity]",
                form.number("line_items[0][quantity]")?.unwrap_or(1),
            )?,
            trial_days: form.number("subscription_data[trial_period_days]")?.unwrap_or(0),
            locale: form.take("locale").unwrap_or_else(|| "auto".to_owned()),
            success_url: form.required("success_url")?,
            cancel_url: form.take("cancel_url").unwrap_or_default(),
            promotion_codes: form.flag("allow_promotion_codes")?.unwrap_or(false),
            tax_ids: form.flag("tax_id_collection[enabled]")?.unwrap_or(false),
            subscription: None,
            created: self.now(),
        };
        let named = form.choice("customer_update[name]", &["auto", "never"])?;
        form.choice("customer_update[address]", &["auto", "never"])?;
        form.choice("billing_address_collection", &["auto", "required"])?;
        form.choice("payment_method_collection", &["always", "if_required"])?;
        form.map("metadata");
        form.finish()?;
        if session.tax_ids && named != Some("auto") {
            let message = "Tax ID collection requires updating business name on the customer. To enable tax ID collection for \
                           an existing customer, please set `customer_update[name]` to `auto`.";
            return Err(Refusal::invalid("customer_update[name]", message));
        }
        self.one_currency(&session.customer, &session.currency)?;
        let document = documents::session(&session, &self.base);
        self.sessions.push(session);
        Ok(document)
    }

    fn create_portal(&mut self, form: &mut Form) -> Answer {
        let portal = Portal {
            id: self.id("bps"),
            customer: form.required("customer")?,
            return_url: form.take("return_url").unwrap_or_default(),
            created: self.now(),
        };
        form.take("locale");
        form.finish()?;
        self.customer(&portal.customer, "customer")?;
        let document = documents::portal(&portal, &self.base);
        self.portals.push(portal);
        Ok(document)
    }

    fn list_subscriptions(&mut self, form: &mut Form) -> Answer {
        let customer = form.take("customer");
        let status = form.choice(
            "status",
            &["all", "active", "trialing", "past_due", "unpaid", "canceled", "paused"],
        )?;
        let expanded = expansions(form, &["data.latest_invoice"])?.contains(&"data.latest_invoice");
        let page = Page::of(form)?;
        form.finish()?;
        if let Some(id) = &customer {
            self.customer(id, "customer")?;
        }
        let fits = |one: &Subscription| {
            let counts = match status {
                None => one.status != "canceled",
                Some("all") => true,
                Some(only) => one.status == only,
            };
            counts && customer.as_ref().is_none_or(|id| one.customer == *id)
        };
        let all = self.subscriptions.iter().rev().map(|one| {
            let document = fits(one).then(|| self.subscription_document(one, expanded));
            (one.id.as_str(), document)
        });
        page.cut("/v1/subscriptions", all.collect())
    }

    fn get_subscription(&mut self, id: &str, form: &mut Form) -> Answer {
        let expanded = !expansions(form, &["latest_invoice"])?.is_empty();
        form.finish()?;
        let one = self.subscription(id, "id")?.clone();
        Ok(self.subscription_document(&one, expanded))
    }

    fn update_subscription(&mut self, id: &str, form: &mut Form) -> Answer {
        let now = self.now();
        let mut one = self.subscription(id, "id")?.clone();
        if one.ended_at.is_some() {
            let message =
                "A canceled subscription can only update its cancellation_details and metadata.";
            return Err(Refusal::invalid("", message));
        }
        let cancel = form.flag("cancel_at_period_end")?;
        let change = self.changed(&one, "items[0]", form)?;
        let at = form.number("proration_date")?.unwrap_or(now);
        let behavior =
            form.choice("proration_behavior", &BEHAVIORS)?.unwrap_or("create_prorations");
        let payment =
            form.choice("payment_behavior", &["allow_incomplete", "error_if_incomplete"])?;
        let expanded = !expansions(form, &["latest_invoice"])?.is_empty();
        form.finish()?;
        if let Some(cancel) = cancel {
            one.cancel_at_period_end = cancel;
            one.canceled_at = cancel.then_some(now);
        }
        if let Some(change) = change {
            self.apply(&mut one, &Changed { at, ..change }, behavior, payment)?;
        }
        self.tell_subscription("customer.subscription.updated", &one);
        let document = self.subscription_document(&one, expanded);
        self.keep(one);
        Ok(document)
    }

    fn apply(
        &mut self,
        one: &mut Subscription,
        to: &Changed,
        behavior: &str,
        payment: Option<&str>,
    ) -> Result<(), Refusal> {
        let prorated = self.prorated(one, to)?;
        let now_due = !prorated.lines.is_empty()
            && (behavior == "always_invoice" || prorated.period.is_some());
        let total: i64 = prorated.lines.iter().map(|line| line.amount - line.discount).sum();
        let customer = self.customer(&one.customer, "customer")?;
        let pays = customer.card.as_ref().is_some_and(|card| card.pays);
        if now_due
            && total + customer.balance > 0
            && !pays
            && payment == Some("error_if_incomplete")
        {
            return Err(Refusal::declined());
        }
        one.moved(to, prorated.period);
        if now_due {
            // Whatever waits for the next invoice comes onto this one.
            let mut lines = std::mem::take(&mut one.pending);
            lines.extend(prorated.lines);
            self.bill(one, lines);
        } else if behavior != "none" {
            one.pending.extend(prorated.lines);
        }
        Ok(())
    }

    /// What is asked for `items[0]`: its id must be the one that there is.
    fn changed(
        &self,
        one: &Subscription,
        name: &str,
        form: &mut Form,
    ) -> Result<Option<Changed>, Refusal> {
        let (id, price) = (form.take(&format!("{name}[id]")), form.take(&format!("{name}[price]")));
        let quantity = format!("{name}[quantity]");
        let asked = form.number(&quantity)?;
        if id.is_none() && price.is_none() && asked.is_none() {
            return Ok(None);
        }
        if id.as_ref() != Some(&one.item) {
            return Err(Refusal::absent("subscription_item", &id.unwrap_or_default(), name));
        }
        let price = price.unwrap_or_else(|| one.price.clone());
        self.price(&price, &format!("{name}[price]"))?;
        let quantity = positive(&quantity, asked.unwrap_or(one.quantity))?;
        Ok(Some(Changed { price, quantity, at: self.now() }))
    }

    fn cancel_subscription(&mut self, id: &str, form: &mut Form) -> Answer {
        form.finish()?;
        let now = self.now();
        let mut one = self.subscription(id, "id")?.clone();
        one.end("canceled", now);
        self.tell_subscription("customer.subscription.deleted", &one);
        let document = self.subscription_document(&one, false);
        self.keep(one);
        Ok(document)
    }

    fn list_invoices(&mut self, form: &mut Form) -> Answer {
        let (customer, subscription) = (form.take("customer"), form.take("subscription"));
        let status = form.choice("status", &["draft", "open", "paid", "uncollectible", "void"])?;
        let page = Page::of(form)?;
        form.finish()?;
        if let Some(id) = &customer {
            self.customer(id, "customer")?;
        }
        let fits = |invoice: &Invoice| {
            customer.as_ref().is_none_or(|id| invoice.customer == *id)
                && subscription.as_ref().is_none_or(|id| invoice.subscription == *id)
                && status.is_none_or(|status| invoice.status == status)
        };
        let all = self.invoices.iter().rev().map(|invoice| {
            let document = fits(invoice).then(|| self.invoice_document(invoice));
            (invoice.id.as_str(), document)
        });
        page.cut("/v1/invoices", all.collect())
    }

    fn preview(&mut self, form: &mut Form) -> Answer {
        let customer = form.take("customer");
        let mut one = self.subscription(&form.required("subscription")?, "subscription")?.clone();
        if customer.is_some_and(|id| id != one.customer) {
            return Err(Refusal::absent("subscription", &one.id, "subscription"));
        }
        let at = form.number("subscription_details[proration_date]")?.unwrap_or_else(|| self.now());
        let behavior = form.choice("subscription_details[proration_behavior]", &BEHAVIORS)?;
        let change = self.changed(&one, "subscription_details[items][0]", form)?;
        form.finish()?;
        let mut lines = one.pending.clone();
        let mut created = one.period.1;
        if let Some(change) = change {
            let to = Changed { at, ..change };
            let prorated = self.prorated(&one, &to)?;
            if prorated.period.is_some() || behavior == Some("always_invoice") {
                created = at;
            }
            lines.extend(prorated.lines);
            one.moved(&to, prorated.period);
        }
        if created == one.period.1 && !one.cancel_at_period_end {
            let interval = &self.price(&one.price, "price")?.interval;
            let end = super::billing::after(one.anchor, interval, one.nth + 1);
            lines.push(self.regular(&one, (one.period.1, end))?);
        }
        let invoice = Invoice {
            id: self.id("upcoming_in"),
            number: None,
            customer: one.customer.clone(),
            subscription: one.id.clone(),
            item: one.item.clone(),
            currency: one.currency.clone(),
            status: "draft",
            created,
            finalized_at: None,
            paid_at: None,
            attempts: 0,
            amount_paid: 0,
            lines,
        };
        Ok(self.invoice_document(&invoice))
    }
}

const BEHAVIORS: [&str; 3] = ["create_prorations", "always_invoice", "none"];

fn positive(name: &str, number: i64) -> Result<i64, Refusal> {
    let message = "This value must be greater than or equal to 1.";
    if number > 0 { Ok(number) } else { Err(Refusal::invalid(name, message)) }
}

fn expansions(form: &mut Form, known: &[&'static str]) -> Result<Vec<&'static str>, Refusal> {
    let named = form.list("expand").into_iter().map(|wanted| {
        let found = known.iter().find(|one| **one == wanted);
        found.copied().ok_or_else(|| {
            Refusal::invalid("expand", format!("This property cannot be expanded ({wanted})."))
        })
    });
    named.collect()
}

/// Which part of a list is asked for (<https://docs.stripe.com/api/pagination>).
struct Page {
    limit: usize,
    after: Option<String>,
}

impl Page {
    fn of(form: &mut Form) -> Result<Self, Refusal> {
        let limit = form.number("limit")?.unwrap_or(10);
        let fits = usize::try_from(limit).ok().filter(|limit| (1..=100).contains(limit));
        let bad = || Refusal::invalid("limit", "This value must be between 1 and 100.");
        Ok(Self { limit: fits.ok_or_else(bad)?, after: form.take("starting_after") })
    }

    /// Rows that do not fit may be what a page begins after.
    fn cut(self, url: &str, rows: Vec<(&str, Option<Value>)>) -> Answer {
        let start = match &self.after {
            None => 0,
            Some(id) => {
                let place = rows.iter().position(|(one, _)| one == id);
                place.ok_or_else(|| Refusal::absent("object", id, "starting_after"))? + 1
            }
        };
        let mut data: Vec<Value> =
            rows.into_iter().skip(start).filter_map(|(_, document)| document).collect();
        let has_more = data.len() > self.limit;
        data.truncate(self.limit);
        Ok(documents::list(url, &data, has_more))
    }
}

/// What a test looks at.
pub(super) fn summary(books: &Books) -> Value {
    let all = books.subscriptions.iter().map(|one| books.subscription_document(one, true));
    json!({
        "customers": books.customers.iter().map(documents::customer).collect::<Vec<_>>(),
        "subscriptions": all.collect::<Vec<_>>(),
        "invoices": books.invoices.iter().map(|one| books.invoice_document(one)).collect::<Vec<_>>(),
    })
}

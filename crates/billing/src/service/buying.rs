//! The way to Stripe's pages: to subscribe, and to see to payments.

use std::time::Duration;

use wax_model::{
    Invalid, Plan, PlanId, Rule, Tenant,
    billing::{Currency, Interval},
};
use wax_payments::{Checkout, NewCustomer};

use super::{Acting, Billing, Refusal, attending::daily, once::once, truth::Truth};

/// A second click within this time leads to the same page.
const SAME_PAGE: Duration = Duration::from_secs(600);

/// What somebody wants to pay for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) plan: PlanId,
    pub(crate) interval: Interval,
}

impl Billing {
    /// Where the organization can subscribe.
    pub(crate) async fn checkout(
        &self,
        acting: &Acting,
        wanted: &Wanted,
        currency: Currency,
    ) -> Result<String, Refusal> {
        let payments = self.payments()?;
        let tenant = self.tenant(acting).await?;
        let plan = self.sold(wanted)?;
        let known = self.platform().customer(acting.scope).await?;
        let (customer, truth) = match known {
            Some(known) => (known.customer.clone(), self.ask(&known.customer).await?),
            None => (String::new(), Truth::default()),
        };
        if truth.counting().is_some() {
            self.mark(&customer).await?;
            return Err(Refusal::Subscribed);
        }
        if let Some(paid) = truth.currency().filter(|paid| *paid != currency) {
            return Err(Refusal::Currency(paid));
        }
        let price = self.price(plan, wanted.interval, currency).await?;
        let price = price.ok_or_else(|| Invalid::new("currency", Rule::Choice))?;
        let language = self.language(acting).await?;
        let customer = match customer {
            known if !known.is_empty() => known,
            _ => self.become_customer(acting, &tenant, language).await?,
        };
        let seats = self.seats(acting, plan).await?;
        let page = |back: &str| format!("{}/o/{}/billing?back={back}", acting.origin, tenant.slug);
        let checkout = Checkout {
            customer,
            lookup_key: price.lookup_key,
            currency,
            seats,
            trial_days: if truth.has_tried() { 0 } else { plan.trial_days },
            language,
            success_url: page("checkout"),
            cancel_url: page("left"),
        };
        Ok(payments.checkout(&checkout, &self.checkout_key(&checkout, &truth)).await?)
    }

    /// The same for two clicks; another one once something was subscribed to, or the page may have ended.
    fn checkout_key(&self, checkout: &Checkout, truth: &Truth) -> String {
        let while_same = i64::try_from(SAME_PAGE.as_millis()).unwrap_or(i64::MAX);
        let last = truth.subscriptions.iter().max_by_key(|one| one.created_at);
        once(&[
            "checkout",
            &checkout.customer,
            &checkout.lookup_key,
            checkout.currency.as_str(),
            &checkout.seats.to_string(),
            &checkout.trial_days.to_string(),
            checkout.language,
            &checkout.success_url,
            last.map_or("", |one| &one.id),
            &(self.now().as_ms() / while_same).to_string(),
        ])
    }

    /// Where the organization's owners see to payments themselves.
    pub(crate) async fn portal(&self, acting: &Acting) -> Result<String, Refusal> {
        let payments = self.payments()?;
        let tenant = self.tenant(acting).await?;
        let customer = self.platform().customer(acting.scope).await?;
        let customer = customer.ok_or(Refusal::NotSubscribed)?;
        let back = format!("{}/o/{}/billing?back=portal", acting.origin, tenant.slug);
        Ok(payments.portal(&customer.customer, &back).await?)
    }

    /// Makes the organization a customer: at Stripe first, so that no row is without one. Should the row not be written, the same
    /// request finds the same customer.
    async fn become_customer(
        &self,
        acting: &Acting,
        tenant: &Tenant,
        language: &'static str,
    ) -> Result<String, Refusal> {
        let account = acting.account.ok_or(Refusal::NotAvailable)?;
        let account = self.store().accounts().account(account).await?;
        let account = account.ok_or(Refusal::NotAvailable)?;
        let (id, name, email) = (tenant.id, tenant.name.clone(), account.email);
        let key = once(&["customer", &id.to_string(), &name, email.as_str(), language]);
        let new = NewCustomer { tenant: id, name, email, language };
        let made = self.payments()?.create_customer(&new, &key).await?;
        let (customer, due_at) = (made.clone(), daily(id, self.now()));
        let work = self.store().write_platform(move |unit| {
            let customer = customer.clone();
            Box::pin(async move { unit.billing().insert_customer(id, &customer, due_at).await })
        });
        if work.await? {
            return Ok(made);
        }
        // Another owner was faster.
        let customer = self.platform().customer(acting.scope).await?;
        customer.map(|customer| customer.customer).ok_or(Refusal::NotAvailable)
    }

    /// A plan that can be bought.
    pub(super) fn sold(&self, wanted: &Wanted) -> Result<&Plan, Refusal> {
        let plan = self.plans().find(&wanted.plan).filter(|plan| !plan.prices.is_empty());
        plan.ok_or_else(|| Invalid::new("plan", Rule::Choice).into())
    }

    /// For how many a plan is paid.
    pub(super) async fn seats(&self, acting: &Acting, plan: &Plan) -> Result<u64, Refusal> {
        if !plan.per_seat {
            return Ok(1);
        }
        Ok(self.platform().members(acting.scope).await?.max(1))
    }

    pub(super) async fn tenant(&self, acting: &Acting) -> Result<Tenant, Refusal> {
        let tenant = self.store().read(acting.scope).organization().find().await?;
        tenant.ok_or(Refusal::NotAvailable)
    }

    /// Whoever acts reads Stripe's pages in their own language.
    async fn language(&self, acting: &Acting) -> Result<&'static str, Refusal> {
        let account = acting.account.ok_or(Refusal::NotAvailable)?;
        let account = self.store().accounts().account(account).await?;
        Ok(if account.is_some_and(|account| account.lang == "ja") { "ja" } else { "en" })
    }

    /// Something may have changed at Stripe.
    pub(super) async fn mark(&self, customer: &str) -> Result<(), Refusal> {
        let (customer, now) = (customer.to_owned(), self.now());
        let work = self.store().write_platform(move |unit| {
            let customer = customer.clone();
            Box::pin(async move { unit.billing().mark(&customer, now).await.map(drop) })
        });
        Ok(work.await?)
    }
}

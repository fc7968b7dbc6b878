//! Objects as Stripe's API shows them (version 2026-09-30).

use serde_json::{Map, Value, json};

use super::books::{Books, Customer, Invoice, Line, Portal, Price, Session, Subscription};

pub(super) fn list(url: &str, data: &[Value], has_more: bool) -> Value {
    json!({"object": "list", "url": url, "has_more": has_more, "data": data})
}

pub(super) fn price(price: &Price, expanded: bool) -> Value {
    let (currency, amount) = price.amounts.first().cloned().unwrap_or_default();
    let mut document = json!({
        "id": price.id, "object": "price", "active": true, "billing_scheme": "per_unit", "created": price.created,
        "currency": currency, "custom_unit_amount": null, "livemode": false, "lookup_key": Some(&price.lookup_key).filter(|key| !key.is_empty()),
        "metadata": {}, "nickname": null, "product": price.product, "tax_behavior": "unspecified", "tiers_mode": null,
        "recurring": {"interval": price.interval, "interval_count": 1, "meter": null, "trial_period_days": null, "usage_type": "licensed"},
        "transform_quantity": null, "type": "recurring", "unit_amount": amount, "unit_amount_decimal": amount.to_string(),
    });
    if expanded {
        let option = |(code, amount): &(String, i64)| {
            let of = json!({"custom_unit_amount": null, "tax_behavior": "unspecified", "unit_amount": amount, "unit_amount_decimal": amount.to_string()});
            (code.clone(), of)
        };
        document["currency_options"] =
            price.amounts.iter().map(option).collect::<Map<_, _>>().into();
    }
    document
}

pub(super) fn customer(customer: &Customer) -> Value {
    json!({
        "id": customer.id, "object": "customer", "address": null, "balance": customer.balance, "created": customer.created,
        "currency": customer.currency, "default_source": null, "delinquent": false, "description": null, "discount": null,
        "email": customer.email, "invoice_prefix": "SCRIPTED",
        "invoice_settings": {"custom_fields": null, "default_payment_method": customer.card.as_ref().map(|card| format!("pm_{}", card.last4)), "footer": null, "rendering_options": null},
        "livemode": false, "metadata": customer.metadata, "name": customer.name, "next_invoice_sequence": 1, "phone": null,
        "preferred_locales": customer.locales, "shipping": null, "tax_exempt": "none", "test_clock": null,
    })
}

pub(super) fn session(session: &Session, base: &str) -> Value {
    let done = session.subscription.is_some();
    json!({
        "id": session.id, "object": "checkout.session", "cancel_url": session.cancel_url, "created": session.created,
        "currency": session.currency, "customer": session.customer, "expires_at": session.created + 86_400, "livemode": false,
        "locale": session.locale, "metadata": {}, "mode": "subscription", "payment_method_types": ["card"],
        "payment_status": if done { "paid" } else { "unpaid" }, "status": if done { "complete" } else { "open" },
        "subscription": session.subscription, "success_url": session.success_url,
        "url": if done { Value::Null } else { format!("{base}/c/pay/{}", session.id).into() },
    })
}

pub(super) fn portal(portal: &Portal, base: &str) -> Value {
    json!({
        "id": portal.id, "object": "billing_portal.session", "configuration": "bpc_Scripted", "created": portal.created,
        "customer": portal.customer, "flow": null, "livemode": false, "locale": null, "on_behalf_of": null,
        "return_url": portal.return_url, "url": format!("{base}/p/session/{}", portal.id),
    })
}

impl Books {
    /// `latest_invoice` as its id, or whole.
    pub(super) fn subscription_document(&self, one: &Subscription, expand_invoice: bool) -> Value {
        let invoice = one.latest_invoice.as_ref();
        let whole = |id: &String| self.invoices.iter().find(|invoice| invoice.id == *id);
        let latest = match invoice.and_then(whole).filter(|_| expand_invoice) {
            Some(invoice) => self.invoice_document(invoice),
            None => invoice.map_or(Value::Null, |id| id.as_str().into()),
        };
        let item = json!({
            "id": one.item, "object": "subscription_item", "billing_thresholds": null, "created": one.created,
            "current_period_start": one.period.0, "current_period_end": one.period.1, "discounts": [], "metadata": {},
            "price": self.price(&one.price, "price").map_or(Value::Null, |of| price(of, false)),
            "quantity": one.quantity, "subscription": one.id, "tax_rates": [],
        });
        json!({
            "id": one.id, "object": "subscription", "automatic_tax": {"disabled_reason": null, "enabled": false, "liability": null},
            "billing_cycle_anchor": one.anchor, "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "included"}},
            "cancel_at": one.cancel_at_period_end.then_some(one.period.1), "cancel_at_period_end": one.cancel_at_period_end,
            "canceled_at": one.canceled_at, "collection_method": "charge_automatically", "created": one.created,
            "currency": one.currency, "customer": one.customer, "default_payment_method": null, "discounts": [],
            "ended_at": one.ended_at, "items": list(&format!("/v1/subscription_items?subscription={}", one.id), &[item], false),
            "latest_invoice": latest, "livemode": false, "metadata": {}, "pause_collection": null, "schedule": null,
            "start_date": one.created, "status": one.status, "test_clock": null,
            "trial_end": one.trial.map(|trial| trial.1), "trial_start": one.trial.map(|trial| trial.0),
        })
    }

    pub(super) fn invoice_document(&self, invoice: &Invoice) -> Value {
        let total = invoice.total();
        let due = total.max(0);
        let final_at = invoice.finalized_at;
        let page = |end: &str| final_at.map(|_| format!("{}/i/{}{end}", self.base, invoice.id));
        let lines = invoice.lines.iter().enumerate().map(|(at, of)| line(invoice, at, of));
        json!({
            "id": invoice.id, "object": "invoice", "amount_due": due, "amount_paid": invoice.amount_paid,
            "amount_remaining": due - invoice.amount_paid, "attempt_count": invoice.attempts, "attempted": invoice.attempts > 0,
            "auto_advance": invoice.status == "open", "billing_reason": "subscription_cycle",
            "collection_method": "charge_automatically", "created": invoice.created, "currency": invoice.currency,
            "customer": invoice.customer, "hosted_invoice_url": page(""), "invoice_pdf": page("/pdf"),
            "lines": list(&format!("/v1/invoices/{}/lines", invoice.id), &lines.collect::<Vec<_>>(), false), "livemode": false,
            "metadata": {}, "next_payment_attempt": null, "number": invoice.number,
            "parent": {"type": "subscription_details", "quote_details": null, "subscription_details": {"metadata": {}, "subscription": invoice.subscription}},
            "period_end": invoice.created, "period_start": invoice.created, "starting_balance": 0, "status": invoice.status,
            "status_transitions": {"finalized_at": final_at, "marked_uncollectible_at": null, "paid_at": invoice.paid_at, "voided_at": null},
            "subtotal": invoice.lines.iter().map(|line| line.amount).sum::<i64>(), "total": total, "total_taxes": [],
        })
    }
}

fn line(invoice: &Invoice, at: usize, line: &Line) -> Value {
    let discounts = match line.discount {
        0 => json!([]),
        amount => json!([{"amount": amount, "discount": "di_Scripted"}]),
    };
    json!({
        "id": format!("il_{}_{at}", invoice.id), "object": "line_item", "amount": line.amount, "currency": invoice.currency,
        "description": line.text, "discount_amounts": discounts, "discountable": !line.proration, "discounts": [],
        "invoice": invoice.id, "livemode": false, "metadata": {},
        "parent": {
            "type": "subscription_item_details", "invoice_item_details": null,
            "subscription_item_details": {"invoice_item": null, "proration": line.proration, "proration_details": {"credited_items": null}, "subscription": invoice.subscription, "subscription_item": invoice.item},
        },
        "period": {"start": line.period.0, "end": line.period.1},
        "pricing": {"type": "price_details", "price_details": {"price": line.price, "product": "prod_Scripted"}, "unit_amount_decimal": null},
        "quantity": line.quantity, "subtotal": line.amount, "taxes": [],
    })
}

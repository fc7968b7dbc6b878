//! Stripe's own pages, as far as people need them: Checkout, the customer portal, an invoice. In English and Japanese.

use axum::response::{Html, IntoResponse as _, Redirect, Response};
use http::{HeaderMap, StatusCode, header};
use wax_kernel::html::escape;
use wax_model::billing::Currency;

use super::{
    billing::Wanted,
    books::{Books, Card, Invoice, Session, Subscription},
    form::Form,
    refusal::Refusal,
};

/// Which of a pair of texts is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Language(usize);

type Words = [&'static str; 2];

const SUBSCRIBE: Words = ["Subscribe", "申し込む"];
const START_TRIAL: Words = ["Start trial", "トライアルを開始"];
const BACK: Words = ["Back", "戻る"];
const EMAIL: Words = ["Email", "メールアドレス"];
const CARD: Words = ["Card number", "カード番号"];
const PROMOTION: Words = ["Promotion code", "プロモーションコード"];
const TAX_ID: Words = ["Tax ID", "税務登録番号"];
const DECLINED: Words = ["Your card was declined.", "カードが拒否されました。"];
const BAD_CARD: Words = ["Your card number is invalid.", "カード番号が無効です。"];
const BAD_CODE: Words = ["This code is invalid.", "このコードは無効です。"];
const REFUSED: Words = ["This cannot be bought.", "購入できません。"];
const OVER: Words = ["This page is no longer active.", "このページは無効になりました。"];
const BILLING: Words = ["Billing", "お支払い"];
const UPDATE_CARD: Words = ["Update card", "カードを更新"];
const CANCEL: Words = ["Cancel subscription", "サブスクリプションをキャンセル"];
const RESUME: Words = ["Don't cancel subscription", "サブスクリプションをキャンセルしない"];
const INVOICES: Words = ["Invoices", "請求書"];
const PAY: Words = ["Pay", "支払う"];

/// Stripe's test cards (<https://docs.stripe.com/testing>): what is not here is no card.
const CARDS: [(&str, bool); 6] = [
    ("4242424242424242", true),
    ("5555555555554444", true),
    ("3566002020360505", true),
    ("4000000000000341", false),
    ("4000000000000002", false),
    ("4000000000009995", false),
];

/// A session lives for a day.
const SESSION_S: i64 = 86_400;

pub(super) fn answer(
    books: &mut Books,
    method: &str,
    path: &str,
    body: &str,
    headers: &HeaderMap,
) -> Response {
    books.catch_up();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let browser = accepted.unwrap_or_default();
    match (method, parts.as_slice()) {
        ("GET", ["c", "pay", id]) => checkout(books, id, browser, None),
        ("POST", ["c", "pay", id]) => subscribe(books, id, browser, body),
        ("GET", ["p", "session", id]) => portal(books, id, browser, None),
        ("POST", ["p", "session", id]) => act(books, id, browser, body),
        ("GET", ["i", id]) => invoice(books, id, browser),
        ("GET", ["i", _, "pdf"]) => {
            ([(header::CONTENT_TYPE, "application/pdf")], "%PDF-1.4\n%%EOF\n").into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Language {
    fn of(locale: &str, browser: &str) -> Self {
        let asked = if locale.is_empty() || locale == "auto" { browser } else { locale };
        Self(usize::from(asked.starts_with("ja")))
    }

    const fn say(self, words: Words) -> &'static str {
        words[self.0]
    }

    fn page(self, title: &str, error: Option<Words>, inner: &str) -> Response {
        let language = ["en", "ja"][self.0];
        let alert = error.map(|error| format!("<p role=\"alert\">{}</p>", self.say(error)));
        let alert = alert.unwrap_or_default();
        Html(format!(
            "<!doctype html><html lang=\"{language}\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{title}</title><style>body{{font:16px/1.5 system-ui;max-width:32rem;\
             margin:2rem auto;padding:0 1rem}}label,input,button{{display:block;font:inherit;margin:.5rem 0}}\
             input{{width:100%;box-sizing:border-box}}</style><main><h1>{title}</h1>{alert}{inner}</main></html>"
        ))
        .into_response()
    }

    fn field(self, name: &str, label: Words, value: &str) -> String {
        let (label, value) = (self.say(label), escape(value));
        format!(
            "<label>{label}<input name=\"{name}\" value=\"{value}\" autocomplete=\"off\"></label>"
        )
    }

    fn button(self, action: &str, label: Words) -> String {
        format!("<button name=\"action\" value=\"{action}\">{}</button>", self.say(label))
    }

    fn back(self, url: &str) -> String {
        format!("<p><a href=\"{}\">{}</a></p>", escape(url), self.say(BACK))
    }
}

/// An amount as people write it: 9.00, 1200.
fn written(amount: i64, currency: &str) -> String {
    let decimals = Currency::parse(currency).map_or(2, Currency::decimals);
    let (code, whole) = (currency.to_uppercase(), 10_i64.pow(u32::from(decimals)));
    let sign = if amount < 0 { "−" } else { "" };
    let (amount, width) = (amount.abs(), usize::from(decimals));
    if width == 0 {
        return format!("{sign}{amount} {code}");
    }
    format!("{sign}{}.{:0width$} {code}", amount / whole, amount % whole)
}

fn checkout(books: &Books, id: &str, browser: &str, error: Option<Words>) -> Response {
    let Some(session) = books.sessions.iter().find(|session| session.id == id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let language = Language::of(&session.locale, browser);
    if session.subscription.is_some() || session.created + SESSION_S < books.now() {
        return language.page(
            language.say(SUBSCRIBE),
            Some(OVER),
            &language.back(&session.cancel_url),
        );
    }
    let email = books.customers.iter().find(|one| one.id == session.customer);
    let email = email.and_then(|one| one.email.as_deref()).unwrap_or_default();
    let unit =
        books.price(&session.price, "price").and_then(|price| price.amount(&session.currency));
    let total = written(unit.unwrap_or_default() * session.quantity, &session.currency);
    let action = if session.trial_days > 0 { START_TRIAL } else { SUBSCRIBE };
    let extra =
        [(session.promotion_codes, "promotion", PROMOTION), (session.tax_ids, "tax_id", TAX_ID)];
    let extra: String = extra
        .into_iter()
        .filter(|(wanted, ..)| *wanted)
        .map(|(_, name, label)| language.field(name, label, ""))
        .collect();
    let inner = format!(
        "<p>{} × {} · <strong>{total}</strong></p><form method=\"post\">{}{}{extra}{}</form>{}",
        session.quantity,
        escape(&books.product(&session.price)),
        language.field("email", EMAIL, email),
        language.field("card", CARD, ""),
        language.button("subscribe", action),
        language.back(&session.cancel_url),
    );
    language.page(language.say(SUBSCRIBE), error, &inner)
}

fn subscribe(books: &mut Books, id: &str, browser: &str, body: &str) -> Response {
    match bought(books, id, body) {
        Ok(url) => Redirect::to(&url).into_response(),
        Err(error) => checkout(books, id, browser, Some(error)),
    }
}

/// Where the browser goes.
fn bought(books: &mut Books, id: &str, body: &str) -> Result<String, Words> {
    let session = books.sessions.iter().find(|session| session.id == id).cloned().ok_or(OVER)?;
    if session.subscription.is_some() || session.created + SESSION_S < books.now() {
        return Err(OVER);
    }
    let mut form = Form::parse(body).map_err(|_| REFUSED)?;
    let card = card(&mut form)?;
    let code = form.take("promotion").filter(|code| !code.is_empty());
    let percent_off = match &code {
        None => 0,
        Some(code) => {
            *books.promotions.get(code).filter(|_| session.promotion_codes).ok_or(BAD_CODE)?
        }
    };
    let tax_id = form.take("tax_id").filter(|id| session.tax_ids && !id.is_empty());
    let wanted = Wanted {
        customer: session.customer.clone(),
        price: session.price.clone(),
        currency: session.currency.clone(),
        quantity: session.quantity,
        trial_days: session.trial_days,
        percent_off,
    };
    let subscription = books.subscribe(&wanted, &card).map_err(|error| said(&error))?;
    if let Ok(customer) = books.customer(&session.customer, "customer") {
        customer.tax_id = tax_id.or(customer.tax_id.take());
        customer.email = form.take("email").or(customer.email.take());
    }
    complete(books, id, subscription);
    Ok(session.success_url.replace("{CHECKOUT_SESSION_ID}", id))
}

fn complete(books: &mut Books, id: &str, subscription: String) {
    let base = books.base.clone();
    let session = books.sessions.iter_mut().find(|session| session.id == id);
    let done = session.map(|session: &mut Session| {
        session.subscription = Some(subscription);
        super::documents::session(session, &base)
    });
    if let Some(document) = done {
        books.tell("checkout.session.completed", &document);
    }
}

fn said(refusal: &Refusal) -> Words {
    if *refusal == Refusal::declined() { DECLINED } else { REFUSED }
}

fn card(form: &mut Form) -> Result<Card, Words> {
    let number: String =
        form.take("card").unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
    let (number, pays) = CARDS.iter().find(|(known, _)| *known == number).ok_or(BAD_CARD)?;
    Ok(Card { last4: number[12..].to_owned(), pays: *pays })
}

fn portal(books: &mut Books, id: &str, browser: &str, error: Option<Words>) -> Response {
    let Some(portal) = books.portals.iter().find(|portal| portal.id == id).cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(customer) = books.customer(&portal.customer, "customer").cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let language = Language::of(customer.locales.first().map_or("", String::as_str), browser);
    let alive = |one: &&Subscription| one.customer == customer.id && one.ended_at.is_none();
    let subscribed: String = books
        .subscriptions
        .iter()
        .filter(alive)
        .map(|one| section(one, &books.product(&one.price), language))
        .collect();
    let last4 = customer.card.map(|card| format!("•••• {}", card.last4)).unwrap_or_default();
    let own = books.invoices.iter().rev().filter(|invoice| invoice.customer == customer.id);
    let inner = format!(
        "{subscribed}<form method=\"post\"><p>{last4}</p>{}{}</form><h2>{}</h2><ul>{}</ul>{}",
        language.field("card", CARD, ""),
        language.button("card", UPDATE_CARD),
        language.say(INVOICES),
        own.map(|invoice| row(invoice, language)).collect::<String>(),
        language.back(&portal.return_url),
    );
    language.page(language.say(BILLING), error, &inner)
}

fn section(one: &Subscription, product: &str, language: Language) -> String {
    let (action, label) =
        if one.cancel_at_period_end { ("resume", RESUME) } else { ("cancel", CANCEL) };
    format!(
        "<section><h2>{} × {}</h2><p>{}</p><form method=\"post\"><input type=\"hidden\" name=\"subscription\" \
         value=\"{}\">{}</form></section>",
        one.quantity,
        escape(product),
        one.status,
        one.id,
        language.button(action, label),
    )
}

fn row(invoice: &Invoice, language: Language) -> String {
    let pay = if invoice.status == "open" {
        let id = format!("<input type=\"hidden\" name=\"invoice\" value=\"{}\">", invoice.id);
        format!("<form method=\"post\">{id}{}</form>", language.button("pay", PAY))
    } else {
        String::new()
    };
    let number = invoice.number.as_deref().unwrap_or(&invoice.id);
    let total = written(invoice.total(), &invoice.currency);
    format!("<li><a href=\"/i/{}\">{number}</a> {total} · {}{pay}</li>", invoice.id, invoice.status)
}

fn act(books: &mut Books, id: &str, browser: &str, body: &str) -> Response {
    let error = acted(books, id, body).err();
    portal(books, id, browser, error)
}

fn acted(books: &mut Books, id: &str, body: &str) -> Result<(), Words> {
    let portal = books.portals.iter().find(|portal| portal.id == id).cloned().ok_or(OVER)?;
    let mut form = Form::parse(body).map_err(|_| REFUSED)?;
    let action = form.take("action").unwrap_or_default();
    match action.as_str() {
        "card" => {
            let card = card(&mut form)?;
            if card.last4 == "0002" {
                return Err(DECLINED);
            }
            let customer =
                books.customer(&portal.customer, "customer").map_err(|error| said(&error))?;
            customer.card = Some(card);
            let document = super::documents::customer(customer);
            books.tell("customer.updated", &document);
        }
        "pay" => {
            let id = form.take("invoice").unwrap_or_default();
            let own = books.invoice(&id).is_ok_and(|invoice| invoice.customer == portal.customer);
            if !own {
                return Err(REFUSED);
            }
            books.pay(&id).map_err(|error| said(&error))?;
        }
        _ => {
            let id = form.take("subscription").unwrap_or_default();
            let now = books.now();
            let mut one = books.subscription(&id, "id").map_err(|error| said(&error))?.clone();
            if one.customer != portal.customer {
                return Err(REFUSED);
            }
            one.cancel_at_period_end = action == "cancel";
            one.canceled_at = one.cancel_at_period_end.then_some(now);
            books.tell_subscription("customer.subscription.updated", &one);
            books.keep(one);
        }
    }
    Ok(())
}

fn invoice(books: &mut Books, id: &str, browser: &str) -> Response {
    let Ok(invoice) = books.invoice(id).cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let line = |line: &super::books::Line| {
        format!(
            "<li>{} {}</li>",
            escape(&line.text),
            written(line.amount - line.discount, &invoice.currency)
        )
    };
    let lines: String = invoice.lines.iter().map(line).collect();
    let total = written(invoice.total(), &invoice.currency);
    let number = escape(invoice.number.as_deref().unwrap_or(id));
    Language::of("auto", browser).page(
        &number,
        None,
        &format!("<ul>{lines}</ul><p>{total} · {}</p>", invoice.status),
    )
}

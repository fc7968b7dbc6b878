//! What an organization decided for its domain, kept by the service whoever asks: no page and no edge is between.

use std::sync::Arc;

use serde_json::{Value, json};
use wax_kernel::DomainId;
use wax_model::{
    Kind,
    domain::{Creators, Domain, DomainLimits, Gate, Home, Ownership},
};
use wax_store::Store;
use wax_testkit::{
    Answer, House, Overtaken, Person, PlatformApp, Sender, Terms, TestApp, change_domain,
};

async fn create(app: &TestApp, terms: &Terms) -> Answer {
    app.post("/v1/secrets/create", &Sender::seal("text", terms).create).await
}

fn limits(limits: DomainLimits) -> impl FnOnce(&mut Domain) {
    |domain| domain.settings.limits = limits
}

/// Neither by a form that somebody kept open, nor by any program.
#[tokio::test]
async fn guests_create_nothing_where_members_alone_do_and_links_go_on_opening() {
    for (home, creators) in [
        (Home::Closed, Creators::Everyone),
        (Home::Closed, Creators::Members),
        (Home::Create, Creators::Members),
    ] {
        let app = TestApp::new().await;
        let sender = Sender::share(&app, "made before", &Terms::default()).await;
        app.change_domain(|domain| {
            (domain.settings.home, domain.settings.creators) = (home, creators);
        })
        .await;
        let refused = create(&app, &Terms::default()).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "members-only"), "{home:?}");
        assert_ne!(refused.json["detail"], "", "it says what to do");
        let mut reader = sender.recipient();
        let claimed = reader.claim(&app).await;
        assert_eq!(reader.open(&claimed).text.expose(), "made before");
        assert_eq!(reader.ack(&app, &claimed).await.status, 200);
    }
}

#[tokio::test]
async fn what_is_beyond_a_domains_limits_is_refused_with_its_field() {
    let app = TestApp::new().await;
    let short = DomainLimits { max_lifetime_s: Some(600), ..DomainLimits::default() };
    let few = DomainLimits { max_views: Some(2), ..DomainLimits::default() };
    let bound = DomainLimits { kinds: Some(vec![Kind::DeviceBound]), ..DomainLimits::default() };
    let closed = DomainLimits { passphrase_required: true, ..DomainLimits::default() };
    let hour = Terms::default;
    let ten_minutes = Terms { after_s: 600, ..hour() };
    for (own, beyond, field, rule, within) in [
        (short, hour(), "policy.expires.after_s", "range", ten_minutes),
        (few, Terms { views: 3, ..hour() }, "policy.views", "plan", Terms { views: 2, ..hour() }),
        (bound, hour(), "policy.kind", "not-offered", Terms::device_bound()),
        (
            closed,
            hour(),
            "policy.passphrase",
            "required",
            Terms { passphrase: Some("wachsweich"), ..hour() },
        ),
    ] {
        app.change_domain(limits(own)).await;
        let refused = create(&app, &beyond).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "invalid"), "{field}");
        assert_eq!((&refused.json["field"], &refused.json["rule"]), (&json!(field), &json!(rule)));
        assert_eq!(create(&app, &within).await.status, 201, "{field}");
    }
    let other = Sender::seal("text", &hour()).create;
    let elsewhere = app.post_elsewhere("/v1/secrets/create", &other).await;
    assert_eq!(elsewhere.status, 201, "another organization's domain has rules of its own");
}

/// An organization that closes its home need not wait until every edge has heard of it.
#[tokio::test]
async fn the_rules_are_those_of_the_moment_at_which_a_secret_is_written() {
    let plain = TestApp::new().await;
    let store = Arc::clone(&plain.store);
    let overtaken = Overtaken::new(Arc::clone(&store) as Arc<dyn Store>);
    let app = TestApp::behind(Arc::clone(&store), Arc::clone(&overtaken) as Arc<dyn Store>).await;
    let domain = app.domain();
    overtaken.overtake(async move {
        change_domain(&*store, domain, |domain| domain.settings.home = Home::Closed).await;
    });
    assert_eq!(create(&app, &Terms::default()).await.code(), "members-only");
}

#[tokio::test]
async fn a_creation_repeated_after_the_rules_were_tightened_gets_the_first_answer() {
    let app = TestApp::new().await;
    let sender = Sender::seal("text", &Terms::default());
    let first = app.post("/v1/secrets/create", &sender.create).await;
    app.change_domain(|domain| domain.settings.home = Home::Closed).await;
    let again = app.post("/v1/secrets/create", &sender.create).await;
    assert_eq!((again.status.as_u16(), &again.json), (201, &first.json));
}

#[tokio::test]
async fn nothing_is_created_on_a_domain_that_is_held_stopped_or_lost() {
    let app = TestApp::new().await;
    for (ownership, gate, expected) in [
        (Ownership::Verified, Gate::Open, (201, "")),
        (Ownership::Contested, Gate::Open, (201, "")),
        (Ownership::Held, Gate::Open, (503, "domain-held")),
        (Ownership::Grace, Gate::Open, (503, "domain-held")),
        (Ownership::Verified, Gate::Suspended, (503, "domain-held")),
        (Ownership::Pending, Gate::Open, (404, "not-available")),
        (Ownership::Lapsed, Gate::Open, (404, "not-available")),
    ] {
        app.change_domain(|domain| (domain.claim.ownership, domain.gate) = (ownership, gate)).await;
        let answer = create(&app, &Terms::default()).await;
        assert_eq!((answer.status.as_u16(), answer.code()), expected, "{ownership:?} {gate:?}");
    }
}

async fn by_member(app: &PlatformApp, on: DomainId, house: &House, by: &str) -> Answer {
    let body = Sender::seal("text", &Terms::default()).create;
    app.post(&house.path(&format!("/secrets?domain={on}")), by, &body).await
}

async fn on_host(app: &PlatformApp, house: &House, credential: &str) -> Answer {
    let body = Sender::seal("text", &Terms::default()).create;
    app.post_on_host(house, "/v1/secrets/create", credential, &body).await
}

async fn key(app: &PlatformApp, house: &House, by: &Person) -> String {
    let body = json!({"name": "ci", "scopes": ["secrets:create"]});
    let made = app.post(&house.path("/keys"), &by.token, &body).await;
    made.json["key"].as_str().unwrap_or_else(|| panic!("{:?}", made.json)).to_owned()
}

#[tokio::test]
async fn members_and_keys_create_behind_a_closed_home_and_keep_within_its_limits() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let ci = key(&app, &acme, &ann).await;
    change_domain(&*app.store, acme.domain, |domain| domain.settings.home = Home::Closed).await;
    assert_eq!(on_host(&app, &acme, "").await.code(), "members-only");
    assert_eq!(on_host(&app, &acme, &ci).await.status, 201);
    for credential in [&ann.token, &ci] {
        assert_eq!(by_member(&app, acme.domain, &acme, credential).await.status, 201);
    }
    let short = DomainLimits { max_lifetime_s: Some(600), ..DomainLimits::default() };
    change_domain(&*app.store, acme.domain, limits(short)).await;
    for answer in [
        on_host(&app, &acme, &ci).await,
        by_member(&app, acme.domain, &acme, &ci).await,
        by_member(&app, acme.domain, &acme, &ann.token).await,
    ] {
        let field = &answer.json["field"];
        assert_eq!((answer.status.as_u16(), field), (422, &json!("policy.expires.after_s")));
    }
}

#[tokio::test]
async fn a_member_creates_only_on_a_domain_of_the_organization_that_is_served() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let (acme, other) = (app.house(&ann, "acme").await, app.house(&ann, "other").await);
    let waiting = app.domain(acme.id, "waiting.example").await;
    let held = app.domain(acme.id, "held.example").await;
    change_domain(&*app.store, waiting, |domain| domain.claim.ownership = Ownership::Pending).await;
    change_domain(&*app.store, held, |domain| domain.claim.ownership = Ownership::Held).await;
    for (domain, code) in [
        (acme.domain, Value::Null),
        (other.domain, json!("not-available")),
        (waiting, json!("not-available")),
        (held, json!("domain-held")),
    ] {
        let answer = by_member(&app, domain, &acme, &ann.token).await;
        assert_eq!(answer.json["code"], code, "{domain}");
    }
}

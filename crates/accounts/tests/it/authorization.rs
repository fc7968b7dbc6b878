//! The table of docs/accounts.md §2, tried: every operation of the services' documents, by everybody. An operation that
//! names no permission, or that nobody has written a request for, fails.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use utoipa::openapi::path::Operation;
use wax_acme::Reason;
use wax_kernel::{Clock as _, DomainId};
use wax_model::{Permission, Role, Scope};
use wax_testkit::{House, Person, PlatformApp, Sender, Terms, Till};

/// Answers that the authorization itself gives. Whoever gets another got past it.
const GATE: [&str; 3] = ["signed-out", "forbidden", "step-up"];

/// An organization with everybody in it, and one of everything.
struct World {
    app: PlatformApp,
    acme: House,
    owner: Person,
    tom: Person,
    invitation: String,
    key: String,
    domains: Option<Domains>,
}

/// Domains of the organization, each ready for something.
struct Domains {
    /// Served with a certificate of its own.
    own: DomainId,
    /// Contested by another.
    contested: DomainId,
    /// Its last order failed.
    failed: DomainId,
}

/// Who asks.
#[derive(Debug, Clone)]
enum Caller {
    SignedOut,
    /// A member, perhaps confined to a domain.
    Member {
        role: Role,
        confined: bool,
    },
    /// An owner whose last proof is old.
    OwnerNotSteppedUp,
    /// Another organization's owner.
    ForeignOwner,
    Key(Vec<Scope>),
    /// Another organization's key, with every scope.
    ForeignKey,
}

/// What the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Allowed,
    Refused(&'static str),
}

/// One operation of the document.
struct Asked {
    method: Method,
    path: String,
    who: String,
}

fn callers() -> Vec<Caller> {
    let member = |confined| move |role: &Role| Caller::Member { role: *role, confined };
    let mut callers = vec![
        Caller::SignedOut,
        Caller::ForeignOwner,
        Caller::ForeignKey,
        Caller::OwnerNotSteppedUp,
    ];
    callers.extend(Role::ALL.iter().map(member(false)));
    // An owner is never confined.
    callers.extend(Role::ALL.iter().filter(|role| **role != Role::Owner).map(member(true)));
    callers.extend(Scope::ALL.iter().map(|scope| Caller::Key(vec![*scope])));
    callers.push(Caller::Key(Scope::ALL.to_vec()));
    callers
}

impl Caller {
    fn expected(&self, permission: Permission) -> Expected {
        let forbidden = Expected::Refused("forbidden");
        match self {
            Self::SignedOut => Expected::Refused("signed-out"),
            Self::ForeignOwner | Self::ForeignKey => Expected::Refused("not-available"),
            Self::OwnerNotSteppedUp if permission.needs_step_up() => Expected::Refused("step-up"),
            Self::OwnerNotSteppedUp => Expected::Allowed,
            Self::Member { role, confined } => {
                let kept = !confined || permission.confined();
                if permission.of_role(*role).is_some() && kept {
                    Expected::Allowed
                } else {
                    forbidden
                }
            }
            Self::Key(scopes) => {
                let has = permission.scope().is_some_and(|scope| scopes.contains(&scope));
                if has { Expected::Allowed } else { forbidden }
            }
        }
    }

    /// A session or key of this caller.
    async fn credential(&self, world: &World, number: usize) -> String {
        let (app, acme) = (&world.app, &world.acme);
        match self {
            Self::SignedOut => String::new(),
            Self::OwnerNotSteppedUp => app.sign_in(world.owner.id, false).await,
            Self::Member { role, confined } => {
                let person = app.person(&format!("member-{number}")).await;
                app.join(acme, &person, *role, confined.then_some(acme.domain)).await;
                person.token
            }
            Self::Key(scopes) => key(app, acme, &world.owner, scopes).await,
            Self::ForeignOwner | Self::ForeignKey => {
                let eve = app.person(&format!("eve-{number}")).await;
                let other = app.house(&eve, &format!("other-{number}")).await;
                match self {
                    Self::ForeignKey => key(app, &other, &eve, Scope::ALL).await,
                    _ => eve.token,
                }
            }
        }
    }
}

async fn key(app: &PlatformApp, house: &House, by: &Person, scopes: &[Scope]) -> String {
    let body = json!({"name": "ci", "scopes": scopes});
    let made = app.post(&house.path("/keys"), &by.token, &body).await;
    made.json["key"].as_str().unwrap_or_else(|| panic!("{:?}", made.json)).to_owned()
}

impl World {
    /// `path`: what will be asked.
    async fn new(path: &str) -> Self {
        let about_money = path.contains("/billing") || path.contains("/usage");
        let app = if about_money {
            PlatformApp::selling(Till::plans()).await
        } else {
            PlatformApp::new().await
        };
        let (owner, tom) = (app.person("owner").await, app.person("tom").await);
        let acme = app.house(&owner, "acme").await;
        app.join(&acme, &tom, Role::Member, None).await;
        let id = |made: wax_testkit::Answer| made.json["id"].as_str().expect("an id").to_owned();
        let invite = json!({"email": "ida@people.example", "role": "member"});
        let invitation = id(app.post(&acme.path("/invitations"), &owner.token, &invite).await);
        let body = json!({"name": "ci", "scopes": ["audit:read"]});
        let key = id(app.post(&acme.path("/keys"), &owner.token, &body).await);
        if path.contains("/billing") {
            subscribed(&app, &acme, path.ends_with("/checkout")).await;
        }
        let domains = if path.contains("/domains/") {
            Some(Domains::new(&app, &acme, &owner).await)
        } else {
            None
        };
        app.post(&acme.path("/deletion"), &owner.token, &json!({"name": "acme"})).await;
        Self { app, acme, owner, tom, invitation, key, domains }
    }

    /// A secret's receipt: the caller's own, if they may make one; else the owner's.
    async fn receipt(&self, credential: &str) -> String {
        let path = self.acme.path(&format!("/secrets?domain={}", self.acme.domain));
        for maker in [credential, &self.owner.token] {
            let body = Sender::seal("text", &Terms::default()).create;
            if let Some(rid) = self.app.post(&path, maker, &body).await.json["rid"].as_str() {
                return rid.to_owned();
            }
        }
        panic!("the owner makes a secret");
    }

    /// A request of this operation that succeeds for who is allowed. `None`: nobody has written one.
    async fn request(
        &self,
        asked: &Asked,
        credential: &str,
        number: usize,
    ) -> Option<(String, Option<Value>)> {
        let below = asked.path.strip_prefix("/v1/organizations/{organization}")?;
        let (tom, email) = (self.tom.id, format!("guest-{number}@people.example"));
        let body = match (asked.method.as_str(), below) {
            ("POST", "/domains") => Some(json!({"host": format!("h{number}.example.com")})),
            ("DELETE", "/domains/{domain}") => Some(json!({"host": "acme.example"})),
            ("PATCH", "/domains/{domain}/settings") => Some(json!({"home": "closed"})),
            ("POST", "/domains/{domain}/contest") => Some(json!({"answer": "mine"})),
            ("PUT", "/domains/{domain}/certificate") => Some(own_certificate(&self.app)),
            ("GET" | "DELETE", _)
            | (
                "POST",
                "/secrets/{rid}/burn"
                | "/invitations/{invitation}/resend"
                | "/domains/{domain}/check"
                | "/domains/{domain}/connect"
                | "/domains/{domain}/order"
                | "/billing/refresh"
                | "/billing/portal"
                | "/billing/cancel"
                | "/billing/resume",
            ) => None,
            ("POST", "/billing/checkout") => {
                Some(json!({"plan": "team", "interval": "month", "currency": "usd"}))
            }
            ("POST", "/billing/preview") => Some(json!({"plan": "business", "interval": "year"})),
            ("POST", "/billing/change") => {
                let at_ms = self.app.now_ms();
                Some(json!({"plan": "business", "interval": "year", "at_ms": at_ms}))
            }
            ("PATCH", "") | ("POST", "/deletion") => Some(json!({"name": "acme"})),
            ("POST", "/transfer") => Some(json!({"account": tom})),
            ("PATCH", "/members/{account}") => Some(json!({"role": "auditor"})),
            ("POST", "/invitations") => Some(json!({"email": email, "role": "member"})),
            ("POST", "/keys") => Some(json!({"name": "ci", "scopes": ["audit:read"]})),
            ("PATCH", "/keys/{key}") => Some(json!({"name": "ci"})),
            ("POST", "/keys/{key}/rotate") => Some(json!({"overlap_s": 0})),
            ("POST", "/secrets") => Some(Sender::seal("text", &Terms::default()).create),
            _ => return None,
        };
        let rest = below
            .replace("{account}", &tom.to_string())
            .replace("{invitation}", &self.invitation)
            .replace("{key}", &self.key);
        let domain = match (below, &self.domains) {
            ("/domains/{domain}/certificate" | "/domains/{domain}/connect", Some(domains)) => {
                domains.own
            }
            ("/domains/{domain}/contest", Some(domains)) => domains.contested,
            ("/domains/{domain}/order", Some(domains)) => domains.failed,
            _ => self.acme.domain,
        };
        let rest = rest.replace("{domain}", &domain.to_string());
        let rest = if rest.contains("{rid}") {
            rest.replace("{rid}", &self.receipt(credential).await)
        } else {
            rest
        };
        let query = match (asked.method.as_str(), below) {
            ("GET", "/audit/export") => "?format=jsonl".to_owned(),
            ("POST", "/secrets") => format!("?domain={}", self.acme.domain),
            _ => String::new(),
        };
        (!rest.contains('{')).then(|| (self.acme.path(&format!("{rest}{query}")), body))
    }
}

impl Domains {
    async fn new(app: &PlatformApp, acme: &House, owner: &Person) -> Self {
        let mut ids = Vec::new();
        app.names.connect();
        for host in ["own.example.com", "contested.example.com", "failed.example.com"] {
            let body = json!({"host": host});
            let made = app.post(&acme.path("/domains"), &owner.token, &body).await;
            let record = &made.json["records"][0]["value"];
            app.names.tree.add(&format!("{host} CNAME {}", record.as_str().expect("a target")));
            ids.push(DomainId::parse(made.json["id"].as_str().expect("an id")).expect("an id"));
        }
        app.names.work(&app.names.here).await;
        let [own, contested, failed] = ids[..] else { unreachable!("three") };
        let path = acme.path(&format!("/domains/{own}/certificate"));
        app.ask(Method::PUT, &path, &owner.token, Some(&own_certificate(app))).await;
        app.names.contest(contested).await;
        app.names.fail(failed, Reason::HostUnreachable).await;
        Self { own, contested, failed }
    }
}

/// A customer, who has subscribed to something unless that is what will be asked.
async fn subscribed(app: &PlatformApp, acme: &House, to_nothing: bool) {
    app.customer(acme, "cus_acme").await;
    if !to_nothing {
        let subscription = Till::subscription("sub_1", "team_month", 1, app.clock.now());
        app.till.with("cus_acme", |all| all.push(subscription));
    }
    app.run_billing().await;
}

fn own_certificate(app: &PlatformApp) -> Value {
    let (chain, key) = app.names.pem("own.example.com", Duration::from_secs(86_400 * 90));
    json!({"chain": chain, "key": key, "fallback": false})
}

/// Every operation on the platform's host.
fn operations() -> Vec<Asked> {
    let mut all = Vec::new();
    for (path, item) in PlatformApp::document().paths.paths {
        let methods: [(Method, &Option<Operation>); 5] = [
            (Method::GET, &item.get),
            (Method::POST, &item.post),
            (Method::PUT, &item.put),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ];
        for (method, operation) in methods {
            let Some(operation) = operation else { continue };
            let extensions = operation.extensions.as_ref();
            let named = extensions.and_then(|all| all.get("x-permission")).and_then(Value::as_str);
            // What strangers do stands on tenants' hosts.
            let is_strangers = path.starts_with("/v1/secrets/") || path == "/v1/channel";
            let who = match named {
                Some(who) => who.to_owned(),
                None if is_strangers => continue,
                None => panic!("{method} {path} names no permission (x-permission)"),
            };
            all.push(Asked { method, path: path.clone(), who });
        }
    }
    all
}

#[tokio::test]
async fn every_operation_of_an_organization_keeps_to_the_table() {
    let mut tried = 0;
    for asked in operations() {
        let Ok(permission) = Permission::parse(&asked.who) else { continue };
        let mut world = World::new(&asked.path).await;
        for (number, caller) in callers().into_iter().enumerate() {
            let credential = caller.credential(&world, number).await;
            let Asked { method, path, .. } = &asked;
            let request = world.request(&asked, &credential, number).await;
            let (uri, body) = request.unwrap_or_else(|| panic!("no request for {method} {path}"));
            let answer = world.app.ask(method.clone(), &uri, &credential, body.as_ref()).await;
            let expected = caller.expected(permission);
            let what =
                format!("{method} {path} by {caller:?}: {} {:?}", answer.status, answer.json);
            match expected {
                Expected::Refused(code) => {
                    assert_eq!(answer.code(), code, "{what}");
                    if code == "forbidden" {
                        assert_eq!(answer.json["permission"], permission.as_str(), "{what}");
                    }
                }
                // A key that may only burn has made nothing that it could burn.
                Expected::Allowed if reaches_nothing(permission, &caller) => {
                    assert_eq!(answer.code(), "not-available", "{what}");
                }
                Expected::Allowed => {
                    assert!(answer.status.is_success(), "{what}");
                    if *method != Method::GET {
                        world = World::new(&asked.path).await;
                    }
                }
            }
            tried += 1;
        }
    }
    assert!(tried > 20 * callers().len(), "only {tried} requests");
}

fn reaches_nothing(permission: Permission, caller: &Caller) -> bool {
    permission == Permission::SecretsBurn
        && matches!(caller, Caller::Key(scopes) if !scopes.contains(&Scope::SecretsCreate))
}

#[tokio::test]
async fn every_other_operation_asks_for_the_session_that_it_names() {
    let world = World::new("").await;
    let late = world.app.sign_in(world.owner.id, false).await;
    let all = key(&world.app, &world.acme, &world.owner, Scope::ALL).await;
    for Asked { method, path, who } in operations() {
        if Permission::parse(&who).is_ok() {
            continue;
        }
        // Nothing in the body: whoever gets past the authorization is told so, and nothing happens.
        let uri = path.replace("{session}", "x").replace("{passkey}", "x");
        let code = async |credential: &str| {
            let answer = world.app.ask(method.clone(), &uri, credential, None).await;
            answer.code().to_owned()
        };
        let (stranger, by_key, by_late) = (code("").await, code(&all).await, code(&late).await);
        let what = format!("{method} {path} ({who})");
        match who.as_str() {
            "nobody" => assert!(!GATE.contains(&&*stranger), "{what}: {stranger}"),
            "account" | "step-up" => {
                assert_eq!((&*stranger, &*by_key), ("signed-out", "forbidden"), "{what}");
                let refused = GATE.contains(&&*by_late);
                let expected = who == "step-up";
                assert_eq!(refused, expected, "{what} without proof: {by_late}");
            }
            "key" => {
                assert_eq!((&*stranger, &*by_late), ("signed-out", "forbidden"), "{what}");
                assert!(!GATE.contains(&&*by_key), "{what}: {by_key}");
            }
            other => panic!("{what}: {other} is no permission"),
        }
    }
}

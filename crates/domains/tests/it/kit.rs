//! Organizations, their domains, and time.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use wax_kernel::DomainId;
use wax_testkit::{Answer, House, Person, PlatformApp, ZONE};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// In milliseconds.
pub(crate) fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap()
}

/// Somebody with an organization.
pub(crate) struct Tenant {
    pub(crate) owner: Person,
    pub(crate) house: House,
}

/// A domain as it was added.
#[derive(Clone)]
pub(crate) struct Added {
    pub(crate) id: DomainId,
    pub(crate) host: String,
    /// What its CNAME has to point to.
    pub(crate) target: String,
    /// What its TXT record has to say.
    pub(crate) token: String,
}

pub(crate) async fn tenant(app: &PlatformApp, name: &str) -> Tenant {
    let owner = app.person(name).await;
    let house = app.house(&owner, name).await;
    Tenant { owner, house }
}

impl Tenant {
    pub(crate) async fn ask(
        &self,
        app: &PlatformApp,
        method: Method,
        rest: &str,
        body: Option<&Value>,
    ) -> Answer {
        let path = self.house.path(&format!("/domains{rest}"));
        // Months pass here, and sessions end.
        let token = app.sign_in(self.owner.id, true).await;
        app.ask(method, &path, &token, body).await
    }

    pub(crate) async fn try_adding(&self, app: &PlatformApp, host: &str) -> Answer {
        self.ask(app, Method::POST, "", Some(&json!({"host": host}))).await
    }

    pub(crate) async fn add(&self, app: &PlatformApp, host: &str) -> Added {
        let made = self.try_adding(app, host).await;
        assert_eq!(made.status, 201, "{:?}", made.json);
        added(&made.json)
    }

    pub(crate) async fn one(&self, app: &PlatformApp, domain: &Added) -> Value {
        let answer = self.ask(app, Method::GET, &format!("/{}", domain.id), None).await;
        assert_eq!(answer.status, 200, "{:?}", answer.json);
        answer.json
    }

    pub(crate) async fn check(&self, app: &PlatformApp, domain: &Added) -> Answer {
        self.ask(app, Method::POST, &format!("/{}/check", domain.id), None).await
    }

    /// Axis, from, to: oldest first.
    pub(crate) async fn history(&self, app: &PlatformApp, domain: &Added) -> Vec<[String; 3]> {
        let answer = self.ask(app, Method::GET, &format!("/{}/history", domain.id), None).await;
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let rows = answer.json["items"].as_array().unwrap();
        rows.iter().rev().map(|row| ["axis", "from", "to"].map(|name| text(row, name))).collect()
    }
}

pub(crate) fn added(json: &Value) -> Added {
    let records = json["records"].as_array().unwrap();
    let of = |purpose: &str, kind: &str| {
        let fits = |record: &&Value| record["purpose"] == purpose && record["type"] == kind;
        let found = records.iter().find(fits).map(|record| record["value"].as_str().unwrap());
        found.unwrap_or_default().to_owned()
    };
    Added {
        id: DomainId::parse(json["id"].as_str().unwrap()).unwrap(),
        host: json["host"].as_str().unwrap().to_owned(),
        target: of("point", "CNAME"),
        token: of("prove", "TXT"),
    }
}

impl Added {
    /// Sets the record that proves it and leads here.
    pub(crate) fn point(&self, app: &PlatformApp) {
        assert!(self.target.ends_with(ZONE), "{}", self.target);
        app.names.tree.remove(&self.host, "CNAME");
        app.names.tree.add(&format!("{} CNAME {}", self.host, self.target));
    }

    /// Sets the record that proves it, beside those of others.
    pub(crate) fn prove(&self, app: &PlatformApp) {
        app.names.tree.add(&format!("_waxseal-challenge.{} TXT {}", self.host, self.token));
    }

    /// Names somebody else.
    pub(crate) fn leave(&self, app: &PlatformApp) {
        app.names.tree.remove(&self.host, "CNAME");
        app.names.tree.add(&format!("{} CNAME other.example.net", self.host));
    }
}

/// Lets time pass, and the jobs run at both places as often as they would find something.
pub(crate) async fn pass(app: &PlatformApp, time: Duration) {
    app.clock.advance(time);
    app.names.work(&app.names.here).await;
}

/// The kinds of all mails that wait, each with the address.
pub(crate) async fn told(app: &PlatformApp) -> Vec<(String, &'static str)> {
    let mails = app.mails().await;
    mails.iter().map(|mail| (mail.to.as_str().to_owned(), mail.kind.name())).collect()
}

/// The kinds of mails to one tenant's owner.
pub(crate) async fn told_to(app: &PlatformApp, tenant: &Tenant) -> Vec<&'static str> {
    let all = told(app).await;
    all.into_iter().filter(|(to, _)| *to == tenant.owner.email).map(|(_, kind)| kind).collect()
}

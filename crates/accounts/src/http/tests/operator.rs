//! What the operator switches counts in every process at once, and is written down.

use http::StatusCode;
use serde_json::json;
use wax_kernel::EmailAddress;
use wax_model::{OperatorAction, SignUpPolicy};
use wax_store::{Suppression, SuppressionReason};

use super::kit::{ANN, App, ORIGIN, PASSWORD};
use crate::OperatorLink;

async fn may_sign_up(app: &App, email: &str) -> StatusCode {
    let body = json!({"email": email, "name": "X", "password": PASSWORD, "lang": "en"});
    app.browser().await.post("/v1/sign-up", body).await.status
}

#[tokio::test]
async fn who_may_sign_up_is_switched_for_every_process_and_outlives_them() {
    let app = App::new().await;
    let other = app.another(SignUpPolicy::Closed);
    assert_eq!(may_sign_up(&app, "bob@acme.example").await, StatusCode::ACCEPTED);
    assert_eq!(may_sign_up(&other, "eve@acme.example").await, StatusCode::FORBIDDEN);
    for (policy, status) in [
        (SignUpPolicy::Invited, StatusCode::FORBIDDEN),
        (SignUpPolicy::Open, StatusCode::ACCEPTED),
        (SignUpPolicy::Closed, StatusCode::FORBIDDEN),
    ] {
        app.accounts.switch_sign_up(policy).await.unwrap();
        let later = app.another(SignUpPolicy::Open);
        for process in [&app, &other, &later] {
            let email = format!("{}@acme.example", policy.as_str());
            assert_eq!(may_sign_up(process, &email).await, status, "{policy:?}");
            let told = process.browser().await.get("/v1/session").await;
            assert_eq!(told.json["sign_up"], policy.as_str());
        }
    }
    let events = app.accounts.operator_events(10).await.unwrap();
    let mut subjects: Vec<_> = events.iter().map(|event| &*event.subject).collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["closed", "invited", "open"]);
}

#[tokio::test]
async fn mail_to_an_address_is_stopped_and_lifted_by_its_code_alone() {
    let app = App::new().await;
    let (ann, bob) =
        (EmailAddress::parse(ANN).unwrap(), EmailAddress::parse("bob@acme.example").unwrap());
    let stop = Suppression {
        code: *app.postbox.code(&ann).as_bytes(),
        reason: SuppressionReason::Bounced,
        since: wax_kernel::Timestamp::from_ms(5),
        ends_at: None,
    };
    app.outbox().suppress(&stop).await.unwrap();
    assert_eq!(app.accounts.mail_stops(&ann).await.unwrap(), [stop]);
    assert_eq!(app.accounts.mail_stops(&bob).await.unwrap(), []);
    for (email, reason, lifted) in [
        (&bob, SuppressionReason::Bounced, false),
        (&ann, SuppressionReason::Unsubscribed, false),
        (&ann, SuppressionReason::Bounced, true),
        (&ann, SuppressionReason::Bounced, false),
    ] {
        assert_eq!(app.accounts.lift_mail_stop(email, reason).await.unwrap(), lifted);
    }
    assert_eq!(app.accounts.mail_stops(&ann).await.unwrap(), []);
    let events = app.accounts.operator_events(10).await.unwrap();
    let [event] = events.as_slice() else { panic!("not one event, but {events:?}") };
    assert_eq!(event.action, OperatorAction::MailLifted);
    assert!(event.subject.starts_with("bounced ") && !event.subject.contains("ann"), "{event:?}");
}

#[tokio::test]
async fn a_link_of_the_operators_is_written_down_without_its_text() {
    let app = App::new().await;
    let origin = wax_crypto::Origin::parse(ORIGIN).unwrap();
    let email = EmailAddress::parse(ANN).unwrap();
    let owner = OperatorLink::Owner { name: None, organization: None };
    let link = app.accounts.operator_link(&origin, &email, owner).await.unwrap();
    let events = app.accounts.operator_events(10).await.unwrap();
    let [event] = events.as_slice() else { panic!("not one event, but {events:?}") };
    assert_eq!((event.action, &*event.subject), (OperatorAction::LinkMade, "owner new"));
    assert!(!format!("{event:?}").contains(link.expose().split_once('#').unwrap().1));
}

//! Stopping notices, from a mail's link.

use http::Method;
use serde_json::json;
use wax_model::{Mail, MailKind};
use wax_testkit::{Answer, House, Person, PlatformApp};

const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

/// An owner who is told by a notice that a key was made.
async fn told(app: &PlatformApp) -> (Person, House, Mail) {
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let body = json!({"name": "ci", "scopes": ["audit:read"]});
    assert_eq!(app.post(&acme.path("/keys"), &ann.token, &body).await.status, 201);
    let mails = app.mails().await;
    let notice = mails.into_iter().find(|mail| matches!(mail.kind, MailKind::KeyCreated { .. }));
    (ann, acme, notice.expect("owners are told of a key"))
}

fn heading(answer: &Answer) -> &str {
    let html = answer.json.as_str().expect("a page");
    html.split_once("<h1>").and_then(|(_, rest)| rest.split_once("</h1>")).expect("a heading").0
}

#[tokio::test]
async fn opening_a_notices_link_changes_nothing_and_its_button_stops_notices() {
    let app = PlatformApp::new().await;
    let path = app.unsubscribe_path(&told(&app).await.2);
    for _ in 0..2 {
        let page = app.page(None, &path, None).await;
        assert_eq!((page.status.as_u16(), heading(&page)), (200, "Stop notices by mail?"));
        assert_eq!(page.headers["cache-control"], "no-store");
    }
    let done = app.page(None, &path, Some(ONE_CLICK)).await;
    assert_eq!((done.status.as_u16(), heading(&done)), (200, "Notices are stopped"));
    for form in [None, Some(ONE_CLICK)] {
        assert_eq!(heading(&app.page(None, &path, form).await), "Notices are stopped");
    }
}

#[tokio::test]
async fn whoever_stopped_notices_gets_them_again_by_the_same_link() {
    let app = PlatformApp::new().await;
    let path = app.unsubscribe_path(&told(&app).await.2);
    app.page(None, &path, Some(ONE_CLICK)).await;
    let again = app.page(None, &path, Some("notices=on")).await;
    assert_eq!((again.status.as_u16(), heading(&again)), (200, "Notices come again"));
    assert_eq!(heading(&app.page(None, &path, None).await), "Stop notices by mail?");
}

#[tokio::test]
async fn a_form_that_says_nothing_stops_nothing() {
    let app = PlatformApp::new().await;
    let path = app.unsubscribe_path(&told(&app).await.2);
    for form in ["", "List-Unsubscribe=", "a=b"] {
        assert_eq!(app.page(None, &path, Some(form)).await.status, 422, "{form:?}");
    }
    assert_eq!(heading(&app.page(None, &path, None).await), "Stop notices by mail?");
}

#[tokio::test]
async fn a_link_that_is_not_whole_stops_nothing_and_says_so() {
    let app = PlatformApp::new().await;
    let path = app.unsubscribe_path(&told(&app).await.2);
    let (cut, of_another) = (&path[..path.len() - 1], {
        let other = PlatformApp::new().await;
        other.unsubscribe_path(&told(&other).await.2)
    });
    for wrong in [cut, of_another.as_str(), "/unsubscribe/x", "/unsubscribe/%FF"] {
        for form in [None, Some(ONE_CLICK)] {
            let page = app.page(None, wrong, form).await;
            assert_eq!((page.status.as_u16(), heading(&page)), (404, "This link stops nothing"));
        }
    }
    assert_eq!(heading(&app.page(None, &path, None).await), "Stop notices by mail?");
}

/// The mail names the host that its reader knows: the page is there, in that look.
#[tokio::test]
async fn on_an_organizations_host_the_page_has_its_look() {
    let app = PlatformApp::new().await;
    let (_, acme, notice) = told(&app).await;
    let path = app.unsubscribe_path(&notice);
    let html = |answer: &Answer| answer.json.as_str().unwrap().to_owned();
    let page = html(&app.page(Some(&acme), &path, None).await);
    assert!(page.contains("a house</span>") && page.contains("/brand.css"), "{page}");
    assert!(page.contains("at house.example are mailed"), "{page}");
    let platforms = html(&app.page(None, &path, None).await);
    assert!(platforms.contains("Waxseal</span>") && !platforms.contains("href=\"/brand.css"));
    let japanese = app.page(Some(&acme), &format!("{path}?lang=ja"), None).await;
    assert_eq!(japanese.headers["content-language"], "ja");
    app.page(Some(&acme), &path, Some(ONE_CLICK)).await;
    assert_eq!(heading(&app.page(None, &path, None).await), "Notices are stopped");
}

/// Signed in, one needs no mail for it; and it is the one switch, wherever it is turned.
#[tokio::test]
async fn a_signed_in_person_stops_their_own_notices_and_gets_them_again() {
    const NOTICES: &str = "/v1/account/notices";
    let app = PlatformApp::new().await;
    let (ann, _, notice) = told(&app).await;
    let (bob, path) = (app.person("bob").await, app.unsubscribe_path(&notice));
    let sent = async |person: &Person| app.get(NOTICES, &person.token).await.json["sent"].clone();
    let turn = async |send: bool| {
        let body = json!({"sent": send});
        let answer = app.ask(Method::PATCH, NOTICES, &ann.token, Some(&body)).await;
        assert_eq!((answer.status.as_u16(), &answer.json), (200, &body));
    };
    assert_eq!((sent(&ann).await, sent(&bob).await), (json!(true), json!(true)));
    for _ in 0..2 {
        turn(false).await;
        assert_eq!((sent(&ann).await, sent(&bob).await), (json!(false), json!(true)));
        assert_eq!(heading(&app.page(None, &path, None).await), "Notices are stopped");
    }
    turn(true).await;
    assert_eq!(heading(&app.page(None, &path, None).await), "Stop notices by mail?");
    app.page(None, &path, Some(ONE_CLICK)).await;
    assert_eq!(sent(&ann).await, json!(false));
}

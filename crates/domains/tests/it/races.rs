//! Things that happen at once.

use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use wax_testkit::PlatformApp;

use crate::kit::{MINUTE, pass, tenant};

#[tokio::test]
async fn of_two_that_prove_a_host_at_once_one_holds_it() {
    let app = PlatformApp::new().await;
    let (acme, rival) = (tenant(&app, "acme").await, tenant(&app, "rival").await);
    for number in 0..5 {
        let host = format!("h{number}.example.com");
        let (one, two) = (acme.add(&app, &host).await, rival.add(&app, &host).await);
        one.prove(&app);
        two.prove(&app);
        tokio::join!(acme.check(&app, &one), rival.check(&app, &two));
        let states = [acme.one(&app, &one).await, rival.one(&app, &two).await];
        let verified = states.iter().filter(|domain| domain["ownership"] == "verified").count();
        assert_eq!(verified, 1, "{host}");
    }
}

#[tokio::test]
async fn many_that_ask_for_a_check_at_once_cost_one_look() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let domain = acme.add(&app, "secrets.example.com").await;
    app.names.tree.take_asked();
    acme.check(&app, &domain).await;
    let one = app.names.tree.take_asked().len();
    app.clock.advance(MINUTE);
    let answers = join_all((0..8).map(|_| acme.check(&app, &domain))).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(done, 1, "the others are held back");
    assert!(app.names.tree.take_asked().len() <= one + 2);
}

#[tokio::test]
async fn a_domain_that_is_removed_while_it_is_looked_at_is_gone() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    for number in 0..5 {
        let domain = acme.add(&app, &format!("h{number}.example.com")).await;
        domain.point(&app);
        let (path, body) = (format!("/{}", domain.id), json!({"host": domain.host}));
        let (_, removed) = tokio::join!(
            acme.check(&app, &domain),
            acme.ask(&app, Method::DELETE, &path, Some(&body))
        );
        assert_eq!(removed.status, 204, "{:?}", removed.json);
        assert_eq!(acme.ask(&app, Method::GET, &path, None).await.code(), "not-available");
        pass(&app, MINUTE).await;
        assert_eq!(
            app.names.orders.issuance(&domain.id).await.unwrap(),
            None,
            "nothing is ordered"
        );
    }
}

#[tokio::test]
async fn two_machines_share_what_is_due() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let mut domains = Vec::new();
    for number in 0..20 {
        let domain = acme.add(&app, &format!("h{number:02}.example.com")).await;
        domain.point(&app);
        domains.push(domain);
    }
    app.clock.advance(MINUTE);
    tokio::join!(app.names.work(&app.names.here), app.names.work(&app.names.there));
    for domain in &domains {
        assert_eq!(acme.one(&app, domain).await["ownership"], "verified", "{}", domain.host);
    }
}

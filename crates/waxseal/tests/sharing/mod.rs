//! What is shared by somebody who is known belongs to their organization, and nobody's secret is made by mistake.

use std::time::Duration;

use serde_json::json;
use wax_model::Role;

use crate::platform::{Platform, lines};

#[test]
fn what_a_member_shares_belongs_to_the_organization_and_opens_on_its_host() {
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    let run = platform.run_with(&["share", "--json"], &[], "secret").with_code(0);
    let link = lines(&run)[0]["link"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{}/s/", platform.host)), "{link}");
    let receipts = platform.receipts();
    assert_eq!(receipts[0]["created_by"], json!(platform.ann.id));
    assert_eq!(platform.run(&["open", &link]).with_code(0).text(), "secret");
    let shown = platform.run(&["share", "--generate", "password"]).with_code(0);
    assert!(shown.stderr.contains("among its receipts"), "{}", shown.stderr);
}

#[test]
fn what_a_key_shares_in_ci_belongs_to_the_organization() {
    let platform = Platform::start();
    let (id, key) = platform.key(&["secrets:create"]);
    let run = platform.share_with_key(&key).with_code(0);
    assert_eq!(platform.receipts()[0]["created_by"], json!(id));
    let link = lines(&run)[0]["link"].as_str().unwrap().to_owned();
    assert_eq!(platform.run(&["open", &link]).with_code(0).text(), "secret");
}

#[test]
fn a_key_that_does_not_count_never_becomes_nobody() {
    let platform = Platform::start();
    let (id, revoked) = platform.key(&["secrets:create"]);
    let path = platform.acme.path(&format!("/keys/{id}"));
    platform.wait(platform.app.ask(http::Method::DELETE, &path, &platform.ann.token, None));
    let (_, reads) = platform.key(&["secrets:read"]);
    let eve = platform.wait(platform.app.person("eve"));
    let other = platform.wait(platform.app.house(&eve, "other"));
    let body = json!({"name": "ci", "scopes": ["secrets:create"]});
    let made = platform.wait(platform.app.post(&other.path("/keys"), &eve.token, &body));
    let foreign = made.json["key"].as_str().unwrap().to_owned();
    let mistyped = format!("{}x", &reads[..reads.len() - 1]);
    for (key, code) in
        [(&*revoked, 9), (&reads, 9), (&foreign, 9), (&mistyped, 2), ("", 2), ("wxs_x", 2)]
    {
        let run = platform.share_with_key(key).with_code(code);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{}", run.stderr);
        assert!(key.is_empty() || !run.stderr.contains(key), "{}", run.stderr);
    }
    assert!(platform.receipts().is_empty(), "nothing was stored, by nobody either");
}

#[test]
fn a_key_in_the_environment_wins_over_the_profile() {
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    let (id, key) = platform.key(&["secrets:create"]);
    platform.share_with_key(&key).with_code(0);
    assert_eq!(platform.receipts()[0]["created_by"], json!(id));
    // The profile that is named says where the key is used.
    let variables = [("WAXSEAL_KEY", &*key), ("WAXSEAL_PROFILE", "default")];
    platform.run_with(&["share"], &variables, "secret").with_code(0);
    assert_eq!(platform.receipts()[0]["created_by"], json!(id));
}

#[test]
fn a_rotated_key_shares_until_its_overlap_ends_and_not_after() {
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    let (id, old) = platform.key(&["secrets:create"]);
    let run = platform.run(&["keys", "rotate", "ci", "--overlap", "1h"]).with_code(0);
    let new = run.text().trim_end().to_owned();
    platform.app.clock.advance(Duration::from_millis(3_600_000 - 1));
    platform.share_with_key(&old).with_code(0);
    platform.app.clock.advance(Duration::from_millis(1));
    let refused = platform.share_with_key(&old).with_code(9);
    assert!(refused.stderr.contains("Check that the key still stands"), "{}", refused.stderr);
    platform.share_with_key(&new).with_code(0);
    let by: Vec<_> = platform.receipts().iter().map(|row| row["created_by"].clone()).collect();
    assert_eq!(by, [json!(id), json!(id)]);
}

#[test]
fn a_kept_credential_is_shown_to_its_own_organizations_hosts_alone() {
    let platform = Platform::start();
    let (_, key) = platform.key(&["secrets:create"]);
    let host = platform.front.platform();
    platform.run_with(&["login", &host, "--key"], &[], &key).with_code(0);
    // Nobody listens there: asking would fail otherwise.
    let foreign = "http://secrets.evil.localhost:1";
    let run = platform.run_with(&["share", "--to", foreign], &[], "secret").with_code(2);
    assert!(
        run.stderr.contains("no domain of acme") && run.stderr.contains("--anonymous"),
        "{}",
        run.stderr
    );
    platform.run_with(&["share", "--to", foreign, "--anonymous"], &[], "secret").with_code(5);
    platform.run_with(&["share"], &[], "secret").with_code(0);
    platform.run_with(&["share", "--to", &platform.host], &[], "secret").with_code(0);
    assert_eq!(platform.receipts().len(), 2);
}

#[test]
fn whoever_wants_to_be_nobody_says_so() {
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    let run = platform.run_with(&["share", "--anonymous", "--to", &platform.host], &[], "x");
    run.with_code(0);
    assert_eq!(platform.receipts()[0].get("created_by"), None);
}

#[test]
fn settings_of_before_there_were_profiles_go_on_working() {
    let platform = Platform::start();
    let folder = platform.path(".config/waxseal");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), format!("host = \"{}\"\n", platform.host)).unwrap();
    platform.run_with(&["share"], &[], "secret").with_code(0);
    assert_eq!(platform.receipts()[0].get("created_by"), None, "a stranger, as before");
}

#[test]
fn who_may_not_share_is_told_what_it_needs_and_nothing_is_stored() {
    let platform = Platform::start();
    let tom = platform.wait(platform.app.person("tom"));
    platform.wait(platform.app.join(&platform.acme, &tom, Role::Auditor, None));
    platform.sign_in(&tom);
    let run = platform.run_with(&["share"], &[], "secret").with_code(9);
    assert!(run.stderr.contains("secrets.create"), "{}", run.stderr);
    assert!(platform.receipts().is_empty());
}

#[test]
fn an_answer_that_is_lost_is_asked_for_again_and_stores_one_secret() {
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    platform.front.lose_answer_to("/secrets");
    platform.run_with(&["share"], &[], "secret").with_code(0);
    assert_eq!(platform.receipts().len(), 1);
}

#[test]
fn receipts_are_listed_and_a_secret_is_destroyed_by_its_id() {
    let platform = Platform::start();
    let tom = platform.wait(platform.app.person("tom"));
    platform.wait(platform.app.join(&platform.acme, &tom, Role::Member, None));
    platform.sign_in_as("default", &platform.ann.token);
    platform.sign_in_as("tom", &tom.token);
    let share = |profile: &str| {
        let run = platform.run_with(&["share", "--json", "--profile", profile], &[], "x");
        let shared = lines(&run.with_code(0))[0].clone();
        (shared["link"].as_str().unwrap().to_owned(), shared["rid"].as_str().unwrap().to_owned())
    };
    let (_, anns) = share("default");
    let (link, toms) = share("tom");
    let ids = |arguments: &[&str]| {
        let run = platform.run(&[&["receipts", "list", "--json"], arguments].concat()).with_code(0);
        let rows = lines(&run).into_iter();
        let mut ids: Vec<_> = rows.map(|row| row["rid"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let mut both = vec![anns.clone(), toms.clone()];
    both.sort();
    assert_eq!(ids(&[]), both);
    assert_eq!(ids(&["--mine"]), [anns.as_str()]);
    assert_eq!(ids(&["--profile", "tom"]), [toms.as_str()], "a member sees their own");
    let shown = platform.run(&["receipts", "list"]).with_code(0);
    assert!(shown.text().contains(&toms) && !shown.text().contains("/s/"), "{}", shown.text());

    platform.run(&["receipts", "burn", &anns, "--profile", "tom"]).with_code(3);
    platform.run(&["receipts", "burn", &toms]).with_code(0);
    platform.run(&["open", &link]).with_code(3);
    assert_eq!(ids(&["--state", "burned"]), [toms.as_str()]);
    platform.run(&["receipts", "burn", "x"]).with_code(2);
}

//! `members` and `invitations`.

use serde_json::json;
use wax_model::Role;

use crate::platform::{HOST, Platform, lines};

#[test]
fn members_are_listed_changed_and_removed_by_their_address() {
    let platform = Platform::start();
    let tom = platform.wait(platform.app.person("tom"));
    platform.wait(platform.app.join(&platform.acme, &tom, Role::Member, None));
    platform.sign_in(&platform.ann);
    let listed = platform.run(&["members", "list"]).with_code(0);
    assert!(listed.text().contains("Owner") && listed.text().contains("tom@people.example"));

    platform
        .run(&["members", "role", "tom@people.example", "auditor", "--domain", HOST])
        .with_code(0);
    let members = lines(&platform.run(&["members", "list", "--json"]).with_code(0));
    let row = members.iter().find(|row| row["account"] == json!(tom.id)).unwrap();
    assert_eq!((&row["role"], &row["domain"]), (&json!("auditor"), &json!(platform.acme.domain)));
    let id = tom.id.to_string();
    platform.run(&["members", "role", &id, "member", "--all-domains"]).with_code(0);
    assert!(lines(&platform.run(&["members", "list", "--json"]))[1].get("domain").is_none());

    platform.run(&["members", "remove", "tom@people.example"]).with_code(0);
    let gone = platform.run(&["members", "remove", "tom@people.example"]).with_code(3);
    assert!(gone.stderr.contains("No member is called"), "{}", gone.stderr);
    let alone = platform.run(&["members", "remove", "ann@people.example"]).with_code(7);
    assert!(alone.stderr.contains("needs an owner"), "{}", alone.stderr);
}

#[test]
fn somebody_is_invited_once_again_and_not_after_all() {
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    let invite = ["members", "invite", "ida@people.example", "--role", "auditor"];
    platform.front.lose_answer_to("/invitations");
    let run = platform.run(&invite).with_code(0);
    assert!(run.text().contains("on its way to ida@people.example"), "{}", run.text());
    assert_eq!(platform.items("/invitations").len(), 1);
    platform.wait(platform.app.invitation_token("ida@people.example"));

    let listed = platform.run(&["invitations", "list"]).with_code(0);
    assert!(listed.text().contains("ida@people.example"), "{}", listed.text());
    platform.run(&["invitations", "resend", "ida@people.example"]).with_code(0);
    platform.wait(platform.app.invitation_token("ida@people.example"));
    platform.run(&["invitations", "withdraw", "ida@people.example"]).with_code(0);
    assert!(platform.items("/invitations").is_empty());
    platform.run(&["invitations", "withdraw", "ida@people.example"]).with_code(3);

    let already = platform.run(&["members", "invite", "ann@people.example"]).with_code(7);
    assert!(already.stderr.contains("a member already"), "{}", already.stderr);
}

#[test]
fn a_key_with_the_scope_manages_members_and_no_keys() {
    let platform = Platform::start();
    let (_, key) = platform.key(&["members:read", "members:write"]);
    let host = platform.front.platform();
    let variables = [("WAXSEAL_KEY", &*key), ("WAXSEAL_PLATFORM", &*host)];
    let run = |arguments: &[&str]| platform.run_with(arguments, &variables, "");
    run(&["members", "invite", "ida@people.example"]).with_code(0);
    assert_eq!(lines(&run(&["members", "list", "--json"]).with_code(0)).len(), 1);
    let refused = run(&["keys", "list"]).with_code(9);
    assert!(refused.stderr.contains("keys.read"), "{}", refused.stderr);
    let refused = run(&["organizations", "list"]).with_code(9);
    assert!(refused.stderr.contains("A person has to do it"), "{}", refused.stderr);
    run(&["members", "list", "--organization", "other"]).with_code(2);
    let nowhere = platform.run_with(&["members", "list"], &variables[..1], "").with_code(2);
    assert!(nowhere.stderr.contains("WAXSEAL_PLATFORM"), "{}", nowhere.stderr);
}

#[test]
fn what_another_organization_has_is_not_there() {
    let platform = Platform::start();
    let eve = platform.wait(platform.app.person("eve"));
    platform.sign_in(&eve);
    let run = platform.run(&["members", "list"]).with_code(3);
    assert!(run.stderr.contains("or not for you"), "{}", run.stderr);
    platform.run(&["members", "list", "--organization", "acme"]).with_code(2);
}

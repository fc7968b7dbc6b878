//! `keys`: made once, told once.

use serde_json::json;

use crate::{
    platform::{Platform, lines},
    run::Run,
};

const CREATE: [&str; 5] = ["keys", "create", "deploy", "--scope", "secrets:create"];

#[test]
fn a_key_is_printed_once_to_standard_output_alone_and_works() {
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    let run = platform.run(&CREATE).with_code(0);
    let key = run.text().strip_suffix('\n').unwrap().to_owned();
    assert!(key.starts_with("wxk_") && key.len() == 42, "the key and nothing else");
    assert!(
        !run.stderr.contains(&key) && run.stderr.contains("May: secrets:create"),
        "{}",
        run.stderr
    );
    platform.share_with_key(&key).with_code(0);
    for arguments in [&["keys", "list"][..], &["keys", "list", "--json"]] {
        let listed = platform.run(arguments).with_code(0);
        assert!(listed.text().contains(&key[..8]) && !listed.text().contains(&key));
    }
}

#[test]
fn a_key_has_the_scopes_networks_and_end_that_were_asked_for() {
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    // By the platform's clock, which is not this machine's.
    let end = ["--expires", "2027-06-01T00:00Z"];
    let more = ["--scope", "secrets:read", "--network", "192.0.2.0/24", "--json"];
    let arguments = [&CREATE[..], &end, &more].concat();
    let made = &lines(&platform.run(&arguments).with_code(0))[0];
    assert_eq!(made["scopes"], json!(["secrets:create", "secrets:read"]));
    assert_eq!(made["networks"], json!(["192.0.2.0/24"]));
    assert_eq!(made["expires_at_ms"], json!(1_811_808_000_000_i64));
    assert!(made["key"].as_str().unwrap().starts_with("wxk_"));
    for (wrong, code, says) in [
        (["--expires", "soon"], 2, "no end to come"),
        (["--expires", "9999d"], 7, "expires_at_ms"),
        (["--network", "192.0.2.7/24"], 7, "networks"),
        (["--scope", "everything"], 2, "everything"),
    ] {
        let run = platform.run(&[&CREATE[..], &wrong].concat()).with_code(code);
        assert!(run.stderr.contains(says), "{}", run.stderr);
    }
    assert_eq!(platform.items("/keys").len(), 1);
}

#[test]
fn a_key_is_changed_in_what_was_said_and_in_nothing_else() {
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    let (_, text) = platform.key(&["secrets:create"]);
    let mut expected = platform.items("/keys").remove(0);
    for (arguments, field, value) in [
        (&["ci", "--name", "deploy"][..], "name", json!("deploy")),
        (
            &["deploy", "--network", "192.0.2.0/24", "--network", "2001:db8::/32"],
            "networks",
            json!(["192.0.2.0/24", "2001:db8::/32"]),
        ),
        (
            &["deploy", "--expires", "2027-06-01T00:00Z"],
            "expires_at_ms",
            json!(1_811_808_000_000_i64),
        ),
        (&["deploy", "--anywhere"], "networks", json!([])),
    ] {
        let run = platform.run(&[&["keys", "change"], arguments].concat()).with_code(0);
        assert!(run.text().contains("Changed") && run.text().contains("deploy"), "{}", run.text());
        expected[field] = value;
        assert_eq!(platform.items("/keys"), [expected.clone()]);
    }
    platform.front.lose_answer_to(expected["id"].as_str().unwrap());
    let arguments = ["keys", "change", "deploy", "--name", "ci", "--json"];
    let told = &lines(&platform.run(&arguments).with_code(0))[0];
    assert_eq!((&told["name"], &told["id"]), (&json!("ci"), &expected["id"]));
    platform.share_with_key(&text).with_code(0);
    for (wrong, code) in [
        (&["ci"][..], 2),
        (&["ci", "--anywhere", "--network", "192.0.2.0/24"], 2),
        (&["ci", "--expires", "soon"], 2),
        (&["ci", "--network", "192.0.2.7/24"], 7),
        (&["nothing", "--anywhere"], 3),
    ] {
        platform.run(&[&["keys", "change"], wrong].concat()).with_code(code);
    }
}

#[test]
fn a_cut_connection_makes_no_second_key_and_the_one_that_is_printed_works() {
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    platform.front.lose_answer_to("/keys");
    let run = platform.run(&CREATE).with_code(0);
    assert_eq!(platform.items("/keys").len(), 1);
    platform.share_with_key(run.text().trim_end()).with_code(0);

    platform.front.lose_answer_to("/rotate");
    let run = platform.run(&["keys", "rotate", "deploy"]).with_code(0);
    platform.share_with_key(run.text().trim_end()).with_code(0);
    platform.front.lose_answer_to(platform.items("/keys")[0]["id"].as_str().unwrap());
    platform.run(&["keys", "revoke", "deploy"]).with_code(0);
    assert!(platform.items("/keys").is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_key_that_cannot_be_printed_is_ended_again() {
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = platform.waxseal(&CREATE).stdout(full).output().unwrap();
    let run = Run::of(output).with_code(1);
    assert!(run.stderr.contains("No space left"), "{}", run.stderr);
    assert!(platform.items("/keys").is_empty());
}

#[test]
fn a_proof_of_long_ago_makes_no_key_and_says_how_to_prove_oneself() {
    let platform = Platform::start();
    let late = platform.wait(platform.app.sign_in(platform.ann.id, false));
    platform.key(&["secrets:create"]);
    platform.sign_in_as("default", &late);
    let change = ["keys", "change", "ci", "--anywhere"];
    for arguments in [&CREATE[..], &change, &["keys", "rotate", "ci"], &["keys", "revoke", "ci"]] {
        let run = platform.run(arguments).with_code(9);
        assert!(
            run.stderr.contains("waxseal login") && run.stderr.contains("10 minutes"),
            "{}",
            run.stderr
        );
        assert!(run.stdout.is_empty());
    }
    assert_eq!(platform.items("/keys").len(), 1);
}

/// Ann has a password, and has not typed it lately.
#[cfg(target_os = "linux")]
fn signed_in_long_ago(platform: &Platform, password: &str) {
    let body = json!({"password": password});
    let set = platform.app.post("/v1/account/password", &platform.ann.token, &body);
    assert_eq!(platform.wait(set).status, 200);
    let late = platform.wait(platform.app.sign_in(platform.ann.id, false));
    platform.sign_in_as("default", &late);
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_the_password_is_asked_for_unseen_and_then_it_is_done() {
    let (platform, password) = (Platform::start(), "plaid kettle orbit nine");
    signed_in_long_ago(&platform, password);
    let mut terminal = platform.on_terminal(&CREATE);
    terminal.asked("Password: ");
    assert!(platform.items("/keys").is_empty(), "nothing is done before");
    terminal.type_line(password);
    let run = terminal.end().with_code(0);
    assert!(!run.stderr.contains(password), "{}", run.stderr);
    platform.share_with_key(run.text().trim_end()).with_code(0);
    // Good for ten minutes, also where nobody can be asked.
    platform.run(&["keys", "rotate", "deploy"]).with_code(0);
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_a_wrong_password_does_nothing() {
    let platform = Platform::start();
    signed_in_long_ago(&platform, "plaid kettle orbit nine");
    let mut terminal = platform.on_terminal(&CREATE);
    terminal.asked("Password: ");
    terminal.type_line("plaid kettle orbit ten");
    let run = terminal.end().with_code(9);
    assert!(run.stdout.is_empty() && platform.items("/keys").is_empty());
}

#[test]
fn a_key_is_found_by_name_id_or_first_characters_and_never_guessed() {
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    let (first, text) = platform.key(&["secrets:create"]);
    platform.key(&["secrets:create"]);
    let several = platform.run(&["keys", "revoke", "ci"]).with_code(2);
    assert!(several.stderr.contains(&first), "{}", several.stderr);
    platform.run(&["keys", "revoke", "nothing"]).with_code(3);
    assert_eq!(platform.items("/keys").len(), 2);
    platform.run(&["keys", "revoke", &text[..8]]).with_code(0);
    platform.share_with_key(&text).with_code(9);
    platform.run(&["keys", "revoke", "ci"]).with_code(0);
    assert!(platform.items("/keys").is_empty());
}

#[test]
fn nothing_that_opens_is_printed_whatever_goes_wrong() {
    let platform = Platform::start();
    let late = platform.wait(platform.app.sign_in(platform.ann.id, false));
    platform.sign_in_as("default", &late);
    let (_, key) = platform.key(&["audit:read"]);
    let host = platform.front.platform();
    let by_key = [("WAXSEAL_KEY", &*key), ("WAXSEAL_PLATFORM", &*host)];
    let nobody = [("WAXSEAL_KEY", &*key), ("WAXSEAL_PLATFORM", "http://nobody.localhost:1")];
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let run = platform.run_with(arguments, variables, "");
        let printed = format!("{}{}", run.text(), run.stderr);
        assert!(!printed.contains(&late) && !printed.contains(&key), "{arguments:?}: {printed}");
    };
    let lists: [&[&str]; 6] = [
        &["whoami"],
        &["members", "list", "--json"],
        &["keys", "list", "--json"],
        &["receipts", "list", "--json"],
        &["profiles", "list", "--json"],
        &CREATE,
    ];
    for arguments in lists {
        run(arguments, &[]);
        run(arguments, &by_key);
    }
    run(&["whoami"], &nobody);
}

//! `login`, `logout`, `whoami`, profiles.

use std::time::Duration;

use serde_json::json;

use crate::{
    platform::{Platform, lines},
    run::Run,
};

#[test]
fn a_person_who_approves_in_the_browser_is_signed_in_here() {
    let platform = Platform::start();
    let (child, code) = platform.begin_login(&["--name", "build machine"]);
    platform.decide(&platform.ann, &code, true);
    let run = Run::of(child.wait_with_output().unwrap()).with_code(0);
    assert!(run.stderr.contains("Signed in as ann@people.example."), "{}", run.stderr);
    assert!(run.stderr.contains("Shares on: secrets.acme.localhost"), "{}", run.stderr);
    let last = &lines(&run)[0];
    assert_eq!(
        (&last["profile"], &last["organization"]["name"]),
        (&json!("default"), &json!("acme"))
    );

    let who = lines(&platform.run(&["whoami", "--json"]).with_code(0));
    assert_eq!(who[0]["account"]["email"], "ann@people.example");
    let path = "/v1/account/sessions";
    let sessions = platform.wait(platform.app.get(path, &platform.ann.token)).json;
    let new =
        sessions["items"].as_array().unwrap().iter().find(|row| row["device"] == "build machine");
    assert_eq!(new.unwrap()["kind"], "cli");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: std::path::PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(platform.profiles_file()), 0o600);
        assert_eq!(mode(platform.path(".config/waxseal")), 0o700);
    }
}

#[test]
fn signing_in_is_proof_enough_to_make_a_key_and_ends_the_session_before() {
    let platform = Platform::start();
    let old = platform.wait(platform.app.sign_in(platform.ann.id, false));
    platform.sign_in_as("default", &old);
    platform.run(&["keys", "create", "ci", "--scope", "secrets:create"]).with_code(9);
    let (child, code) = platform.begin_login(&[]);
    platform.decide(&platform.ann, &code, true);
    Run::of(child.wait_with_output().unwrap()).with_code(0);
    platform.run(&["keys", "create", "ci", "--scope", "secrets:create"]).with_code(0);
    assert_eq!(platform.wait(platform.app.get("/v1/account", &old)).status, 401, "it has ended");
}

#[test]
fn who_refuses_in_the_browser_signs_nobody_in() {
    let platform = Platform::start();
    let (child, code) = platform.begin_login(&[]);
    platform.decide(&platform.ann, &code, false);
    let run = Run::of(child.wait_with_output().unwrap()).with_code(9);
    assert!(run.stderr.contains("refused in the browser"), "{}", run.stderr);
    assert!(!platform.profiles_file().exists());
}

#[test]
fn a_code_that_nobody_approves_in_time_ends_and_says_so() {
    let platform = Platform::start();
    let (child, _) = platform.begin_login(&[]);
    platform.app.clock.advance(Duration::from_secs(600));
    let run = Run::of(child.wait_with_output().unwrap()).with_code(9);
    assert!(run.stderr.contains("The code has ended"), "{}", run.stderr);
    assert!(!platform.profiles_file().exists());
}

#[test]
fn a_host_that_signs_nobody_in_is_told_apart() {
    let platform = Platform::start();
    let run = platform.run(&["login", &platform.host]).with_code(3);
    assert!(run.stderr.contains("never on the host of a link"), "{}", run.stderr);
    let run = platform.run(&["login"]).with_code(2);
    assert!(run.stderr.contains("WAXSEAL_PLATFORM"), "{}", run.stderr);
}

#[test]
fn a_key_is_read_checked_and_kept_with_its_organization() {
    let platform = Platform::start();
    let (_, key) = platform.key(&["secrets:create"]);
    let login = |host: &str, key: &str| {
        platform.run_with(&["login", host, "--key", "--profile", "ci"], &[], key)
    };
    // Nobody is asked about a key that was not copied whole.
    let nobody = "http://nobody.localhost:1";
    let end = if key.ends_with('0') { '1' } else { '0' };
    let mistyped = format!("{}{end}", &key[..key.len() - 1]);
    for (text, says) in
        [("", "no API key"), ("hunter2", "begins with wxk_"), (&mistyped, "damaged")]
    {
        let run = login(nobody, text).with_code(2);
        assert!(run.stderr.contains(says) && !run.stderr.contains("hunter2"), "{}", run.stderr);
    }
    login(nobody, &key).with_code(5);
    assert!(!platform.profiles_file().exists());

    let run = login(&platform.front.platform(), &format!("{key}\n")).with_code(0);
    assert!(run.stderr.contains("The API key ci is kept"), "{}", run.stderr);
    let who = lines(&platform.run(&["whoami", "--json"]).with_code(0));
    assert_eq!(who[0]["key"]["organization"]["id"], json!(platform.acme.id));
    assert_eq!(who[0]["domain"], "secrets.acme.localhost");
}

#[test]
fn signing_out_ends_the_session_on_the_server_and_forgets_it_here() {
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    platform.run(&["logout"]).with_code(0);
    assert_eq!(platform.wait(platform.app.get("/v1/account", &platform.ann.token)).status, 401);
    assert!(platform.profiles().read().unwrap().profiles.is_empty());
    let run = platform.run(&["whoami"]).with_code(9);
    assert!(run.stderr.contains("Nobody is signed in"), "{}", run.stderr);
}

#[test]
fn a_session_that_has_ended_is_told_and_can_still_be_signed_out() {
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    platform.app.clock.advance(Duration::from_secs(400 * 86_400));
    let run = platform.run(&["whoami"]).with_code(9);
    assert!(run.stderr.contains("waxseal login signs in again"), "{}", run.stderr);
    platform.run(&["logout"]).with_code(0);
}

#[test]
fn whoever_has_been_removed_from_the_organization_is_still_somebody() {
    let platform = Platform::start();
    let bob = platform.wait(platform.app.person("bob"));
    platform.sign_in(&bob);
    let who = platform.run(&["whoami"]).with_code(0);
    assert!(who.text().contains("bob@people.example"), "{}", who.text());
    assert!(who.text().contains("Organization: none"), "{}", who.text());
    platform.run(&["receipts", "list"]).with_code(3);
}

#[test]
fn profiles_are_listed_chosen_and_removed() {
    let platform = Platform::start();
    platform.sign_in_as("work", &platform.ann.token);
    let bob = platform.wait(platform.app.person("bob"));
    platform.sign_in_as("home", &bob.token);
    let email = |arguments: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["whoami", "--json"], arguments].concat();
        lines(&platform.run_with(&arguments, variables, "").with_code(0))[0]["account"]["email"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(email(&[], &[]), "ann@people.example", "the first is the default");
    assert_eq!(email(&[], &[("WAXSEAL_PROFILE", "home")]), "bob@people.example");
    assert_eq!(email(&["--profile", "work"], &[("WAXSEAL_PROFILE", "home")]), "ann@people.example");
    platform.run(&["profiles", "default", "home"]).with_code(0);
    assert_eq!(email(&[], &[]), "bob@people.example");
    let listed = platform.run(&["profiles", "list"]).with_code(0);
    assert!(
        listed.text().contains("home*") && listed.text().contains("work "),
        "{}",
        listed.text()
    );
    platform.run(&["profiles", "remove", "home"]).with_code(0);
    assert_eq!(email(&[], &[]), "ann@people.example", "the one that is left");
    platform.run(&["whoami", "--profile", "home"]).with_code(9);
    platform.run(&["profiles", "default", "home"]).with_code(9);
    platform.run(&["whoami", "--profile", "a b"]).with_code(2);
}

#[cfg(unix)]
#[test]
fn a_file_of_profiles_that_others_can_read_is_refused_and_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let platform = Platform::start();
    platform.sign_in(&platform.ann);
    let file = platform.profiles_file();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let before = std::fs::read(&file).unwrap();
    for arguments in
        [&["whoami"][..], &["logout"], &["profiles", "list"], &["share", "--to", &platform.host]]
    {
        let run = platform.run(arguments).with_code(1);
        assert!(run.stderr.contains("chmod 600"), "{arguments:?}: {}", run.stderr);
    }
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn of_several_organizations_one_is_chosen() {
    let platform = Platform::start();
    let other = platform.wait(platform.app.house(&platform.ann, "other"));
    let (child, code) = platform.begin_login(&[]);
    platform.decide(&platform.ann, &code, true);
    let run = Run::of(child.wait_with_output().unwrap()).with_code(0);
    assert!(run.stderr.contains("No organization is chosen yet"), "{}", run.stderr);
    let which = platform.run(&["members", "list"]).with_code(2);
    assert!(which.stderr.contains("several") && which.stderr.contains("other"), "{}", which.stderr);
    platform.run(&["members", "list", "--organization", "acme"]).with_code(0);
    platform.run(&["organizations", "choose", "nowhere"]).with_code(2);
    let chosen = platform.run(&["organizations", "choose", "other", "--json"]).with_code(0);
    assert_eq!(lines(&chosen)[0]["organization"]["id"], json!(other.id));
    assert_eq!(lines(&chosen)[0]["domain"], "other.example");
    let listed = platform.run(&["organizations", "list"]).with_code(0);
    assert!(listed.text().contains("other*"), "{}", listed.text());
    platform.run(&["members", "list"]).with_code(0);
}

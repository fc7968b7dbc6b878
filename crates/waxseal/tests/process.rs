//! The program as people and scripts run it, against the real service.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod bound;
mod run;
mod server;
mod trust;

use std::io::Read as _;

use run::Run;
use server::Server;
use wax_model::{
    DomainSettings,
    domain::{DomainDefaults, DomainLimits, Home},
};

#[test]
fn what_goes_in_comes_out_to_the_byte() {
    let server = Server::start();
    let text = "ｐａｓｓ 秘密 🔑\r\n\x1b[31m no line end";
    let shared = server.run_with(&["share", "--expires", "1h"], text).with_code(0);
    let link = shared.text().strip_suffix('\n').unwrap();
    assert!(
        link.starts_with(&format!("{}/s/", server.host)) && !link.contains('\n'),
        "only the link: {link}"
    );
    assert!(
        shared.stderr.contains("Opens once") && shared.stderr.contains("/r/"),
        "{}",
        shared.stderr
    );

    let opened = server.run(&["open", link]).with_code(0);
    assert_eq!(opened.text(), text);
    assert_eq!(opened.stderr, "Destroyed on the server.\n");
    assert!(server.keys().is_empty());

    let again = server.run(&["open", link]).with_code(3);
    assert!(again.stdout.is_empty() && again.stderr.contains("Already opened"), "{}", again.stderr);
}

#[cfg(unix)]
#[test]
fn killed_between_claim_and_confirmation_the_next_run_recovers() {
    let server = Server::start();
    // More than a pipe holds: the program stands still with the text half written, after its claim, before its ack.
    let text = "0123456789abcdef".repeat(50_000);
    let (link, receipt) = server.share(&text, &[]);
    let mut victim = server.waxseal(&["open", &link]).spawn().unwrap();
    victim.stdout.as_mut().unwrap().read_exact(&mut [0; 1]).unwrap();
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert_eq!(server.receipt(&receipt)["openings"][0]["state"], "open");
    assert_eq!(server.keys().len(), 1);

    let recovered = server.run(&["open", &link]).with_code(0);
    assert!(recovered.text() == text, "the same text, whole");
    let view = server.receipt(&receipt);
    assert_eq!(
        (&view["state"], view["openings"].as_array().unwrap().len()),
        (&"destroyed".into(), 1)
    );
    assert_eq!(view["openings"][0]["state"], "acked");
    assert!(server.keys().is_empty());
}

#[test]
fn a_server_that_dies_before_the_confirmation_costs_nothing() {
    let mut server = Server::start();
    let text = "x".repeat(200_000);
    let (link, _) = server.share(&text, &[]);
    let mut child = server.waxseal(&["open", &link]).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 1]).unwrap();
    server.die();
    let run = Run::of(child.wait_with_output().unwrap()).with_code(0);
    assert_eq!(run.stdout.len(), text.len() - 1);
    assert!(run.stderr.contains("the server could not be told"), "{}", run.stderr);
    assert_eq!(server.keys().len(), 1, "the key stays");
}

#[test]
fn a_reader_that_goes_away_is_quiet_and_loses_nothing() {
    let server = Server::start();
    let text = "x".repeat(200_000);
    let (link, _) = server.share(&text, &[]);
    let mut child = server.waxseal(&["open", &link]).spawn().unwrap();
    drop(child.stdout.take());
    let run = Run::of(child.wait_with_output().unwrap()).with_code(1);
    assert_eq!(run.stderr, "");

    let resumed = server.run(&["open", "--resume", "--json"]).with_code(0);
    let printed: serde_json::Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_eq!((printed["text"].as_str(), &printed["way"]), (Some(&*text), &"recovered".into()));
    let nothing = server.run(&["open", "--resume"]).with_code(3);
    assert_eq!(nothing.stderr, "Error: No opening was interrupted here.\n");
}

#[test]
fn a_file_is_written_whole_for_its_owner_and_never_overwritten() {
    let server = Server::start();
    let (link, receipt) = server.share("top secret", &[]);
    let path = server.path("secret.txt");
    std::fs::write(&path, "mine").unwrap();
    let output = path.to_str().unwrap();
    let refused = server.run(&["open", &link, "--output", output]).with_code(1);
    assert!(refused.stderr.contains("nothing is overwritten"), "{}", refused.stderr);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    assert_eq!(server.receipt(&receipt)["views_left"], 1, "no view was taken for nothing");

    std::fs::remove_file(&path).unwrap();
    let run = server.run(&["open", &link, "--output", output]).with_code(0);
    assert!(run.stdout.is_empty());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "top secret");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_passphrase_is_needed_counted_and_right() {
    let server = Server::start();
    let (right, wrong) = (server.path("right"), server.path("wrong"));
    std::fs::write(&right, "パスワード\n").unwrap();
    std::fs::write(&wrong, "x").unwrap();
    let (right, wrong) = (right.to_str().unwrap(), wrong.to_str().unwrap());
    let (link, receipt) = server.share("secret", &["--passphrase-file", right]);

    let run = server.run(&["open", &link, "--passphrase-file", wrong]).with_code(4);
    assert!(run.stderr.contains("19 tries are left"), "{}", run.stderr);
    assert_eq!(server.receipt(&receipt)["tries"]["wrong"], 1);
    assert!(server.keys().is_empty());
    assert_eq!(
        server.run(&["open", &link, "--passphrase-file", right]).with_code(0).text(),
        "secret"
    );
}

#[test]
fn a_damaged_link_is_found_before_any_request() {
    let server = Server::start();
    let (link, receipt) = server.share("secret", &[]);
    let nobody = link.replace(&server.host, "http://nobody.localhost:1");
    let (place, key) = nobody.split_once("#1").unwrap();
    let first = if key.starts_with('A') { 'B' } else { 'A' };
    let damaged = server.run(&["open", &format!("{place}#1{first}{}", &key[1..])]).with_code(6);
    assert!(damaged.stderr.contains("damaged"), "{}", damaged.stderr);
    let cut = server.run(&["open", place]).with_code(6);
    assert!(cut.stderr.contains("everything after the #"), "{}", cut.stderr);
    let other = server.run(&["open", &receipt]).with_code(6);
    assert!(other.stderr.contains("waxseal receipt"), "{}", other.stderr);
    server.run(&["burn", &link]).with_code(6);
    server.run(&["open", &nobody]).with_code(5);
}

#[test]
fn a_link_may_come_from_standard_input() {
    let server = Server::start();
    let (link, _) = server.share("secret", &[]);
    assert_eq!(server.run_with(&["open", "-"], format!("{link}\n")).with_code(0).text(), "secret");
}

#[test]
fn the_sender_destroys_in_time_or_is_told_that_it_is_too_late() {
    let server = Server::start();
    let (link, receipt) = server.share("secret", &[]);
    server.run(&["burn", &receipt]).with_code(0);
    server.run(&["burn", &receipt]).with_code(0);
    let gone = server.run(&["open", &link]).with_code(3);
    assert!(gone.stderr.contains("The sender destroyed it"), "{}", gone.stderr);

    let (link, receipt) = server.share("secret", &[]);
    server.run(&["open", &link]).with_code(0);
    let late = server.run(&["burn", &receipt]).with_code(3);
    assert!(
        late.stderr.contains("already ended") && late.stderr.contains("(confirmed)"),
        "{}",
        late.stderr
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_link_that_cannot_be_printed_is_a_failure() {
    let server = Server::start();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output =
        server.waxseal(&["share", "--generate", "password"]).stdout(full).output().unwrap();
    let run = Run::of(output).with_code(1);
    assert!(run.stderr.contains("No space left"), "{}", run.stderr);
}

#[test]
fn watching_ends_when_nothing_can_change_any_more() {
    let server = Server::start();
    let (link, receipt) = server.share("secret", &[]);
    let mut watch = server.waxseal(&["receipt", "--watch", "--json", &receipt]).spawn().unwrap();
    let mut first = [0; 1];
    watch.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    server.run(&["open", &link]).with_code(0);
    let run = Run::of(watch.wait_with_output().unwrap()).with_code(0);
    let lines = format!("{{{}", run.text());
    let states: Vec<_> = lines
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["state"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        (states.first().unwrap().as_str(), states.last().unwrap().as_str()),
        ("ready", "destroyed")
    );
}

#[test]
fn several_people_open_one_link() {
    let server = Server::start();
    let (link, receipt) = server.share("secret", &["--views", "2"]);
    let first = server.run(&["open", &link]).with_code(0);
    assert!(first.stderr.contains("Others can still open"), "{}", first.stderr);
    assert_eq!(server.receipt(&receipt)["views_left"], 1);
    server.run(&["open", &link]).with_code(0);
    server.run(&["open", &link]).with_code(3);
}

#[test]
fn what_was_generated_is_shared_and_shown_only_when_asked() {
    let server = Server::start();
    let run = server
        .run(&["share", "--generate", "password:30", "--json", "--passphrase=generate"])
        .with_code(0);
    let printed: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert!(printed.get("generated").is_none());
    std::fs::write(server.path("pass"), printed["passphrase"].as_str().unwrap()).unwrap();
    let pass = server.path("pass");
    let opened = server.run(&[
        "open",
        printed["link"].as_str().unwrap(),
        "--passphrase-file",
        pass.to_str().unwrap(),
    ]);
    assert_eq!(opened.with_code(0).stdout.len(), 30);

    let run = server.run(&["share", "--generate", "passphrase:4", "--show"]).with_code(0);
    let shown = run.stderr.lines().find_map(|line| line.strip_prefix("Generated: ")).unwrap();
    assert_eq!(server.run(&["open", run.text().trim()]).with_code(0).text(), shown);
}

#[test]
fn what_cannot_be_shared_is_refused_before_anything_is_stored() {
    let server = Server::start();
    let too_long = vec![b'x'; 1_048_572];
    for (arguments, input, code, says) in [
        (&["share"][..], &b""[..], 2, "empty"),
        (&["share"], b"\xff\xfe", 2, "not text"),
        (&["share"], &too_long, 7, "too long"),
        (&["share", "--expires", "1s"], b"x", 2, "365 days"),
        (&["share", "--expires", "soon"], b"x", 2, "not an expiry"),
        (&["share", "--views", "0"], b"x", 2, "1 to 1000"),
        (&["share", "--generate", "pin"], b"x", 2, "cannot be generated"),
        (&["share", "--to", "http://secrets.example.com"], b"x", 2, "not a host"),
        (&["share", "--to", "http://nobody.localhost:1"], b"x", 5, "Cannot connect"),
        (&["share", "/no/such/file"], b"", 1, "/no/such/file"),
        (&["share", "--passphrase"], b"x", 2, "no terminal"),
        (&["shred"], b"", 2, "no command"),
    ] {
        let run = server.run_with(arguments, input).with_code(code);
        assert!(
            run.stdout.is_empty() && run.stderr.contains(says),
            "{arguments:?}: {}",
            run.stderr
        );
    }
}

#[test]
fn the_longest_text_passes() {
    let server = Server::start();
    let text = "x".repeat(1_048_571);
    let (link, _) = server.share(&text, &[]);
    assert!(server.run(&["open", &link]).with_code(0).text() == text);
}

#[test]
fn the_settings_file_and_the_readers_language_are_honoured() {
    let server = Server::start();
    let folder = server.path(".config/waxseal");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), format!("host = \"{}/\"\n", server.host)).unwrap();
    let from_file = |variables: &[(&str, &str)]| {
        let mut command = server.waxseal(&["share", "--generate", "password"]);
        command.env_remove("WAXSEAL_HOST").envs(variables.iter().copied());
        Run::of(command.output().unwrap())
    };
    assert!(from_file(&[]).with_code(0).text().starts_with(&server.host));
    assert!(from_file(&[("LANG", "ja_JP.UTF-8")]).with_code(0).stderr.contains("控え："));

    std::fs::write(folder.join("config.toml"), "hots = 1\n").unwrap();
    let wrong = from_file(&[]).with_code(2);
    assert!(
        wrong.stderr.contains("config.toml") && wrong.stderr.contains("hots"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn a_completion_script_is_printed_for_a_shell() {
    let server = Server::start();
    assert!(
        server.run(&["completions", "bash"]).with_code(0).text().contains("complete -F _waxseal")
    );
}

/// As its form does, so that nobody is refused for what they did not say.
#[test]
fn what_nobody_says_is_as_the_host_begins_with() {
    let server = Server::deciding(DomainSettings {
        defaults: DomainDefaults { views: Some(3), ..DomainDefaults::default() },
        limits: DomainLimits { max_lifetime_s: Some(3_600), ..DomainLimits::default() },
        ..DomainSettings::default()
    });
    let (_, receipt) = server.share("text", &[]);
    let seen = server.receipt(&receipt);
    assert_eq!(seen["views"], 3);
    let lifetime =
        seen["expires_at_ms"].as_i64().unwrap() - seen["created_at_ms"].as_i64().unwrap();
    assert_eq!(lifetime, 3_600_000);
    let (_, receipt) = server.share("text", &["--views", "1", "--expires", "10m"]);
    assert_eq!(server.receipt(&receipt)["views"], 1);
    let refused = server.run_with(&["share", "--expires", "7d"], "text").with_code(7);
    assert!(refused.stderr.contains("policy.expires.after_s"), "{}", refused.stderr);
}

#[test]
fn a_guest_who_may_not_share_on_a_host_is_told_who_may() {
    let home = Home::Closed;
    let server = Server::deciding(DomainSettings { home, ..DomainSettings::default() });
    let refused = server.run_with(&["share"], "text").with_code(9);
    assert!(refused.stderr.contains("Only members create links here"), "{}", refused.stderr);
    assert!(refused.stderr.contains("waxseal login"), "{}", refused.stderr);
}
